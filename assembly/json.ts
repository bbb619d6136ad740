/** JSON rows, columns and lines straight to columns, without an object in between. */

import { decimal, decimal_inexact, decimal_value } from './decimal';
import { allocate, failCell, Fault, OUT_REST, readBody, ready } from './frame';
import { Expected, setNewlines, skip, space, string, syntax, text, textLength, textLone, word } from './syntax';
import {
  begin,
  clear,
  clearColumn,
  columnOf,
  columns,
  finish,
  isKey,
  leaveSegment,
  LENGTH,
  nameLength,
  nameOf,
  nextSegment,
  putBoolean,
  putMissing,
  putNumber,
  putText,
  recordAt,
  rowLimit,
  rows,
  segmentEnd,
  segmentEndOf,
  setRows,
  failRow,
} from './table';

/** A cell that no column can have, to be told of at the end of its row: a later key of that name would replace it. */
let badFault: i32 = 0;
let badRecord: usize = 0;
let badAt: usize = 0;
let badDetail: i32 = 0;

/** Other members of the document: key, its length, value, its length; a linked list, newest first. */
let rest: usize = 0;
const REST_BYTES: usize = 24;
/** `data` was there (1), `columns` was there (2). */
let shapes: i32 = 0;
/** What `data` or `columns` was in place of its array or object: the first byte of it. */
let otherData: i32 = 0;
let otherColumns: i32 = 0;
let topArray: bool = false;

const CELL_DEPTH: i32 = 4;

/**
 * IN/OUT frame    see frame.ts
 * IN  body        `length` bytes and at least 64 NULs behind them
 * IN  lines       a row object a line, else one document
 */
export function json_parse(frame: usize, body: usize, length: i32, lines: bool): void {
  rest = 0;
  shapes = 0;
  otherData = 0;
  otherColumns = 0;
  topArray = false;
  badFault = 0;
  setNewlines(!lines);
  if (begin(frame)) {
    if (readBody(frame, body, length)) {
      const end = body + <usize>length;
      const p = (load<u32>(body) & 0xffffff) == 0xbfbbef ? body + 3 : body;
      if (lines) readLines(p, end);
      else document(p, end);
    }
  }
  finish(frame);
  store<u32>(frame, <u32>rest, OUT_REST);
  store<i32>(frame, shapes, OUT_REST + 4);
  store<i32>(frame, otherData, OUT_REST + 8);
  store<i32>(frame, otherColumns, OUT_REST + 12);
  store<i32>(frame, topArray ? 1 : 0, OUT_REST + 16);
}

function document(p: usize, end: usize): void {
  p = space(p);
  const byte = load<u8>(p);
  if (byte == 0x7b) {
    p = members(p + 1);
  } else {
    if (p >= end) {
      syntax(p, Expected.document);
      return;
    }
    topArray = byte == 0x5b;
    p = skip(p, 1);
    if (p != 0 && !topArray) {
      p = space(p);
      syntax(p, p == end ? Expected.document : Expected.end);
      return;
    }
  }
  if (p == 0) return;
  p = space(p);
  if (p != end) syntax(p, Expected.end);
  else ready(p);
}

// @ts-ignore: decorator
@inline
function isData(): bool {
  return textLength == 4 && load<u32>(text) == 0x61746164;
}

// @ts-ignore: decorator
@inline
function isColumns(): bool {
  return textLength == 7 && load<u32>(text) == 0x756c6f63 && (load<u32>(text, 4) & 0xffffff) == 0x736e6d;
}

/** The members of the document; p is behind its brace. Of duplicate keys the last wins. */
function members(p: usize): usize {
  p = space(p);
  if (load<u8>(p) == 0x7d) return p + 1;
  while (true) {
    if (!ready(p)) return 0;
    if (load<u8>(p) != 0x22) return syntax(p, Expected.key);
    p = string(p + 1);
    if (p == 0) return 0;
    p = space(p);
    if (load<u8>(p) != 0x3a) return syntax(p, Expected.colon);
    p = space(p + 1);
    const byte = load<u8>(p);
    if (isData()) {
      shapes |= 1;
      otherData = byte == 0x5b ? 0 : byte;
      clear();
      p = byte == 0x5b ? rowObjects(p + 1) : skip(p, 2);
    } else if (isColumns()) {
      shapes |= 2;
      otherColumns = byte == 0x7b ? 0 : byte;
      clear();
      p = byte == 0x7b ? arrays(p + 1) : skip(p, 2);
    } else {
      p = member(p);
    }
    if (p == 0) return 0;
    p = space(p);
    if (load<u8>(p) == 0x7d) return p + 1;
    if (load<u8>(p) != 0x2c) return syntax(p, Expected.commaOrEnd);
    p = space(p + 1);
  }
}

/** A member that is neither: its text, for who reads options. */
function member(p: usize): usize {
  const key = text;
  const keyLength = textLength;
  const lone: u32 = textLone ? 1 : 0;
  const end = skip(p, 2);
  if (end == 0) return 0;
  const entry = allocate(REST_BYTES);
  if (entry == 0) return 0;
  store<u32>(entry, <u32>rest);
  store<u32>(entry, <u32>key, 4);
  store<u32>(entry, keyLength, 8);
  store<u32>(entry, lone, 12);
  store<u32>(entry, <u32>p, 16);
  store<u32>(entry, <u32>(end - p), 20);
  rest = entry;
  return end;
}

/** `[{…}, …]`; p is behind the bracket. */
function rowObjects(p: usize): usize {
  p = space(p);
  if (load<u8>(p) == 0x5d) return p + 1;
  for (let row = 0; ; ) {
    if (!ready(p)) return 0;
    if (load<u8>(p) != 0x7b) return notRow(p, row);
    p = rowObject(p + 1, row);
    if (p == 0) return 0;
    row++;
    setRows(row);
    if (row == segmentEnd) nextSegment();
    p = space(p);
    const byte = load<u8>(p);
    if (byte == 0x2c) {
      p = space(p + 1);
      continue;
    }
    return byte == 0x5d ? p + 1 : syntax(p, Expected.commaOrEnd);
  }
}

/** The value at p where a row should be: its syntax first. */
function notRow(p: usize, row: i32): usize {
  const byte = load<u8>(p);
  return skip(p, 3) == 0 ? 0 : failCell(Fault.notRow, row, 0, 0, p, byte);
}

function readLines(p: usize, end: usize): void {
  for (let row = 0; ; ) {
    if (!ready(p)) return;
    p = space(p);
    if (load<u8>(p) == 0x0a) {
      p++;
      continue;
    }
    if (p >= end) return;
    if (load<u8>(p) != 0x7b) {
      notRow(p, row);
      return;
    }
    p = rowObject(p + 1, row);
    if (p == 0) return;
    row++;
    setRows(row);
    if (row == segmentEnd) nextSegment();
    p = space(p);
    if (load<u8>(p) != 0x0a && p < end) {
      syntax(p, Expected.newline);
      return;
    }
  }
}

/** `"a": 1, …}`; p is behind the brace. */
function rowObject(p: usize, row: i32): usize {
  if (row >= rowLimit) return failRow(row);
  p = space(p);
  if (load<u8>(p) == 0x7d) return p + 1;
  // Rows mostly have the same keys in the same order.
  let expected = 0;
  while (true) {
    if (load<u8>(p) != 0x22) return syntax(p, Expected.key);
    p++;
    let record: usize = 0;
    if (expected < columns) {
      record = recordAt(expected);
      if (isKey(record, p)) {
        p += <usize>nameLength(record) + 1;
        expected++;
      } else {
        record = 0;
      }
    }
    if (record == 0) {
      p = string(p);
      if (p == 0) return 0;
      const column = columnOf(text, textLength, textLone, row);
      if (column < 0) return 0;
      record = recordAt(column);
      expected = column + 1;
    }
    if (load<u8>(p) != 0x3a) {
      p = space(p);
      if (load<u8>(p) != 0x3a) return syntax(p, Expected.colon);
    }
    p = cell(space(p + 1), record, row);
    if (p == 0) return 0;
    p = space(p);
    const byte = load<u8>(p);
    if (byte == 0x2c) {
      p = space(p + 1);
      continue;
    }
    if (byte != 0x7d) return syntax(p, Expected.commaOrEnd);
    return badFault == 0 ? p + 1 : failBad(row);
  }
}

function failBad(row: i32): usize {
  return failCell(badFault, row, nameOf(badRecord), nameLength(badRecord), badAt, badDetail);
}

function bad(code: i32, record: usize, at: usize, detail: i32): void {
  if (badFault != 0 && badRecord != record) return;
  badFault = code;
  badRecord = record;
  badAt = at;
  badDetail = detail;
}

/** One value of a column. */
// @ts-ignore: decorator
@inline
function cell(p: usize, record: usize, row: i32): usize {
  if (badFault != 0 && badRecord == record) badFault = 0;
  const number = decimal(p, false);
  if (number != 0) {
    const value = decimal_value;
    if (!isFinite(value)) {
      bad(Fault.range, record, p, 0);
      return number;
    }
    return putNumber(record, row, value, decimal_inexact) ? number : 0;
  }
  return otherCell(p, record, row);
}

function otherCell(p: usize, record: usize, row: i32): usize {
  const byte = load<u8>(p);
  if (byte == 0x22) {
    const end = string(p + 1);
    return end != 0 && putText(record, row, text, textLength, textLone) ? end : 0;
  }
  if (byte == 0x5b || byte == 0x7b) {
    const end = skip(p, CELL_DEPTH);
    if (end != 0) bad(Fault.nested, record, p, byte);
    return end;
  }
  const end = word(p);
  if (end == 0) return syntax(p, Expected.value);
  if (byte == 0x6e) putMissing(record, row);
  else if (!putBoolean(record, row, byte == 0x74 ? 1 : 0)) return 0;
  return end;
}

/** `{"a": [1, …], …}`; p is behind the brace. */
function arrays(p: usize): usize {
  p = space(p);
  if (load<u8>(p) == 0x7d) return p + 1;
  while (true) {
    if (load<u8>(p) != 0x22) return syntax(p, Expected.key);
    p = string(p + 1);
    if (p == 0) return 0;
    const column = columnOf(text, textLength, textLone, -1);
    if (column < 0) return 0;
    const record = recordAt(column);
    clearColumn(record);
    p = space(p);
    if (load<u8>(p) != 0x3a) return syntax(p, Expected.colon);
    p = space(p + 1);
    if (load<u8>(p) != 0x5b) {
      const byte = load<u8>(p);
      return skip(p, 3) == 0 ? 0 : failCell(Fault.notArray, -1, nameOf(record), nameLength(record), p, byte);
    }
    p = array(p + 1, record);
    if (p == 0) return 0;
    p = space(p);
    if (load<u8>(p) == 0x7d) return sameLengths() ? p + 1 : 0;
    if (load<u8>(p) != 0x2c) return syntax(p, Expected.commaOrEnd);
    p = space(p + 1);
  }
}

function array(p: usize, record: usize): usize {
  let row = 0;
  let end = segmentEndOf(0);
  p = space(p);
  if (load<u8>(p) != 0x5d) {
    while (true) {
      if (row >= rowLimit) return failRow(row);
      if (!ready(p)) return 0;
      p = cell(p, record, row);
      if (p == 0) return 0;
      if (badFault != 0) return failBad(row);
      row++;
      if (row == end) {
        leaveSegment(record, end);
        end = segmentEndOf(end);
      }
      p = space(p);
      const byte = load<u8>(p);
      if (byte == 0x5d) break;
      if (byte != 0x2c) return syntax(p, Expected.commaOrEnd);
      p = space(p + 1);
    }
  }
  store<i32>(record, row, LENGTH);
  return p + 1;
}

/** Whether every column has as many rows as the first one. */
function sameLengths(): bool {
  const length = load<i32>(recordAt(0), LENGTH);
  setRows(length);
  for (let c = 1; c < columns; c++) {
    const record = recordAt(c);
    const got = load<i32>(record, LENGTH);
    if (got != length) {
      failCell(Fault.lengths, length, nameOf(record), nameLength(record), 0, got);
      return false;
    }
  }
  return true;
}
