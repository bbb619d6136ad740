import { type Codecs, type FrameDecoder, FrameFault } from '../../ports/formats.js';
import { refuseGrowth, type TableLimits } from '../../ports/limits.js';
import type { Space } from '../../ports/space.js';
import { invalid } from './flatbuffers.js';

/** Bytes of the declared length before a compressed buffer. */
const PREFIX = 8;
/** The declared length of a buffer that was left raw. */
const RAW = -1n;

/** What the buffers of one body may grow to, and where they grow. */
export class Buffers {
  #decoded = 0;

  constructor(
    readonly received: number,
    readonly limits: TableLimits,
    readonly space: Space,
    readonly codecs: Codecs,
  ) {}

  /** The codec of a number in Message.fbs. */
  codecOf(number: number): FrameDecoder {
    const codec = [this.codecs.lz4, this.codecs.zstd][number];
    if (codec === undefined) throw invalid(`expected buffers raw, LZ4_FRAME or ZSTD, got codec ${number}`);
    return codec.decode;
  }

  /**
   * Counts bytes that the body stands for without holding them. Throws 413 `too_large` or `compression_ratio`: the
   * ratio is that of the whole body, so that one constant column in a table of others is no bomb.
   */
  spend(bytes: number): void {
    this.#decoded += bytes;
    refuseGrowth(this.received, this.#decoded, this.limits);
  }

  /** A compressed buffer decoded: its declared length is looked at before, and is what comes out. */
  decode(stored: Uint8Array, codec: FrameDecoder, needed: number): Uint8Array {
    if (stored.length === 0) return stored;
    if (stored.length < PREFIX)
      throw invalid('expected a compressed buffer with its length, got a shorter one');
    const declared = new DataView(stored.buffer, stored.byteOffset, PREFIX).getBigInt64(0, true);
    const content = stored.subarray(PREFIX);
    if (declared === RAW) return content;
    if (declared < 0n) throw invalid(`expected a decompressed length of 0 or more, got ${declared}`);
    const length = Number(declared);
    this.spend(length);
    if (length < needed) throw tooShort(length, needed);
    const out = this.space.bytes(length);
    try {
      codec(content, out);
    } catch (error) {
      throw error instanceof FrameFault ? invalid(error.message) : error;
    }
    return out;
  }

  /** The same bytes where a typed array of elements this wide can start. */
  aligned(bytes: Uint8Array, width: number): Uint8Array {
    if (bytes.byteOffset % Math.min(width, 8) === 0) return bytes;
    const copy = this.space.bytes(bytes.length);
    copy.set(bytes);
    return copy;
  }
}

export const tooShort = (length: number, needed: number): Error =>
  invalid(`expected a buffer of at least ${needed} bytes, got ${length}`);
