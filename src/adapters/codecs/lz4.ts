import { FrameFault } from '../../ports/formats.js';
import { xxh32 } from './xxh32.js';

/**
 * LZ4 frames (lz4_Frame_format.md 1.6.1) of known decoded length, straight into their place. Every length is checked
 * before anything is copied, so the work is bounded by input + output; lz4js (0.2) checks none and cuts off in silence.
 */

const MAGIC = 0x184d2204;
const STORED = 0x80000000;
const MIN_MATCH = 4;
/** Matches shorter than this are copied byte by byte. */
const LONG = 32;

const wrong = (what: string): Error => new FrameFault(`expected an LZ4 frame, got ${what}`);

/** Fills `out` with the one frame in `source`. Throws FrameFault unless it holds exactly that many bytes. */
export function decodeLz4(source: Uint8Array, out: Uint8Array): void {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  const need = (at: number, bytes: number): void => {
    if (at + bytes > source.length) throw wrong('one that is cut off');
  };
  need(0, 7);
  const flags = source[4]!;
  const largest = 2 ** (8 + 2 * ((source[5]! >> 4) & 7));
  if (view.getUint32(0, true) !== MAGIC || flags >> 6 !== 1) throw wrong('bytes that begin like none');
  if ((flags & 2) !== 0 || (source[5]! & 0x8f) !== 0 || largest < 2 ** 16) throw wrong('reserved bits');
  if ((flags & 1) !== 0) throw wrong('one that needs a dictionary');
  const isIndependent = (flags & 0x20) !== 0;
  const hasBlockSums = (flags & 0x10) !== 0;
  let at = 6;
  if ((flags & 8) !== 0) {
    need(at, 9);
    if (view.getBigUint64(at, true) !== BigInt(out.length)) throw wrong('one of another length');
    at += 8;
  }
  if (((xxh32(source, 4, at) >>> 8) & 0xff) !== source[at]!) throw wrong('a header with a wrong checksum');
  at++;

  let filled = 0;
  for (;;) {
    need(at, 4);
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) break;
    const size = word % STORED;
    need(at, size + (hasBlockSums ? 4 : 0));
    if (size > largest) throw wrong('a block larger than its frame allows');
    if (hasBlockSums && xxh32(source, at, at + size) !== view.getUint32(at + size, true))
      throw wrong('a block with a wrong checksum');
    if (word >= STORED) {
      if (size > out.length - filled) throw wrong('more than was declared');
      out.set(source.subarray(at, at + size), filled);
      filled += size;
    } else {
      const end = Math.min(out.length, filled + largest);
      filled = decodeBlock(source, at, at + size, out, filled, end, isIndependent ? filled : 0);
    }
    at += size + (hasBlockSums ? 4 : 0);
  }
  if (filled !== out.length) throw wrong('less than was declared');
  if ((flags & 4) !== 0) {
    need(at, 4);
    if (xxh32(out, 0, out.length) !== view.getUint32(at, true)) throw wrong('content with a wrong checksum');
    at += 4;
  }
  if (at !== source.length) throw wrong(`${source.length - at} bytes behind it`);
}

/** One block, source[at, end) to out[to, limit); matches reach back to `floor`. Returns where the output ends. */
function decodeBlock(
  source: Uint8Array,
  at: number,
  end: number,
  out: Uint8Array,
  to: number,
  limit: number,
  floor: number,
): number {
  while (at < end) {
    const token = source[at++]!;
    let literals = token >> 4;
    if (literals === 15) {
      for (let more = 255; more === 255; literals += more) {
        if (at >= end) throw wrong('a length that is cut off');
        more = source[at++]!;
      }
    }
    if (literals > end - at) throw wrong('literals that are cut off');
    if (literals > limit - to) throw wrong('more than was declared');
    if (literals > LONG) {
      out.set(source.subarray(at, at + literals), to);
      to += literals;
      at += literals;
    } else {
      for (const stop = at + literals; at < stop;) out[to++] = source[at++]!;
    }
    if (at === end) return to;
    if (end - at < 2) throw wrong('a match that is cut off');
    const distance = source[at]! | (source[at + 1]! << 8);
    at += 2;
    let length = token & 15;
    if (length === 15) {
      for (let more = 255; more === 255; length += more) {
        if (at >= end) throw wrong('a length that is cut off');
        more = source[at++]!;
      }
    }
    length += MIN_MATCH;
    if (distance === 0 || distance > to - floor) throw wrong('a match from before its beginning');
    if (length > limit - to) throw wrong('more than was declared');
    to = copyMatch(out, to, distance, length);
  }
  throw wrong('a block that ends with a match');
}

/** Repeats what lies `distance` back; a match may overlap what it makes. Returns where it ends. */
export function copyMatch(out: Uint8Array, to: number, distance: number, length: number): number {
  const end = to + length;
  if (length <= LONG) {
    for (let from = to - distance; to < end;) out[to++] = out[from++]!;
    return to;
  }
  const start = to - distance;
  // What is copied doubles the run that can be copied next.
  for (let run = distance; to < end; run *= 2) {
    const some = Math.min(run, end - to);
    out.copyWithin(to, start, start + some);
    to += some;
  }
  return end;
}

const BLOCK = 2 ** 22;
const HASH_BITS = 16;
/** The last bytes of a block are literals, and no match starts in its last twelve. */
const LAST_LITERALS = 5;
const LAST_MATCH = 12;
const MAX_DISTANCE = 65_535;
/** Version 1, independent blocks of at most 4 MiB, no checksums but the header's. */
const HEADER = Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73);

/** An LZ4 frame: greedy matches by a hash of four bytes; blocks that do not shrink are stored. */
export function encodeLz4(source: Uint8Array): Uint8Array {
  const blocks = Math.ceil(source.length / BLOCK);
  const frame = new Uint8Array(HEADER.length + source.length + blocks * 4 + 4);
  const view = new DataView(frame.buffer);
  const scratch = new Uint8Array(Math.min(source.length, BLOCK));
  const heads = new Int32Array(2 ** HASH_BITS);
  frame.set(HEADER);
  let at = HEADER.length;
  for (let start = 0; start < source.length; start += BLOCK) {
    const block = source.subarray(start, start + BLOCK);
    const size = encodeBlock(block, scratch.subarray(0, block.length), heads);
    view.setUint32(at, size === 0 ? block.length + STORED : size, true);
    const content = size === 0 ? block : scratch.subarray(0, size);
    frame.set(content, at + 4);
    at += 4 + content.length;
  }
  return frame.subarray(0, at + 4);
}

/** Bytes written to `out`; 0: the block would not have become smaller. */
function encodeBlock(source: Uint8Array, out: Uint8Array, heads: Int32Array): number {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  heads.fill(-1);
  let anchor = 0;
  let to = 0;
  const lastMatch = source.length - LAST_MATCH;
  for (let at = 0, misses = 0; at < lastMatch;) {
    const word = view.getUint32(at, true);
    const slot = Math.imul(word, 2654435761) >>> (32 - HASH_BITS);
    const from = heads[slot]!;
    heads[slot] = at;
    if (from < 0 || at - from > MAX_DISTANCE || view.getUint32(from, true) !== word) {
      at += 1 + (misses++ >> 6);
      continue;
    }
    misses = 0;
    const stop = source.length - LAST_LITERALS;
    let end = at + MIN_MATCH;
    for (let back = from + MIN_MATCH; end < stop && source[end] === source[back]; end++) back++;
    to = writeSequence(source, anchor, at, out, to, at - from, end - at - MIN_MATCH);
    if (to < 0) return 0;
    anchor = at = end;
  }
  to = writeSequence(source, anchor, source.length, out, to, 0, 0);
  return Math.max(to, 0);
}

/** Literals source[from, end), and a match unless `distance` is 0. Returns where the output ends; -1: no room. */
function writeSequence(
  source: Uint8Array,
  from: number,
  end: number,
  out: Uint8Array,
  to: number,
  distance: number,
  matched: number,
): number {
  const literals = end - from;
  const most = 1 + literals + Math.floor(literals / 255) + 1 + 2 + Math.floor(matched / 255) + 1;
  if (to + most > out.length) return -1;
  out[to++] = (Math.min(literals, 15) << 4) | Math.min(matched, 15);
  to = writeLength(literals, out, to);
  out.set(source.subarray(from, end), to);
  to += literals;
  if (distance === 0) return to;
  out[to++] = distance & 255;
  out[to++] = distance >> 8;
  return writeLength(matched, out, to);
}

function writeLength(length: number, out: Uint8Array, to: number): number {
  if (length < 15) return to;
  let rest = length - 15;
  for (; rest >= 255; rest -= 255) out[to++] = 255;
  out[to++] = rest;
  return to;
}
