import { invalid } from './thrift.js';

/** hyparquet's decoders of encodings. The package is an ES module only; its main entry does not export these. */
export interface Decoders {
  readonly runs: typeof import('hyparquet/src/encoding.js').readRleBitPackedHybrid;
  readonly split: typeof import('hyparquet/src/encoding.js').byteStreamSplit;
  readonly delta: typeof import('hyparquet/src/delta.js').deltaBinaryUnpack;
  readonly plain: typeof import('hyparquet/src/plain.js').readPlain;
}

export async function loadDecoders(): Promise<Decoders> {
  const [encoding, delta, plain] = await Promise.all([
    import('hyparquet/src/encoding.js'),
    import('hyparquet/src/delta.js'),
    import('hyparquet/src/plain.js'),
  ]);
  return {
    runs: encoding.readRleBitPackedHybrid,
    split: encoding.byteStreamSplit,
    delta: delta.deltaBinaryUnpack,
    plain: plain.readPlain,
  };
}

/** Bits of a bit-packed value that hyparquet's 32-bit window holds at any place in a byte. */
const MAX_WIDTH = 24;

/** Decompressed bytes of a page, read from the front. */
export class PageReader {
  readonly view: DataView;
  offset = 0;

  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.bytes.length - this.offset;
  }

  /** Throws unless so many bytes are left. */
  need(bytes: number): void {
    if (bytes > this.left)
      throw invalid('expected pages with all the values they announce, got one cut short');
  }

  take(bytes: number): Uint8Array {
    this.need(bytes);
    this.offset += bytes;
    return this.bytes.subarray(this.offset - bytes, this.offset);
  }

  uint8(): number {
    this.need(1);
    return this.bytes[this.offset++]!;
  }

  uint32(): number {
    this.need(4);
    this.offset += 4;
    return this.view.getUint32(this.offset - 4, true);
  }

  /** Unsigned LEB128 of at most 32 bits. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.uint8();
      if (shift === 28 && byte > 15) break;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw invalid('expected runs with lengths of 32 bits, got a longer one');
  }

  skipVarint(maxBytes: number): void {
    for (let i = 0; i < maxBytes; i++) if (this.uint8() < 128) return;
    throw invalid('expected deltas of the width of their type, got a longer one');
  }
}

/** Decoded runs: one value for all, or one each. */
export type Runs = { readonly all: number } | { readonly each: Uint8Array | Int32Array };

/**
 * The hybrid of runs and bit-packed groups in the next `bytes`: `count` values of `width` bits. All runs are walked
 * through before hyparquet decodes them into memory of ours: it believes their lengths, and fills arrays beyond the end.
 */
export function readRuns(
  reader: PageReader,
  bytes: number,
  width: number,
  count: number,
  { runs }: Decoders,
): Runs {
  if (width > MAX_WIDTH)
    throw invalid(`expected dictionary indices of at most ${MAX_WIDTH} bits, got ${width}`);
  const part = new PageReader(reader.take(bytes));
  if (width === 0 || count === 0) return { all: 0 };
  for (let left = count; left > 0;) {
    const head = part.varint();
    const length = Math.floor(head / 2);
    if (head % 2 === 1) {
      part.take(length * width);
      left -= length * 8;
      continue;
    }
    if (length > left) throw invalid(`expected runs of ${count} values, got more`);
    let value = 0;
    for (const [i, byte] of part.take((width + 7) >> 3).entries()) value += byte * 2 ** (8 * i);
    if (value >= 2 ** width) throw invalid(`expected values of ${width} bits in runs, got ${value}`);
    if (length === count) return { all: value };
    left -= length;
  }
  const each = width <= 8 ? new Uint8Array(count) : new Int32Array(count);
  part.offset = 0;
  // Its type knows no other arrays than those that hold what it has decoded.
  runs(part, width, each as Int32Array, bytes);
  return { each };
}

/**
 * DELTA_BINARY_PACKED: `count` integers of `bits` bits, which wrap. The blocks are walked through before hyparquet
 * decodes them; the reader is left behind them.
 */
export function readDeltas(reader: PageReader, bits: 32, count: number, decoders: Decoders): Int32Array;
export function readDeltas(reader: PageReader, bits: 64, count: number, decoders: Decoders): BigInt64Array;
export function readDeltas(
  reader: PageReader,
  bits: 32 | 64,
  count: number,
  { delta }: Decoders,
): Int32Array | BigInt64Array {
  const start = reader.offset;
  const longest = bits === 32 ? 5 : 10;
  const blockSize = reader.varint();
  const miniblocks = reader.varint();
  const total = reader.varint();
  reader.skipVarint(longest);
  const perMiniblock = blockSize / miniblocks;
  if (blockSize === 0 || blockSize > 2 ** 24 || miniblocks === 0 || perMiniblock % 32 !== 0)
    throw invalid('expected blocks of deltas in miniblocks of a multiple of 32, got another form');
  if (total !== count) throw invalid(`expected ${count} deltas, got ${total}`);
  for (let left = count - 1; left > 0;) {
    reader.skipVarint(longest);
    for (const width of reader.take(miniblocks)) {
      if (left <= 0) break;
      if (width > bits) throw invalid(`expected deltas of at most ${bits} bits, got ${width}`);
      reader.take((perMiniblock / 8) * width);
      left -= perMiniblock;
    }
  }
  const output = bits === 32 ? new Int32Array(count) : new BigInt64Array(count);
  if (count > 0) delta({ view: reader.view, offset: start }, count, output);
  return output;
}
