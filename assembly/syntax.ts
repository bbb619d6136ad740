/**
 * JSON's own syntax, RFC 8259: white space, strings, and values that are only checked. A parser takes the pointer where
 * it begins and returns the one where it ended, or 0 after noting a fault. Bytes behind the text are NUL.
 */

import { decimal } from './decimal';
import { allocate, fail, Fault, keep, maxDepth } from './frame';
import { utf8Sequence } from './utf8';

/** What was expected where a syntax fault is; src/engine/wasm/json.ts has the words. */
export enum Expected {
  document,
  key,
  colon,
  commaOrEnd,
  value,
  end,
  quote,
  escape,
  row,
  newline,
}

/** Whether a line feed is white space: not between the values of one line of NDJSON. */
let newlines: bool = true;

export function setNewlines(allowed: bool): void {
  newlines = allowed;
}

export function syntax(at: usize, expected: i32): usize {
  return fail(Fault.syntax, at, expected);
}

// @ts-ignore: decorator
@inline
function isSpace(byte: u32): bool {
  return byte == 0x20 || byte == 0x0d || byte == 0x09 || (byte == 0x0a && newlines);
}

// @ts-ignore: decorator
@inline
export function space(p: usize): usize {
  return load<u8>(p) > 0x20 ? p : spaces(p);
}

function spaces(p: usize): usize {
  while (isSpace(load<u8>(p))) p++;
  return p;
}

/** The string read last: its text, and whether it holds surrogates without their other half (as three bytes each). */
export let text: usize = 0;
export let textLength: u32 = 0;
export let textLone: bool = false;

/** A string; p is behind its opening quote. Without escapes its text stays in the body, else it is written beside. */
export function string(p: usize): usize {
  const start = p;
  textLone = false;
  let escaped = false;
  while (true) {
    const bytes = v128.load(p);
    const stops = i8x16.bitmask(
      v128.or(
        v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
        // As signed numbers, bytes from 0x80 on are below 0x20 too.
        i8x16.lt_s(bytes, i8x16.splat(0x20)),
      ),
    );
    if (stops == 0) {
      p += 16;
      continue;
    }
    p += <usize>ctz(stops);
    const byte = <u32>load<u8>(p);
    if (byte == 0x22) break;
    if (byte == 0x5c) {
      escaped = true;
      if (load<u8>(p, 1) < 0x20) return syntax(p + 1, Expected.escape);
      p += 2;
    } else if (byte >= 0x80) {
      const next = utf8Sequence(p);
      if (next == 0) return fail(Fault.utf8, p);
      p = next;
    } else {
      return syntax(p, Expected.quote);
    }
  }
  text = start;
  textLength = <u32>(p - start);
  if (escaped && !unescape(start, p)) return 0;
  return p + 1;
}

/** Four hexadecimal digits; −1 when they are not. */
function hex(p: usize): i32 {
  let value = 0;
  for (let i = 0; i < 4; i++) {
    const byte = <i32>load<u8>(p + i);
    const digit = byte - 0x30;
    const letter = (byte | 0x20) - 0x61;
    if (digit >= 0 && digit <= 9) value = (value << 4) | digit;
    else if (letter >= 0 && letter <= 5) value = (value << 4) | (letter + 10);
    else return -1;
  }
  return value;
}

function unescape(p: usize, end: usize): bool {
  const written = allocate(end - p);
  if (written == 0) return false;
  let out = written;
  while (p < end) {
    const byte = load<u8>(p);
    if (byte != 0x5c) {
      store<u8>(out++, byte);
      p++;
      continue;
    }
    const kind = load<u8>(p, 1);
    p += 2;
    let code: i32 = -1;
    if (kind == 0x22 || kind == 0x5c || kind == 0x2f) code = kind;
    else if (kind == 0x62) code = 0x08;
    else if (kind == 0x66) code = 0x0c;
    else if (kind == 0x6e) code = 0x0a;
    else if (kind == 0x72) code = 0x0d;
    else if (kind == 0x74) code = 0x09;
    else if (kind == 0x75) {
      code = hex(p);
      p += 4;
      if (code >= 0xd800 && code < 0xdc00 && load<u8>(p) == 0x5c && load<u8>(p, 1) == 0x75) {
        const low = hex(p + 2);
        if (low >= 0xdc00 && low < 0xe000) {
          code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
          p += 6;
        }
      }
      if (code >= 0xd800 && code < 0xe000) textLone = true;
    }
    if (code < 0 || p > end) {
      syntax(p, Expected.escape);
      return false;
    }
    out = put(out, code);
  }
  keep(out);
  text = written;
  textLength = <u32>(out - written);
  return true;
}

function put(out: usize, code: i32): usize {
  if (code < 0x80) {
    store<u8>(out, code);
    return out + 1;
  }
  if (code < 0x800) {
    store<u8>(out, 0xc0 | (code >> 6));
    store<u8>(out, 0x80 | (code & 0x3f), 1);
    return out + 2;
  }
  if (code < 0x10000) {
    store<u8>(out, 0xe0 | (code >> 12));
    store<u8>(out, 0x80 | ((code >> 6) & 0x3f), 1);
    store<u8>(out, 0x80 | (code & 0x3f), 2);
    return out + 3;
  }
  store<u8>(out, 0xf0 | (code >> 18));
  store<u8>(out, 0x80 | ((code >> 12) & 0x3f), 1);
  store<u8>(out, 0x80 | ((code >> 6) & 0x3f), 2);
  store<u8>(out, 0x80 | (code & 0x3f), 3);
  return out + 4;
}

/** `true`, `false` or `null` at p: pointer behind it, or 0 without a fault. */
// @ts-ignore: decorator
@inline
export function word(p: usize): usize {
  const four = load<u32>(p);
  if (four == 0x65757274 || four == 0x6c6c756e) return p + 4;
  return four == 0x736c6166 && load<u8>(p, 4) == 0x65 ? p + 5 : 0;
}

/** A string without keeping it. */
function skipString(p: usize): usize {
  const mark = allocate(0);
  if (mark == 0) return 0;
  const end = string(p);
  keep(mark);
  return end;
}

function skipScalar(p: usize): usize {
  const byte = load<u8>(p);
  if (byte == 0x22) return skipString(p + 1);
  const number = decimal(p, false);
  if (number != 0) return number;
  const end = word(p);
  return end != 0 ? end : syntax(p, Expected.value);
}

/**
 * Any value, checked and left out; an array or object counts as nested `depth` deep.
 * Which containers are open is a bit each, so nothing is built however deep they nest.
 */
export function skip(p: usize, depth: i32): usize {
  let open: u64 = 0;
  let levels = 0;
  while (true) {
    // A value begins at p.
    let byte = load<u8>(p);
    if (byte == 0x5b || byte == 0x7b) {
      const isObject: u64 = byte == 0x7b ? 1 : 0;
      if (depth + levels > maxDepth || levels == 64) return fail(Fault.depth, p);
      open = (open << 1) | isObject;
      levels++;
      p = space(p + 1);
      byte = load<u8>(p);
      if (byte != (isObject ? 0x7d : 0x5d)) {
        if (isObject) p = skipKey(p);
        if (p == 0) return 0;
        continue;
      }
    } else {
      p = skipScalar(p);
      if (p == 0) return 0;
    }
    // A value has ended, or p is at the end of an empty container.
    while (true) {
      if (levels == 0) return p;
      p = space(p);
      byte = load<u8>(p);
      const isObject = (open & 1) != 0;
      if (byte == 0x2c) {
        p = space(p + 1);
        if (isObject) p = skipKey(p);
        if (p == 0) return 0;
        break;
      }
      if (byte != <u8>(isObject ? 0x7d : 0x5d)) return syntax(p, Expected.commaOrEnd);
      p++;
      open >>= 1;
      levels--;
    }
  }
}

/** `"key" :`, up to the value. */
function skipKey(p: usize): usize {
  if (load<u8>(p) != 0x22) return syntax(p, Expected.key);
  p = skipString(p + 1);
  if (p == 0) return 0;
  p = space(p);
  return load<u8>(p) == 0x3a ? space(p + 1) : syntax(p, Expected.colon);
}
