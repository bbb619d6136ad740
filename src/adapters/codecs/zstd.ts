import {
  BackwardBits,
  bitsAt,
  buildFse,
  type FseTable,
  type HuffmanTable,
  readFse,
  readHuffman,
  singleFse,
  wrongZstd,
} from './fse.js';
import { copyMatch } from './lz4.js';

/**
 * Zstandard frames (RFC 8878) of known decoded length, straight into their place. Every length is checked before
 * anything is copied, so the work is bounded by input + output. fzstd (0.1.1) is not: weights whose states cost no bits
 * make it loop for ever, and sequences write, byte by byte, what does not fit. Checksums are skipped, not compared.
 */

const MAGIC = 0xfd2fb528;
const MAX_BLOCK = 2 ** 17;

/** A kind of code in sequences: how it is described, its predefined table, and the value and extra bits of each code. */
interface Code {
  readonly maxLog: number;
  readonly maxSymbol: number;
  readonly predefined: FseTable;
  readonly extra: Uint8Array;
  readonly bases: Int32Array;
}

function code(maxLog: number, log: number, counts: readonly number[], first: number, extra: number[]): Code {
  const bases = new Int32Array(extra.length);
  let base = first;
  for (const [i, bits] of extra.entries()) {
    bases[i] = base;
    base += 2 ** bits;
  }
  const predefined = buildFse(counts, log);
  return { maxLog, maxSymbol: extra.length - 1, predefined, extra: Uint8Array.from(extra), bases };
}

const times = (count: number, value: number): number[] => Array.from({ length: count }, () => value);

const LITERALS = code(
  9,
  6,
  [4, 3, ...times(11, 2), 1, 1, 1, ...times(9, 2), 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1],
  0,
  [...times(16, 0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
);
const MATCHES = code(9, 6, [1, 4, 3, ...times(6, 2), ...times(37, 1), ...times(7, -1)], 3, [
  ...times(32, 0),
  1,
  1,
  1,
  1,
  2,
  2,
  3,
  3,
  4,
  4,
  5,
  7,
  8,
  9,
  10,
  11,
  12,
  13,
  14,
  15,
  16,
]);
/** An offset code is the number of its extra bits. */
const OFFSETS: Omit<Code, 'extra' | 'bases'> = {
  maxLog: 8,
  maxSymbol: 31,
  predefined: buildFse([...times(6, 1), 2, 2, 2, ...times(15, 1), ...times(5, -1)], 5),
};

/** What a block leaves to the next. */
interface FrameState {
  readonly out: Uint8Array;
  filled: number;
  readonly repeats: [number, number, number];
  huffman: HuffmanTable | undefined;
  literalLengths: FseTable | undefined;
  offsets: FseTable | undefined;
  matchLengths: FseTable | undefined;
}

/** Fills `out` with the one frame in `source`. Throws FrameFault unless it holds exactly that many bytes. */
export function decodeZstd(source: Uint8Array, out: Uint8Array): void {
  let at = readHeader(source, out.length);
  const hasChecksum = (source[4]! & 4) !== 0;
  const state: FrameState = {
    out,
    filled: 0,
    repeats: [1, 4, 8],
    huffman: undefined,
    literalLengths: undefined,
    offsets: undefined,
    matchLengths: undefined,
  };
  for (let isLast = false; !isLast;) {
    if (at + 3 > source.length) throw wrongZstd('one that is cut off');
    const head = source[at]! | (source[at + 1]! << 8) | (source[at + 2]! << 16);
    at += 3;
    isLast = (head & 1) === 1;
    const [kind, size] = [(head >> 1) & 3, head >> 3];
    const stored = kind === 1 ? 1 : size;
    if (stored > source.length - at) throw wrongZstd('one that is cut off');
    if (kind === 2) {
      if (size > MAX_BLOCK) throw wrongZstd('a block that is too large');
      readBlock(state, source.subarray(at, at + size));
    } else {
      if (kind === 3) throw wrongZstd('a block of a reserved kind');
      if (size > out.length - state.filled) throw wrongZstd('more than was declared');
      if (kind === 1) out.fill(source[at]!, state.filled, state.filled + size);
      else out.set(source.subarray(at, at + size), state.filled);
      state.filled += size;
    }
    at += stored;
  }
  if (state.filled !== out.length) throw wrongZstd('less than was declared');
  at += hasChecksum ? 4 : 0;
  if (at !== source.length) throw wrongZstd('a frame that does not end with its data');
}

/** Where the blocks begin. */
function readHeader(source: Uint8Array, length: number): number {
  if (source.length < 6) throw wrongZstd('one that is cut off');
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw wrongZstd('bytes that begin like none');
  const flags = source[4]!;
  if ((flags & 8) !== 0) throw wrongZstd('reserved bits');
  const isSingle = (flags & 0x20) !== 0;
  // The window is not needed: the whole output stays in reach.
  let at = isSingle ? 5 : 6;
  for (let dictionary = [0, 1, 2, 4][flags & 3]!; dictionary > 0; dictionary--) {
    if (source[at++] !== 0) throw wrongZstd('one that needs a dictionary');
  }
  const size = [isSingle ? 1 : 0, 2, 4, 8][flags >> 6]!;
  if (at + size > source.length) throw wrongZstd('one that is cut off');
  const declared =
    size === 0
      ? length
      : size === 1
        ? view.getUint8(at)
        : size === 2
          ? view.getUint16(at, true) + 256
          : size === 4
            ? view.getUint32(at, true)
            : Number(view.getBigUint64(at, true));
  if (declared !== length) throw wrongZstd('one of another length');
  return at + size;
}

/** A compressed block: literals, then sequences that mix them with what is there already. */
function readBlock(state: FrameState, block: Uint8Array): void {
  const { literals, end } = readLiterals(state, block);
  readSequences(state, literals, block, end);
}

function readLiterals(
  state: FrameState,
  source: Uint8Array,
): { readonly literals: Uint8Array; readonly end: number } {
  const end = source.length;
  const head = end > 0 ? source[0]! : 0;
  const [kind, format] = [head & 3, (head >> 2) & 3];
  const isPlain = kind < 2;
  const headBytes = isPlain ? [1, 2, 1, 3][format]! : [3, 3, 4, 5][format]!;
  if (headBytes > end) throw wrongZstd('literals that are cut off');
  let word = 0;
  for (let i = 0; i < headBytes; i++) word += source[i]! * 256 ** i;
  let at = headBytes;
  if (isPlain) {
    const length = headBytes === 1 ? word >> 3 : word >> 4;
    const stored = kind === 1 ? 1 : length;
    if (length > MAX_BLOCK || stored > end - at) throw wrongZstd('literals that are cut off');
    const literals = kind === 1 ? new Uint8Array(length).fill(source[at]!) : source.subarray(at, at + length);
    return { literals, end: at + stored };
  }
  const width = [10, 10, 14, 18][format]!;
  const length = Math.floor(word / 16) % 2 ** width;
  const stop = at + Math.floor(word / 2 ** (4 + width));
  if (length > MAX_BLOCK || stop > end) throw wrongZstd('literals that are cut off');
  if (kind === 2) {
    const huffman = readHuffman(source, at, stop);
    state.huffman = huffman.table;
    at = huffman.end;
  }
  if (state.huffman === undefined) throw wrongZstd('literals without a table');
  const literals = new Uint8Array(length);
  if (format === 0) {
    decodeHuffman(source, at, stop, literals, state.huffman);
    return { literals, end: stop };
  }
  if (at + 6 > stop) throw wrongZstd('literals that are cut off');
  const quarter = (length + 3) >> 2;
  let from = at + 6;
  for (let i = 0; i < 4; i++) {
    const to = i === 3 ? stop : from + (source[at + i * 2]! | (source[at + i * 2 + 1]! << 8));
    if (to > stop || quarter * 3 > length) throw wrongZstd('literals that are cut off');
    const part = literals.subarray(i * quarter, i === 3 ? length : (i + 1) * quarter);
    decodeHuffman(source, from, to, part, state.huffman);
    from = to;
  }
  return { literals, end: stop };
}

function decodeHuffman(
  source: Uint8Array,
  at: number,
  end: number,
  out: Uint8Array,
  { log, symbols, bits }: HuffmanTable,
): void {
  const stream = new BackwardBits(source, at, end);
  let { left } = stream;
  const first = at * 8;
  for (let i = 0; i < out.length; i++) {
    const short = log - left;
    // At the end, the bits that are missing count as zeros.
    const prefix = short > 0 ? bitsAt(source, first, left) << short : bitsAt(source, first + left - log, log);
    out[i] = symbols[prefix]!;
    left -= bits[prefix]!;
    if (left < 0) throw wrongZstd('a bit stream that is too short');
  }
  if (left !== 0) throw wrongZstd('a bit stream that is too long');
}

function readSequences(state: FrameState, literals: Uint8Array, source: Uint8Array, at: number): void {
  const { out } = state;
  const end = source.length;
  const need = (bytes: number): void => {
    if (at + bytes > end) throw wrongZstd('sequences that are cut off');
  };
  need(1);
  let count = source[at++]!;
  if (count === 255) {
    need(2);
    count = (source[at]! | (source[at + 1]! << 8)) + 0x7f00;
    at += 2;
  } else if (count > 127) {
    need(1);
    count = ((count - 128) << 8) + source[at++]!;
  }
  let used = 0;
  if (count > 0) {
    need(1);
    const modes = source[at++]!;
    if ((modes & 3) !== 0) throw wrongZstd('reserved bits');
    const table = (
      mode: number,
      known: FseTable | undefined,
      kind: Omit<Code, 'extra' | 'bases'>,
    ): FseTable => {
      if (mode === 0) return kind.predefined;
      if (mode === 1) {
        need(1);
        const symbol = source[at++]!;
        if (symbol > kind.maxSymbol) throw wrongZstd('a code that is too large');
        return singleFse(symbol);
      }
      if (mode === 2) {
        const read = readFse(source, at, end, kind.maxLog, kind.maxSymbol);
        at = read.end;
        return read.table;
      }
      if (known === undefined) throw wrongZstd('a table that repeats none');
      return known;
    };
    state.literalLengths = table(modes >> 6, state.literalLengths, LITERALS);
    state.offsets = table((modes >> 4) & 3, state.offsets, OFFSETS);
    state.matchLengths = table((modes >> 2) & 3, state.matchLengths, MATCHES);
    used = runSequences(state, new BackwardBits(source, at, end), count, literals);
  } else if (at !== end) throw wrongZstd('bytes behind the literals');
  const rest = literals.subarray(used);
  if (rest.length > out.length - state.filled) throw wrongZstd('more than was declared');
  out.set(rest, state.filled);
  state.filled += rest.length;
}

/** Returns how many of the literals were used. */
function runSequences(state: FrameState, stream: BackwardBits, count: number, literals: Uint8Array): number {
  const { out, repeats } = state;
  const { source } = stream;
  const [lengths, offsets, matches] = [state.literalLengths!, state.offsets!, state.matchLengths!];
  let lengthState = stream.read(lengths.log);
  let offsetState = stream.read(offsets.log);
  let matchState = stream.read(matches.log);
  let { filled } = state;
  let used = 0;
  // A sequence reads up to nine times: whether the bits sufficed is looked at once, behind the last.
  let bit = stream.start * 8 + stream.left;
  const first = stream.start * 8;
  for (let left = count; left > 0; left--) {
    const offsetCode = offsets.symbols[offsetState]!;
    const matchCode = matches.symbols[matchState]!;
    const lengthCode = lengths.symbols[lengthState]!;
    let value = 0;
    if (offsetCode > 16) {
      // At most 24 bits are read at once.
      bit -= offsetCode - 16;
      value = bitsAt(source, bit, offsetCode - 16) * 65536;
      bit -= 16;
      value += 2 ** offsetCode + bitsAt(source, bit, 16);
    } else {
      bit -= offsetCode;
      value = (1 << offsetCode) + bitsAt(source, bit, offsetCode);
    }
    bit -= MATCHES.extra[matchCode]!;
    const length = MATCHES.bases[matchCode]! + bitsAt(source, bit, MATCHES.extra[matchCode]!);
    bit -= LITERALS.extra[lengthCode]!;
    const plain = LITERALS.bases[lengthCode]! + bitsAt(source, bit, LITERALS.extra[lengthCode]!);
    if (left > 1) {
      bit -= lengths.bits[lengthState]!;
      lengthState = lengths.bases[lengthState]! + bitsAt(source, bit, lengths.bits[lengthState]!);
      bit -= matches.bits[matchState]!;
      matchState = matches.bases[matchState]! + bitsAt(source, bit, matches.bits[matchState]!);
      bit -= offsets.bits[offsetState]!;
      offsetState = offsets.bases[offsetState]! + bitsAt(source, bit, offsets.bits[offsetState]!);
    }
    if (bit < first) throw wrongZstd('a bit stream that is too short');
    const distance = distanceOf(value, plain === 0, repeats);
    if (plain > literals.length - used) throw wrongZstd('sequences that use more literals than there are');
    if (plain + length > out.length - filled) throw wrongZstd('more than was declared');
    for (const stop = used + plain; used < stop;) out[filled++] = literals[used++]!;
    if (distance <= 0 || distance > filled) throw wrongZstd('a match from before its beginning');
    filled = copyMatch(out, filled, distance, length);
  }
  if (bit !== first) throw wrongZstd('a bit stream that is too long');
  state.filled = filled;
  return used;
}

/** Values 1 to 3 name one of the last three distances, shifted by one where there are no literals. */
function distanceOf(value: number, isBare: boolean, repeats: [number, number, number]): number {
  const [first, second, third] = repeats;
  const which = value > 3 ? 4 : value + (isBare ? 1 : 0);
  if (which === 1) return first;
  const distance = value > 3 ? value - 3 : which === 2 ? second : which === 3 ? third : first - 1;
  repeats[0] = distance;
  repeats[1] = first;
  if (which !== 2) repeats[2] = second;
  return distance;
}
