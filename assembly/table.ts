/**
 * Columns in the making: what the JSON and CSV kernels write to, row by row or column by column.
 *
 * A cell is 8 bytes. A number is its float64; all else is one of its NaNs: missing, a boolean, or a string's place in
 * the dictionary of its column. So a column of numbers is finished as it is written: a missing one is NaN.
 *
 * The cells of a column lie in segments whose first rows are 0, 256, 512, 1,024, … 32,768, 65,536, 131,072, 196,608, …,
 * the same for all columns. A segment in which a column has no value is never made.
 */

import { DICTIONARY_BYTES, entryOf, hashOf, same } from './dictionary';
import {
  allocate,
  failCell,
  Fault,
  fault,
  maxCells,
  maxColumns,
  maxName,
  maxRows,
  readFrame,
  writeFrame,
} from './frame';

export const MISSING: u64 = 0x7ff8_0000_0000_0000;
export const BOOLEAN: u64 = 0x7ffa_0000_0000_0000;
export const TEXT: u64 = 0x7ffc_0000_0000_0000;
const TAG: u64 = 0xffff_0000_0000_0000;

/** Where a column's record has what. */
const NAME: usize = 0;
const NAME_LENGTH: usize = 4;
const HEAD: usize = 8;
const MASK: usize = 16;
const PLAIN: usize = 24;
/** Segment at hand less 8 × its first row, or NONE. */
const CURRENT: usize = 28;
/** Row behind the last one that has a cell. */
const NEXT: usize = 32;
const SEGMENTS: usize = 36;
const SEGMENTS_ROOM: usize = 40;
const NUMBERS: usize = 44;
const BOOLEANS: usize = 48;
const TEXTS: usize = 52;
const INEXACT: usize = 56;
const DICTIONARY: usize = 60;
const HASH: usize = DICTIONARY + DICTIONARY_BYTES;
/** For the kernel that writes the column. */
export const MODE: usize = 84;
export const LENGTH: usize = 88;
const RECORD_BYTES: usize = 96;

const NONE: u32 = 1;
const FIRST_SEGMENT: i32 = 256;
const LARGE_SEGMENT: i32 = 65536;

/** Pointers to the records, in first-seen order. */
let table: usize = 0;
export let columns: i32 = 0;
let names: usize = 0;
let namesMask: u32 = 0;

export let rows: i32 = 0;
/** Row that does not fit into the segment at hand. */
export let segmentEnd: i32 = 0;
/** Rows that may still be begun with as many columns as there are. */
export let rowLimit: i32 = 0;

/** Starts a table; the memory behind the frame's top is its own. False: no memory. */
export function begin(frame: usize): bool {
  readFrame(frame);
  let buckets: u32 = 16;
  while (buckets < (<u32>maxColumns << 1)) buckets <<= 1;
  namesMask = buckets - 1;
  table = allocate(<usize>maxColumns << 2);
  names = allocate(<usize>buckets << 2);
  clear();
  return fault == Fault.none;
}

/** Forgets all rows and columns. */
export function clear(): void {
  columns = 0;
  rows = 0;
  segmentEnd = FIRST_SEGMENT;
  if (names != 0) memory.fill(names, 0, (<usize>namesMask + 1) << 2);
  setRowLimit();
}

/** Says in the frame how it ended. */
export function finish(frame: usize): void {
  if (fault == Fault.none) {
    for (let c = 0; c < columns; c++) {
      const record = recordAt(c);
      fillTo(record, rows);
      if (load<i32>(record, BOOLEANS) > 0 && load<i32>(record, NUMBERS) == 0 && load<i32>(record, TEXTS) == 0) {
        booleansAsNumbers(record);
      }
    }
  }
  writeFrame(frame, rows, columns, table);
}

// @ts-ignore: decorator
@inline
export function recordAt(column: i32): usize {
  return <usize>load<u32>(table + ((<usize>column) << 2));
}

/** Whether the bytes at p are the column's name and then a quote: for names that JSON writes as they are. */
// @ts-ignore: decorator
@inline
export function isKey(record: usize, p: usize): bool {
  if ((load<u64>(p) & load<u64>(record, MASK)) != load<u64>(record, HEAD) || load<u32>(record, PLAIN) == 0) return false;
  const length = load<u32>(record, NAME_LENGTH);
  if (load<u8>(p + <usize>length) != 0x22) return false;
  return length <= 8 || same(p + 8, <usize>load<u32>(record, NAME) + 8, length - 8);
}

// @ts-ignore: decorator
@inline
export function nameOf(record: usize): usize {
  return <usize>load<u32>(record, NAME);
}

// @ts-ignore: decorator
@inline
export function nameLength(record: usize): u32 {
  return load<u32>(record, NAME_LENGTH);
}

/** Number of the column of a name, made when there is none (its bytes must stay); −1 and a fault when it may not be. */
export function columnOf(text: usize, length: u32, lone: bool, row: i32): i32 {
  const hash = hashOf(text, length);
  let bucket = hash & namesMask;
  for (;;) {
    const found = load<u32>(names + (<usize>bucket << 2));
    if (found == 0) break;
    const record = recordAt(<i32>found - 1);
    if (
      load<u32>(record, HASH) == hash &&
      load<u32>(record, NAME_LENGTH) == length &&
      same(<usize>load<u32>(record, NAME), text, length)
    ) {
      return <i32>found - 1;
    }
    bucket = (bucket + 1) & namesMask;
  }
  const record = allocate(RECORD_BYTES);
  if (record == 0) return -1;
  memory.fill(record, 0, RECORD_BYTES);
  store<u32>(record, <u32>text, NAME);
  store<u32>(record, length, NAME_LENGTH);
  if (lone) return <i32>failCell(Fault.loneName, row, text, length, text) - 1;
  if (length > maxName) return <i32>failCell(Fault.name, row, text, length, text) - 1;
  if (columns >= maxColumns) return <i32>failCell(Fault.columns, row, text, length, text) - 1;
  const mask: u64 = length >= 8 ? ~(<u64>0) : (<u64>1 << <u64>(length << 3)) - 1;
  store<u64>(record, mask, MASK);
  store<u64>(record, load<u64>(text) & mask, HEAD);
  let plain: u32 = 1;
  for (let i: u32 = 0; i < length; i++) {
    const byte = load<u8>(text + <usize>i);
    if (byte == 0x22 || byte == 0x5c || byte < 0x20) plain = 0;
  }
  store<u32>(record, plain, PLAIN);
  store<u32>(record, hash, HASH);
  store<u32>(record, NONE, CURRENT);
  store<u32>(table + ((<usize>columns) << 2), <u32>record);
  columns++;
  store<u32>(names + (<usize>bucket << 2), <u32>columns);
  setRowLimit();
  return columns - 1;
}

/** Forgets the cells of a column; its name and place stay. */
export function clearColumn(record: usize): void {
  store<u32>(record, NONE, CURRENT);
  memory.fill(record + NEXT, 0, HASH - NEXT);
}

function setRowLimit(): void {
  const byCells = columns == 0 ? maxCells : Math.floor(maxCells / <f64>columns);
  rowLimit = byCells < <f64>maxRows ? <i32>byCells : maxRows;
}

/** Fails for a row beyond the limits. */
export function failRow(row: i32): usize {
  return failCell(row >= maxRows ? Fault.rows : Fault.cells, row, 0, 0, 0);
}

// @ts-ignore: decorator
@inline
function segmentOf(row: i32): i32 {
  if (row >= LARGE_SEGMENT) return 8 + row / LARGE_SEGMENT;
  return row < FIRST_SEGMENT ? 0 : 24 - clz<i32>(row);
}

// @ts-ignore: decorator
@inline
function segmentStart(at: i32): i32 {
  return at == 0 ? 0 : at >= 9 ? (at - 8) * LARGE_SEGMENT : FIRST_SEGMENT << (at - 1);
}

/** First row of the segment behind the one that `row` lies in. */
export function segmentEndOf(row: i32): i32 {
  return segmentStart(segmentOf(row) + 1);
}

/** The row after the last one of a segment has begun, for all columns. */
export function nextSegment(): void {
  for (let c = 0; c < columns; c++) leaveSegment(recordAt(c), segmentEnd);
  segmentEnd = segmentEndOf(segmentEnd);
}

/** The same for one column, whose rows come without the others'. */
export function leaveSegment(record: usize, end: i32): void {
  fillTo(record, end);
  store<u32>(record, NONE, CURRENT);
}

/** Missing cells from the last value on up to `end`, in the segment at hand. */
function fillTo(record: usize, end: i32): void {
  const current = load<u32>(record, CURRENT);
  if (current == NONE) return;
  for (let row = load<i32>(record, NEXT); row < end; row++) {
    store<u64>(<usize>(current + (<u32>row << 3)), MISSING);
  }
}

/** Place of a column's cell, rows in rising order; a second one in the same row takes the first one's place. 0: a fault. */
// @ts-ignore: decorator
@inline
function place(record: usize, row: i32): usize {
  const current = load<u32>(record, CURRENT);
  if (current != NONE && load<i32>(record, NEXT) == row) {
    store<i32>(record, row + 1, NEXT);
    return <usize>(current + (<u32>row << 3));
  }
  return placeApart(record, row);
}

function placeApart(record: usize, row: i32): usize {
  const next = load<i32>(record, NEXT);
  if (next == row + 1) {
    const again = <usize>(load<u32>(record, CURRENT) + (<u32>row << 3));
    const cell = load<u64>(again);
    const tag = cell & TAG;
    const kind = tag == TEXT ? TEXTS : tag == BOOLEAN ? BOOLEANS : NUMBERS;
    if (cell != MISSING) store<i32>(record + kind, load<i32>(record + kind) - 1);
    return again;
  }
  if (load<u32>(record, CURRENT) == NONE && openSegment(record, row) == 0) return 0;
  const current = load<u32>(record, CURRENT);
  const start = segmentStart(segmentOf(row));
  for (let gap = next > start ? next : start; gap < row; gap++) {
    store<u64>(<usize>(current + (<u32>gap << 3)), MISSING);
  }
  store<i32>(record, row + 1, NEXT);
  return <usize>(current + (<u32>row << 3));
}

function openSegment(record: usize, row: i32): usize {
  const at = segmentOf(row);
  const capacity = load<i32>(record, SEGMENTS_ROOM);
  if (at >= capacity) {
    const more = at + 1 > 16 ? (at + 1) * 2 : 16;
    const list = allocate(<usize>more << 2);
    if (list == 0) return 0;
    memory.fill(list, 0, <usize>more << 2);
    memory.copy(list, <usize>load<u32>(record, SEGMENTS), <usize>capacity << 2);
    store<u32>(record, <u32>list, SEGMENTS);
    store<i32>(record, more, SEGMENTS_ROOM);
  }
  const slot = <usize>load<u32>(record, SEGMENTS) + (<usize>at << 2);
  const start = segmentStart(at);
  let cells = <usize>load<u32>(slot);
  if (cells == 0) {
    cells = allocate((<usize>(segmentStart(at + 1) - start)) << 3);
    if (cells == 0) return 0;
    store<u32>(slot, <u32>cells);
  }
  store<u32>(record, <u32>cells - (<u32>start << 3), CURRENT);
  return cells;
}

// @ts-ignore: decorator
@inline
function count(record: usize, kind: usize): void {
  store<i32>(record + kind, load<i32>(record + kind) + 1);
}

// @ts-ignore: decorator
@inline
export function putNumber(record: usize, row: i32, value: f64, inexact: i32): bool {
  const cell = place(record, row);
  if (cell == 0) return false;
  store<f64>(cell, value);
  count(record, NUMBERS);
  if (inexact != 0) count(record, INEXACT);
  return true;
}

export function putBoolean(record: usize, row: i32, value: u64): bool {
  const cell = place(record, row);
  if (cell == 0) return false;
  store<u64>(cell, BOOLEAN | value);
  count(record, BOOLEANS);
  return true;
}

/** A value that is there and counts as missing; takes the place of an earlier one in the same row. */
export function putMissing(record: usize, row: i32): bool {
  if (load<i32>(record, NEXT) != row + 1) return true;
  const cell = place(record, row);
  store<u64>(cell, MISSING);
  return true;
}

/** A string: bytes that stay where they are. */
export function putText(record: usize, row: i32, text: usize, length: u32, lone: bool): bool {
  const entry = entryOf(record + DICTIONARY, text, length, lone);
  if (entry < 0) return false;
  const cell = place(record, row);
  if (cell == 0) return false;
  store<u64>(cell, TEXT | <u64>entry);
  count(record, TEXTS);
  return true;
}

/** Cells of a column of booleans become 0 and 1. */
function booleansAsNumbers(record: usize): void {
  const list = <usize>load<u32>(record, SEGMENTS);
  const count = min(segmentOf(rows - 1) + 1, load<i32>(record, SEGMENTS_ROOM));
  for (let s = 0; s < count; s++) {
    const cells = <usize>load<u32>(list + (<usize>s << 2));
    if (cells == 0) continue;
    const start = segmentStart(s);
    const length = min(segmentStart(s + 1), rows) - start;
    for (let i = 0; i < length; i++) {
      const cell = cells + (<usize>i << 3);
      const value = load<u64>(cell);
      if ((value & TAG) == BOOLEAN) store<f64>(cell, <f64>(value & 1));
    }
  }
}

/** The row count is known; columns in the making are as long as this. */
export function setRows(count: i32): void {
  rows = count;
}
