/**
 * Finds its way in JSON text without making anything of it: what lies where. What is skipped is not validated beyond its
 * brackets and quotes.
 */
import { tooDeep } from '../../ports/limits.js';
import { excerpt, Problem } from '../../ports/problem.js';

/** Bytes from `start` up to `end`. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Whether the array at `at` begins with an array. */
export const isNested = (text: Uint8Array, at: number): boolean =>
  text[afterSpace(text, at + 1)] === OPEN_ARRAY;

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
export const ARRAY = OPEN_ARRAY;
export const OBJECT = OPEN_OBJECT;

/** Throws Problem `invalid_json` that says what stands at a byte. */
export function refuseSyntax(text: Uint8Array, at: number, expected: string): never {
  const got =
    at >= text.length
      ? 'the end of the text'
      : JSON.stringify(excerpt(new TextDecoder().decode(text.slice(at, at + 8)), 8));
  throw new Problem('invalid_json', `expected ${expected}, got ${got} at byte ${at}`);
}

/** First byte from `at` on that is no white space. */
export function afterSpace(text: Uint8Array, at: number): number {
  let here = at;
  while (here < text.length && isSpace(text[here]!)) here++;
  return here;
}

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** End of the string whose opening quote is at `at`. */
export function afterString(text: Uint8Array, at: number): number {
  for (let here = at + 1; here < text.length; here++) {
    const byte = text[here];
    if (byte === QUOTE) return here + 1;
    if (byte === BACKSLASH) here++;
  }
  return refuseSyntax(text, text.length, 'the end of a string');
}

/** End of the number or word at `at`. */
export function afterWord(text: Uint8Array, at: number): number {
  let here = at;
  for (; here < text.length; here++) {
    const byte = text[here]!;
    // Digits, points and signs: most of what numbers are.
    if (byte > COMMA && byte < COLON) continue;
    if (byte === COMMA || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT || byte === COLON || isSpace(byte))
      break;
  }
  return here > at ? here : refuseSyntax(text, at, 'a value');
}

/** End of the value at `at`, which `around` others are around, nested at most `depth` deep. Throws `too_deep`, `invalid_json`. */
export function afterValue(text: Uint8Array, at: number, depth: number, around = 0): number {
  const first = text[at];
  if (first === QUOTE) return afterString(text, at);
  if (first !== OPEN_ARRAY && first !== OPEN_OBJECT) return afterWord(text, at);
  let open = around;
  for (let here = at; here < text.length; here++) {
    const byte = text[here]!;
    // Neither quotes nor brackets: most of what data is.
    if (byte > QUOTE && byte < OPEN_ARRAY) continue;
    if (byte === QUOTE) here = afterString(text, here) - 1;
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      if (++open > depth) throw tooDeep(depth);
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      if (--open === around) return here + 1;
    }
  }
  return refuseSyntax(text, text.length, 'the end of what was begun');
}

/**
 * Goes through the members of the object at `at`, in order, also those whose key was there before; `member` says where the
 * value that begins at `start` ends. Returns the end of the object.
 */
export function readObject(
  text: Uint8Array,
  at: number,
  member: (key: string, start: number) => number,
): number {
  let here = afterSpace(text, at + 1);
  if (text[here] === CLOSE_OBJECT) return here + 1;
  for (;;) {
    if (text[here] !== QUOTE) refuseSyntax(text, here, 'a key in quotes');
    const end = afterString(text, here);
    const key = keyOf(text, here, end);
    const colon = afterSpace(text, end);
    if (text[colon] !== COLON) refuseSyntax(text, colon, 'a colon behind a key');
    here = afterSpace(text, member(key, afterSpace(text, colon + 1)));
    if (text[here] === CLOSE_OBJECT) return here + 1;
    if (text[here] !== COMMA) refuseSyntax(text, here, 'a comma or the end of the object');
    here = afterSpace(text, here + 1);
  }
}

/** The same of the items of an array. */
export function readArray(text: Uint8Array, at: number, item: (start: number) => number): number {
  let here = afterSpace(text, at + 1);
  if (text[here] === CLOSE_ARRAY) return here + 1;
  for (;;) {
    here = afterSpace(text, item(here));
    if (text[here] === CLOSE_ARRAY) return here + 1;
    if (text[here] !== COMMA) refuseSyntax(text, here, 'a comma or the end of the array');
    here = afterSpace(text, here + 1);
  }
}

/** A key, escapes read, as any reader of JSON would. */
function keyOf(text: Uint8Array, start: number, end: number): string {
  const written = new TextDecoder().decode(text.slice(start, end));
  try {
    return JSON.parse(written) as string;
  } catch {
    return refuseSyntax(text, start, 'a key');
  }
}

const HEAD_BYTES = 4 * 2 ** 20;

/**
 * JSON text as a value, where stretches of it (in order, apart) are left out: each is read as the array `[k]`, k its place in
 * the list. So a small head can be read whatever it carries. Throws Problem `invalid_json`, `invalid_utf8`, `too_large`.
 */
export function parseWithout(text: Uint8Array, cuts: readonly Stretch[]): unknown {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const [k, { start, end }] of cuts.entries()) {
    parts.push(text.subarray(from, start), new TextEncoder().encode(`[${k}]`));
    from = end;
  }
  parts.push(text.subarray(from));
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length > HEAD_BYTES) {
    const detail = `expected at most ${HEAD_BYTES} bytes of JSON beside the data of tensors, got ${length}`;
    throw new Problem('too_large', detail);
  }
  const joined = new Uint8Array(length);
  let to = 0;
  for (const part of parts) {
    joined.set(part, to);
    to += part.length;
  }
  let words: string;
  try {
    words = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(joined);
  } catch {
    throw new Problem('invalid_utf8', 'expected UTF-8, got bytes that are not');
  }
  try {
    return JSON.parse(words) as unknown;
  } catch (error) {
    const said = error instanceof Error ? excerpt(error.message) : '';
    throw new Problem('invalid_json', `expected a JSON document, got text that is none: ${said}`);
  }
}
