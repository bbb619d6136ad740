/** Compact binary documents, written and read; the reader believes nothing. */

export class BytesWriter {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  #room(more: number): number {
    const start = this.#length;
    this.#length += more;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, start));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return start;
  }

  /** A whole number from 0 to 2^53 − 1, seven bits a byte, the lowest first. */
  whole(value: number): void {
    let rest = value;
    let at = this.#room(1);
    while (rest >= 128) {
      this.#bytes[at] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
      at = this.#room(1);
    }
    this.#bytes[at] = rest;
  }

  /** A whole number with a sign. */
  signed(value: number): void {
    this.whole(value < 0 ? -2 * value - 1 : 2 * value);
  }

  float(value: number): void {
    const at = this.#room(8);
    this.#view.setFloat64(at, value, true);
  }

  raw(bytes: Uint8Array): void {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
  }

  bytes(bytes: Uint8Array): void {
    this.whole(bytes.length);
    this.raw(bytes);
  }

  text(text: string): void {
    this.bytes(new TextEncoder().encode(text));
  }

  floats(values: ArrayLike<number>): void {
    this.whole(values.length);
    for (let i = 0; i < values.length; i++) this.float(values[i]!);
  }

  /** A whole number of any size. */
  large(value: bigint): void {
    const size = value < 0n ? -value : value;
    const digits = size.toString(16);
    const length = size === 0n ? 0 : Math.ceil(digits.length / 2);
    this.whole(2 * length + (value < 0n ? 1 : 0));
    const at = this.#room(length);
    const padded = digits.padStart(2 * length, '0');
    for (let i = 0; i < length; i++) this.#bytes[at + i] = parseInt(padded.slice(2 * i, 2 * i + 2), 16);
  }

  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

/** Every method throws RangeError where the document does not have what it should. */
export class BytesReader {
  #place = 0;
  readonly #view: DataView;

  constructor(
    readonly document: Uint8Array,
    readonly what: string,
  ) {
    this.#view = new DataView(document.buffer, document.byteOffset, document.length);
  }

  fail(expected: string): RangeError {
    return new RangeError(`expected ${this.what} with ${expected}, got other bytes at ${this.#place}`);
  }

  check(holds: boolean, expected: string): void {
    if (!holds) throw this.fail(expected);
  }

  #take(length: number): number {
    const start = this.#place;
    if (length > this.document.length - start) throw this.fail(`${length} more bytes`);
    this.#place += length;
    return start;
  }

  whole(most = Number.MAX_SAFE_INTEGER): number {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = this.document[this.#take(1)]!;
      value += (byte & 127) * scale;
      if (byte < 128) break;
      scale *= 128;
      if (scale > 2 ** 49) throw this.fail('a whole number of at most eight bytes');
    }
    if (value > most) throw this.fail(`a whole number up to ${most}`);
    return value;
  }

  signed(): number {
    const value = this.whole();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  float(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  raw(length: number): Uint8Array {
    const at = this.#take(length);
    return this.document.subarray(at, at + length);
  }

  bytes(): Uint8Array {
    return this.raw(this.whole());
  }

  text(): string {
    const bytes = this.bytes();
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw this.fail('text in UTF-8');
    }
  }

  floats(most: number): Float64Array {
    const length = this.whole(most);
    this.check(length * 8 <= this.document.length - this.#place, `${length} numbers`);
    return Float64Array.from({ length }, () => this.float());
  }

  large(most: number): bigint {
    const head = this.whole(2 * most + 1);
    const bytes = this.raw(Math.floor(head / 2));
    if (bytes.length === 0) return 0n;
    const size = BigInt(`0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`);
    return head % 2 === 1 ? -size : size;
  }

  end(): void {
    this.check(this.#place === this.document.length, 'nothing behind its end');
  }
}
