import { isAscii, isUtf8 } from 'node:buffer';
import type { ColumnBuffers } from './batch.js';
import { isValid } from './bits.js';
import type { Buffers } from './buffers.js';
import { invalid } from './flatbuffers.js';
import type { Layout } from './types.js';

/**
 * What the buffers of a column hold, where a reader would follow it: offsets, views, text. Numbers may be anything.
 * Throws 400 `invalid_arrow`, 413 `compression_ratio` or `too_large` for views that point at the same text again and
 * again.
 */
export function checkContents(column: ColumnBuffers, layout: Layout, buffers: Buffers): void {
  const { length, values, children } = column;
  if (layout.kind === 'views') checkViews(column, layout.isText, buffers);
  if (length === 0) return;
  if (layout.kind === 'list') checkOffsets(column, layout.width, children[0]!.length);
  if (layout.kind !== 'offsets') return;
  const words = checkOffsets(column, layout.width, values.length);
  if (layout.isText) checkText(column, words, layout.width / 4);
}

/** Indices of valid rows are in [0, size); behind nulls they may be anything. */
export function checkIndices(
  { values, validity, length }: ColumnBuffers,
  { isSigned, bitWidth }: { readonly isSigned: boolean; readonly bitWidth: number },
  size: number,
): void {
  const indices = indexReader(values, isSigned, bitWidth);
  for (let row = 0; row < length; row++) {
    const index = indices(row);
    if (index >= 0 && index < size) continue;
    if (isValid(validity, row))
      throw invalid(`expected dictionary indices of 0 to ${size - 1}, got ${index} in row ${row}`);
  }
}

function indexReader(
  { buffer, byteOffset, byteLength }: Uint8Array,
  isSigned: boolean,
  bitWidth: number,
): (row: number) => number {
  const count = byteLength / (bitWidth / 8);
  if (bitWidth === 64) {
    const words = new Uint32Array(buffer, byteOffset, count * 2);
    // The sign bit is beyond every size too.
    return (row: number): number => words[row * 2 + 1]! * 2 ** 32 + words[row * 2]!;
  }
  const shift = 32 - bitWidth;
  const indices =
    bitWidth === 32
      ? new Int32Array(buffer, byteOffset, count)
      : bitWidth === 16
        ? new Uint16Array(buffer, byteOffset, count)
        : new Uint8Array(buffer, byteOffset, count);
  if (isSigned) return (row: number): number => (indices[row]! << shift) >> shift;
  return (row: number): number => indices[row]! >>> 0;
}

/** Offsets start at 0 or more, never fall, and stop inside. Returns them as words of 32 bits, the low one first. */
function checkOffsets({ length, offsets }: ColumnBuffers, width: 4 | 8, end: number): Uint32Array {
  const step = width / 4;
  const words = new Uint32Array(offsets!.buffer, offsets!.byteOffset, (length + 1) * step);
  let before = 0;
  for (let row = 0; row <= length; row++) {
    const offset = words[row * step]!;
    // As unsigned words, negative offsets are beyond every end.
    if (offset < before || offset > end || (step === 2 && words[row * 2 + 1] !== 0))
      throw invalid(`expected offsets of 0 to ${end} that never fall, got another in row ${row}`);
    before = offset;
  }
  return words;
}

/** Every valid row is UTF-8. */
function checkText({ length, values, validity }: ColumnBuffers, words: Uint32Array, step: number): void {
  const whole = values.subarray(words[0], words[length * step]);
  let isWhole = isUtf8(whole);
  if (isWhole && isAscii(whole)) return;
  for (let row = 0; row < length && isWhole; row++) isWhole = !isContinuation(values[words[row * step]!]);
  if (isWhole) return;
  // Bytes behind nulls may be anything: only rows that are read have to be text.
  for (let row = 0; row < length; row++) {
    const text = values.subarray(words[row * step], words[(row + 1) * step]);
    if (isValid(validity, row) && !isUtf8(text)) throw notText(row);
  }
}

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;
const notText = (row: number): Error => invalid(`expected strings of UTF-8, got other bytes in row ${row}`);

/** Views of valid rows are short and inline, or lie inside their buffer and begin as their prefix says. */
function checkViews(
  { length, values, validity, variadic }: ColumnBuffers,
  isText: boolean,
  buffers: Buffers,
): void {
  const words = new Int32Array(values.buffer, values.byteOffset, length * 4);
  const areText = variadic.map((bytes) => isUtf8(bytes));
  for (let row = 0; row < length; row++) {
    if (!isValid(validity, row)) continue;
    const at = row * 4;
    const size = words[at]!;
    if (size < 0) throw invalid(`expected strings of 0 bytes or more, got ${size} in row ${row}`);
    if (size <= 12) {
      const isPlain = !isText || ((words[at + 1]! | words[at + 2]! | words[at + 3]!) & 0x80808080) === 0;
      if (!isPlain && !isUtf8(values.subarray(row * 16 + 4, row * 16 + 4 + size))) throw notText(row);
      continue;
    }
    const target = variadic[words[at + 2]!];
    const start = words[at + 3]!;
    if (target === undefined || start < 0 || start + size > target.length)
      throw invalid(`expected views inside their buffers, got one outside in row ${row}`);
    for (let i = 0; i < 4; i++) {
      if (target[start + i] !== values[row * 16 + 4 + i])
        throw invalid(`expected views that begin as their text does, got another in row ${row}`);
    }
    buffers.spend(size);
    if (!isText) continue;
    const isSplit = isContinuation(target[start]) || isContinuation(target[start + size]);
    if (isSplit || areText[words[at + 2]!] !== true) {
      if (!isUtf8(target.subarray(start, start + size))) throw notText(row);
    }
  }
}
