import type { BodyFormat } from '../../ports/formats.js';
import type { Extent, Landing } from '../../ports/lanes.js';
import { Problem } from '../../ports/problem.js';
import type { ByteLimit } from './flow.js';
import { MAGIC_BYTES, sniff } from './sniff.js';

/** Bodies up to this size are admitted once they are whole: a slow small client holds no place in the queue. */
const SMALL = 64 * 1024;
/** Of a body behind another: buffers of Arrow are to lie as they would if it were alone. */
const ALIGNMENT = 64;
/** Small chunks are joined when there are so many: a Buffer of one byte costs a hundred. */
const MAX_PARTS = 64;

/** Bytes that are in hand though nothing has admitted their requests yet: of small bodies that are still arriving. */
export class Unadmitted {
  #bytes = 0;

  constructor(readonly most: number) {}

  get bytes(): number {
    return this.#bytes;
  }

  /** Throws 503. */
  take(bytes: number): void {
    if (this.#bytes + bytes > this.most) {
      const detail = `expected at most ${this.most} bytes of small bodies on their way (MAX_QUEUE_BYTES), got more`;
      throw new Problem('overloaded', detail);
    }
    this.#bytes += bytes;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}

export type FormatLimits = Readonly<Record<BodyFormat, ByteLimit>>;

export function tooLarge({ bytes, setting }: ByteLimit, got: string): Problem {
  return new Problem('too_large', `expected a body of at most ${bytes} bytes (${setting}), got ${got}`);
}

/** Admits a request whose body has about so many bytes. Throws 503. */
export type Land = (bytes: number) => Landing;

export interface BodyOptions {
  readonly land: Land;
  /** Counts what nothing has admitted yet. */
  readonly unadmitted: Unadmitted;
  readonly limits: FormatLimits;
  /** Undefined: told by its first bytes, then by `filename`. */
  readonly format: BodyFormat | undefined;
  readonly filename?: string | undefined;
  /** Bytes that it will have at most, where that is known. */
  readonly expectedBytes: number | undefined;
  /** A whole one that came before: both land in one place, this one behind it. */
  readonly behind?: Body | undefined;
}

/** A body where it will be computed on. */
export interface Landed {
  readonly landing: Landing;
  readonly format: BodyFormat;
  readonly extent: Extent;
}

/** One table on its way to where it will be computed on: in Buffers while it is small, then in an arena as it arrives. */
export class Body {
  readonly #options: BodyOptions;
  #format: BodyFormat | undefined;
  #landing: Landing | undefined;
  #parts: Buffer[] = [];
  #kept = 0;
  #offset = 0;
  #length = 0;

  /** Throws 503 when there is no room for the bytes that are expected. */
  constructor(options: BodyOptions) {
    this.#options = options;
    this.#format = options.format;
    // The last bytes of the one before may come after the head of this one: it lands once it has bytes of its own.
    if (this.#format !== undefined && options.behind === undefined) this.#landExpected(this.#format);
  }

  /** Throws 413 beyond the limit of its format, 415 when the first bytes are of none, 503 when memory is short. */
  write(chunk: Buffer): void {
    this.#length += chunk.length;
    if (this.#format === undefined) {
      this.#keep(chunk);
      if (this.#length >= MAGIC_BYTES) this.#settle();
      return;
    }
    this.#refuseLength(this.#format);
    if (this.#landing === undefined && this.#length <= SMALL) this.#keep(chunk);
    else (this.#landing ?? this.#land(this.#options.expectedBytes ?? 4 * SMALL)).write(chunk);
  }

  /** No more comes. Throws 415 when it is of no format. */
  end(): void {
    this.#format ??= this.#settle();
  }

  /** The whole of it, landed. Throws 415 or 503. */
  landed(): Landed {
    const format = this.#format ?? this.#settle();
    const landing = this.#landing ?? this.#land(this.#length);
    return { landing, format, extent: { offset: this.#offset, length: this.#length } };
  }

  /** The whole of it, where it is so small that it has not landed. Once all has come. */
  get small(): Buffer | undefined {
    if (this.#landing !== undefined) return undefined;
    const whole = Buffer.concat(this.#parts);
    this.#parts = [whole];
    return whole;
  }

  /** Where it lands, once it does. */
  get landing(): Landing | undefined {
    return this.#landing;
  }

  release(): void {
    this.#landing?.release();
    this.#forget();
  }

  #keep(chunk: Buffer): void {
    this.#options.unadmitted.take(chunk.length);
    this.#kept += chunk.length;
    this.#parts.push(chunk);
    if (this.#parts.length >= MAX_PARTS) this.#parts = [Buffer.concat(this.#parts)];
  }

  #forget(): void {
    this.#parts = [];
    this.#options.unadmitted.give(this.#kept);
    this.#kept = 0;
  }

  #settle(): BodyFormat {
    const format = sniff(Buffer.concat(this.#parts), this.#options.filename);
    this.#format = format;
    this.#refuseLength(format);
    this.#landExpected(format);
    if (this.#landing === undefined && this.#length > SMALL) this.#land(4 * SMALL);
    return format;
  }

  #landExpected(format: BodyFormat): void {
    const { expectedBytes = 0, limits } = this.#options;
    if (expectedBytes > SMALL) this.#land(Math.min(expectedBytes, limits[format].bytes));
  }

  #land(bytes: number): Landing {
    const { behind, land } = this.#options;
    const landing = behind === undefined ? land(bytes) : behind.landed().landing;
    if (behind !== undefined) landing.write(new Uint8Array(-landing.length & (ALIGNMENT - 1)));
    this.#offset = landing.length;
    this.#landing = landing;
    for (const part of this.#parts) landing.write(part);
    this.#forget();
    return landing;
  }

  #refuseLength(format: BodyFormat): void {
    const limit = this.#options.limits[format];
    if (this.#length > limit.bytes) throw tooLarge(limit, 'more');
  }
}
