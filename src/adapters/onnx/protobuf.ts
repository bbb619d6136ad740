import { Problem } from '../../ports/problem.js';

/** Wire types of protobuf that ONNX files use; groups are not among them. */
export const VARINT = 0;
const FIXED64 = 1;
export const BYTES = 2;
const FIXED32 = 5;

/**
 * Goes over the fields of a protobuf message without copying: `next` steps to one and says whether there was one. Every step
 * moves forward and stays within the message. Throws 422 `invalid_model` for bytes that are no such message.
 */
export class Fields {
  /** Of the field that `next` stepped to. */
  number = 0;
  wire = 0;
  /** Of a varint, read as int64; beyond 2^53 rounded. */
  value = 0;
  /** Where the bytes of a field with a length lie. */
  start = 0;
  stop = 0;
  #at: number;

  constructor(
    readonly bytes: Uint8Array,
    start = 0,
    readonly end = bytes.length,
  ) {
    this.#at = start;
  }

  next(): boolean {
    if (this.#at >= this.end) return false;
    const key = this.#varint();
    this.number = Math.floor(key / 8);
    this.wire = key & 7;
    if (this.number < 1 || key >= 2 ** 32) throw broken(`a field with the number ${this.number}`);
    if (this.wire === VARINT) this.value = this.#varint();
    else this.#skip();
    return true;
  }

  /** The message in the field. */
  message(): Fields {
    return new Fields(this.bytes, this.start, this.stop);
  }

  text(): string {
    try {
      return UTF8.decode(this.bytes.slice(this.start, this.stop));
    } catch {
      throw broken('a name that is no UTF-8');
    }
  }

  /** int64 values of a repeated field, packed or one by one. */
  integers(into: number[]): void {
    if (this.wire === VARINT) into.push(this.value);
    else if (this.wire === BYTES) {
      const inside = this.message();
      while (inside.#at < inside.end) into.push(inside.#varint());
    }
  }

  #skip(): void {
    if (this.wire !== BYTES && this.wire !== FIXED32 && this.wire !== FIXED64)
      throw broken(`a field of wire type ${this.wire}`);
    const length = this.wire === BYTES ? this.#varint() : this.wire === FIXED32 ? 4 : 8;
    if (length < 0 || length > this.end - this.#at) throw broken('a field that is longer than what holds it');
    this.start = this.#at;
    this.#at += length;
    this.stop = this.#at;
  }

  #varint(): number {
    const { bytes, end } = this;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= end) throw broken('a number that is cut off');
      const byte = bytes[this.#at++]!;
      const bits = byte & 127;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >> 4;
      } else high |= bits << (shift - 32);
      if (byte < 128) return high * 2 ** 32 + (low >>> 0);
    }
    throw broken('a number of more than ten bytes');
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const broken = (what: string): Problem =>
  Problem.at('', 'invalid_model', `expected an ONNX file (a ModelProto in protobuf), got ${what}`);
