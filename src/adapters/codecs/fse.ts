import { FrameFault } from '../../ports/formats.js';
/** Entropy decoding of Zstandard (RFC 8878, section 4): bit streams, FSE tables and Huffman tables, all bounded. */

export const wrongZstd = (what: string): Error => new FrameFault(`expected a Zstandard frame, got ${what}`);

/** `count` bits, at most 24, from bit `position` of the source on; the least significant bit of a byte is its first. */
export function bitsAt(source: Uint8Array, position: number, count: number): number {
  const at = position >> 3;
  // Bytes behind the source, if any, are masked away.
  const word = source[at]! | (source[at + 1]! << 8) | (source[at + 2]! << 16) | (source[at + 3]! << 24);
  return (word >>> (position & 7)) & ((1 << count) - 1);
}

/** A bit stream that is read from its end: the last byte's highest 1 bit marks where. */
export class BackwardBits {
  /** Bits that are left. */
  left: number;

  /** The stream is source[start, end). */
  constructor(
    readonly source: Uint8Array,
    readonly start: number,
    end: number,
  ) {
    const last = end > start ? source[end - 1]! : 0;
    if (last === 0) throw wrongZstd('a bit stream without an end');
    this.left = (end - start) * 8 - (Math.clz32(last) - 24) - 1;
  }

  /** The next `count` bits, at most 24, as a number. */
  read(count: number): number {
    const left = this.left - count;
    if (left < 0) throw wrongZstd('a bit stream that is too short');
    this.left = left;
    return bitsAt(this.source, this.start * 8 + left, count);
  }
}

/** States of an FSE table: the symbol, the bits to read, and what they are added to. */
export interface FseTable {
  readonly log: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly bases: Uint16Array;
}

/** A table whose only symbol costs no bits. */
export const singleFse = (symbol: number): FseTable => ({
  log: 0,
  symbols: Uint8Array.of(symbol),
  bits: new Uint8Array(1),
  bases: new Uint16Array(1),
});

/** Counts of symbols, -1 for "less than one", to a table of 2^log states. */
export function buildFse(counts: readonly number[], log: number): FseTable {
  const size = 1 << log;
  const symbols = new Uint8Array(size);
  const next = new Uint16Array(counts.length);
  let high = size - 1;
  for (const [symbol, count] of counts.entries()) {
    next[symbol] = Math.abs(count);
    if (count === -1) symbols[high--] = symbol;
  }
  const step = (size >> 1) + (size >> 3) + 3;
  let position = 0;
  for (const [symbol, count] of counts.entries()) {
    for (let i = 0; i < count; i++) {
      symbols[position] = symbol;
      do position = (position + step) & (size - 1);
      while (position > high);
    }
  }
  const bits = new Uint8Array(size);
  const bases = new Uint16Array(size);
  for (let state = 0; state < size; state++) {
    const turn = next[symbols[state]!]!++;
    bits[state] = log - (31 - Math.clz32(turn));
    bases[state] = (turn << bits[state]!) - size;
  }
  return { log, symbols, bits, bases };
}

/** The table described in source[at, end), and where the description ends. */
export function readFse(
  source: Uint8Array,
  at: number,
  end: number,
  maxLog: number,
  maxSymbol: number,
): { readonly table: FseTable; readonly end: number } {
  let bit = at * 8;
  const peek = (count: number): number => {
    const byte = bit >> 3;
    const word = (source[byte] ?? 0) | ((source[byte + 1] ?? 0) << 8) | ((source[byte + 2] ?? 0) << 16);
    return (word >> (bit & 7)) & ((1 << count) - 1);
  };
  const log = peek(4) + 5;
  bit += 4;
  if (log > maxLog) throw wrongZstd('a table that is too large');
  let remaining = (1 << log) + 1;
  let threshold = 1 << log;
  let width = log + 1;
  const counts: number[] = [];
  while (remaining > 1) {
    if (counts.length > maxSymbol || bit > end * 8) throw wrongZstd('a table that does not add up');
    const most = 2 * threshold - 1 - remaining;
    const value = peek(width);
    const low = value & (threshold - 1);
    const isShort = low < most;
    bit += isShort ? width - 1 : width;
    const count = (isShort ? low : value >= threshold ? value - most : value) - 1;
    counts.push(count);
    remaining -= Math.abs(count);
    for (; remaining < threshold && threshold > 1; threshold >>= 1) width--;
    if (count !== 0) continue;
    for (let zeros = 3; zeros === 3;) {
      zeros = peek(2);
      bit += 2;
      if (counts.length + zeros > maxSymbol + 1 || bit > end * 8)
        throw wrongZstd('a table that does not add up');
      for (let i = 0; i < zeros; i++) counts.push(0);
    }
  }
  const stop = (bit + 7) >> 3;
  if (remaining !== 1 || stop > end) throw wrongZstd('a table that does not add up');
  return { table: buildFse(counts, log), end: stop };
}

/** For every prefix of `log` bits its symbol, and how many of the bits it takes. */
export interface HuffmanTable {
  readonly log: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
}
const MAX_HUFFMAN_LOG = 11;

/** The Huffman table described in source[at, end), and where the description ends. */
export function readHuffman(
  source: Uint8Array,
  at: number,
  end: number,
): { readonly table: HuffmanTable; readonly end: number } {
  const head = at < end ? source[at]! : 0;
  const start = at + 1;
  const stop = start + (head < 128 ? head : (head - 126) >> 1);
  if (stop > end) throw wrongZstd('a Huffman table that is cut off');
  const weights =
    head < 128
      ? readWeights(source, start, stop)
      : Array.from({ length: head - 127 }, (_, i) => {
          const byte = source[start + (i >> 1)]!;
          return i % 2 === 0 ? byte >> 4 : byte & 15;
        });
  return { table: buildHuffman(weights), end: stop };
}

/** Weights by two interleaved FSE states. */
function readWeights(source: Uint8Array, start: number, end: number): number[] {
  const { table, end: at } = readFse(source, start, end, 6, 255);
  const { log, symbols, bits, bases } = table;
  const stream = new BackwardBits(source, at, end);
  const weights: number[] = [];
  let [state, other] = [stream.read(log), stream.read(log)];
  for (;;) {
    weights.push(symbols[state]!);
    if (weights.length > 254) throw wrongZstd('too many weights');
    if (stream.left < bits[state]!) {
      weights.push(symbols[other]!);
      return weights;
    }
    [state, other] = [other, bases[state]! + stream.read(bits[state]!)];
  }
}

function buildHuffman(weights: number[]): HuffmanTable {
  let total = 0;
  for (const weight of weights) {
    if (weight > MAX_HUFFMAN_LOG) throw wrongZstd('a weight that is too large');
    total += weight === 0 ? 0 : 1 << (weight - 1);
  }
  const log = 32 - Math.clz32(total);
  const rest = (1 << log) - total;
  if (total === 0 || log > MAX_HUFFMAN_LOG || (rest & (rest - 1)) !== 0)
    throw wrongZstd('weights that do not add up');
  // The last weight is what is missing to a power of two.
  const all = [...weights, 32 - Math.clz32(rest)];
  const symbols = new Uint8Array(1 << log);
  const bits = new Uint8Array(1 << log);
  let position = 0;
  for (let weight = 1; weight <= log; weight++) {
    for (const [symbol, own] of all.entries()) {
      if (own !== weight) continue;
      const next = position + (1 << (weight - 1));
      symbols.fill(symbol, position, next);
      bits.fill(log + 1 - weight, position, next);
      position = next;
    }
  }
  return { log, symbols, bits };
}
