/**
 * CSV (RFC 4180) straight to columns, in one pass; those that turn out to be strings after numbers or booleans were
 * read in them are read again, all in one second pass.
 *
 *     body  a,b⏎1,x⏎"2","y""z"⏎  ⏎"  NUL …
 *                                └ two bytes written behind the text end every scan
 */

import { decimal, decimal_inexact, decimal_value } from './decimal';
import { allocate, fail, failCell, Fault } from './frame';
import {
  begin,
  clearColumn,
  columnOf,
  columns,
  failRow,
  finish,
  leaveSegment,
  LENGTH,
  MODE,
  nameLength,
  nameOf,
  putBoolean,
  putNumber,
  putText,
  recordAt,
  rowLimit,
  segmentEndOf,
  setRows,
} from './table';
import { utf8Fault } from './utf8';

/** What is wrong where a syntax fault is; src/engine/csv.ts has the words. */
enum Wrong {
  quoteInside,
  behindQuote,
  quoteOpen,
  longLine,
  noHeader,
}

/** What the fields of a column were so far, empty ones aside. The order matters: up to `numbers` one may be a number. */
enum Mode {
  nothing,
  nans,
  numbers,
  booleans,
  texts,
  /** Strings, but others were read before: for the second pass. In the second pass: nothing to do. */
  passed,
}

/** What a field is. */
enum Kind {
  text,
  number,
  nan,
  /** The infinity of `decimal_value`'s sign, by word. */
  infinity,
  no,
  yes,
}

const COMMA: u32 = 0x2c;
const QUOTE: u32 = 0x22;

/** Behind the text. */
let end: usize = 0;
/** The field read last, without its quotes: [fieldStart, fieldEnd). */
let fieldStart: usize = 0;
let fieldEnd: usize = 0;
/** Whether quotes are doubled in it. */
let doubled: bool = false;

/**
 * IN/OUT frame    see frame.ts
 * IN  body        `length` bytes and at least 64 behind them, the first two of which are written to
 */
export function csv_parse(frame: usize, body: usize, length: i32): void {
  if (begin(frame)) {
    end = body + <usize>length;
    const broken = utf8Fault(body, end);
    if (broken != 0) {
      fail(Fault.utf8, broken);
    } else {
      store<u16>(end, 0x220a);
      const p = header((load<u32>(body) & 0xffffff) == 0xbfbbef ? body + 3 : body);
      if (p != 0 && lines(p, true)) again(p);
      store<u16>(end, 0);
    }
  }
  finish(frame);
}

// @ts-ignore: decorator
@inline
function isNewline(byte: u32): bool {
  return byte == 0x0a || byte == 0x0d;
}

/** Whether a field ends in front of this byte. */
// @ts-ignore: decorator
@inline
function isBehind(byte: u32): bool {
  return byte == COMMA || isNewline(byte);
}

/** A field's place; returns the pointer to the comma or the end of the line behind it, or 0 after noting a fault. */
function scan(p: usize): usize {
  doubled = false;
  fieldStart = p;
  if (load<u8>(p) != QUOTE) {
    while (true) {
      const bytes = v128.load(p);
      const stops = i8x16.bitmask(
        v128.or(
          v128.or(i8x16.eq(bytes, i8x16.splat(0x2c)), i8x16.eq(bytes, i8x16.splat(0x22))),
          v128.or(i8x16.eq(bytes, i8x16.splat(0x0a)), i8x16.eq(bytes, i8x16.splat(0x0d))),
        ),
      );
      if (stops != 0) {
        p += <usize>ctz(stops);
        break;
      }
      p += 16;
    }
    fieldEnd = p;
    return load<u8>(p) == QUOTE ? fail(Fault.syntax, p, Wrong.quoteInside) : p;
  }
  fieldStart = ++p;
  while (true) {
    const stops = i8x16.bitmask(i8x16.eq(v128.load(p), i8x16.splat(0x22)));
    if (stops == 0) {
      p += 16;
      continue;
    }
    p += <usize>ctz(stops);
    if (p >= end) return fail(Fault.syntax, fieldStart - 1, Wrong.quoteOpen);
    if (load<u8>(p, 1) != QUOTE) break;
    doubled = true;
    p += 2;
  }
  fieldEnd = p++;
  return isBehind(load<u8>(p)) ? p : fail(Fault.syntax, p, Wrong.behindQuote);
}

/** Writes the field beside the body with single quotes. False: no memory. */
function unescape(): bool {
  const written = allocate(fieldEnd - fieldStart);
  if (written == 0) return false;
  let out = written;
  for (let p = fieldStart; p < fieldEnd; p++) {
    const byte = load<u8>(p);
    store<u8>(out++, byte);
    if (byte == QUOTE) p++;
  }
  fieldStart = written;
  fieldEnd = out;
  return true;
}

/** The first line that is not blank: names. Its syntax comes first, so that the first fault is the same in every engine. */
function header(p: usize): usize {
  while (p < end && isNewline(load<u8>(p))) p++;
  if (p >= end) return fail(Fault.syntax, end, Wrong.noHeader);
  let behind = scan(p);
  while (behind != 0 && load<u8>(behind) == COMMA) behind = scan(behind + 1);
  if (behind == 0) return 0;
  let count = 0;
  while (true) {
    const at = p;
    p = scan(p);
    if (doubled && !unescape()) return 0;
    const length = <u32>(fieldEnd - fieldStart);
    const column = columnOf(fieldStart, length, false, -1);
    if (column < 0) return 0;
    if (column < count) return failCell(Fault.duplicate, -1, fieldStart, length, at);
    if (p == behind) return p;
    count++;
    p++;
  }
}

/** The lines behind the header. `first`: rows are counted and held against the limits. False: a fault. */
function lines(p: usize, first: bool): bool {
  let row = 0;
  let segmentEnd = segmentEndOf(0);
  while (true) {
    while (isNewline(load<u8>(p))) {
      if (p >= end) {
        leave(row);
        if (first) setRows(row);
        return true;
      }
      p++;
    }
    p = line(p, row);
    if (p == 0) return false;
    if (first && row >= rowLimit) {
      failRow(row);
      return false;
    }
    row++;
    if (row == segmentEnd) {
      leave(segmentEnd);
      segmentEnd = segmentEndOf(segmentEnd);
    }
  }
}

function leave(row: i32): void {
  for (let c = 0; c < columns; c++) leaveSegment(recordAt(c), row);
}

function line(p: usize, row: i32): usize {
  const width = columns;
  for (let c = 0; c < width; c++) {
    p = field(p, recordAt(c), row);
    if (p == 0 || load<u8>(p) != COMMA) return p;
    p++;
  }
  return fail(Fault.longLine, p, width);
}

// @ts-ignore: decorator
@inline
function field(p: usize, record: usize, row: i32): usize {
  const mode = load<i32>(record, MODE);
  if (mode <= Mode.numbers) {
    const behind = decimal(p, true);
    if (behind != 0 && isBehind(load<u8>(behind))) return putDecimal(record, row, mode) ? behind : 0;
  }
  return otherField(p, record, row, mode);
}

// @ts-ignore: decorator
@inline
function putDecimal(record: usize, row: i32, mode: i32): bool {
  const value = decimal_value;
  if (mode != Mode.numbers) store<i32>(record, Mode.numbers, MODE);
  if (!isFinite(value) && load<i32>(record, LENGTH) == 0) store<i32>(record, row + 1, LENGTH);
  return putNumber(record, row, value, decimal_inexact);
}

function otherField(p: usize, record: usize, row: i32, mode: i32): usize {
  const behind = scan(p);
  if (behind == 0 || mode == Mode.passed || fieldStart == fieldEnd) return behind;
  const kind = doubled || mode == Mode.texts ? Kind.text : kindOf(fieldStart, fieldEnd);
  let done: bool = true;
  if (kind == Kind.text) {
    if (mode == Mode.nothing || mode == Mode.texts) {
      store<i32>(record, Mode.texts, MODE);
      done = (!doubled || unescape()) && putText(record, row, fieldStart, <u32>(fieldEnd - fieldStart), false);
    } else {
      store<i32>(record, Mode.passed, MODE);
    }
  } else if (kind == Kind.no || kind == Kind.yes) {
    const fits = mode == Mode.nothing || mode == Mode.booleans;
    store<i32>(record, fits ? Mode.booleans : Mode.passed, MODE);
    if (fits) done = putBoolean(record, row, kind == Kind.yes ? 1 : 0);
  } else if (mode == Mode.booleans) {
    store<i32>(record, Mode.passed, MODE);
  } else if (kind == Kind.number) {
    done = putDecimal(record, row, mode);
  } else if (kind == Kind.infinity) {
    store<i32>(record, Mode.numbers, MODE);
    done = putNumber(record, row, load<u8>(trimmed) == 0x2d ? -Infinity : Infinity, 0);
  } else if (mode == Mode.nothing) {
    store<i32>(record, Mode.nans, MODE);
  }
  return done ? behind : 0;
}

// @ts-ignore: decorator
@inline
function isBlank(byte: u32): bool {
  return byte == 0x20 || byte == 0x09;
}

/** The first byte of the field read last that is no blank. */
let trimmed: usize = 0;

/** What the bytes in [p, last) are, blanks around them aside. */
function kindOf(p: usize, last: usize): i32 {
  while (p < last && isBlank(load<u8>(p))) p++;
  while (last > p && isBlank(load<u8>(last - 1))) last--;
  trimmed = p;
  if (p < last && decimal(p, true) == last) return Kind.number;
  const length = last - p;
  if (length == 4) {
    const word = load<u32>(p);
    if (word == 0x65757274 || word == 0x65757254 || word == 0x45555254) return Kind.yes;
  } else if (length == 5) {
    const first = <u32>load<u8>(p);
    const word = load<u32>(p, 1);
    if (word == 0x65736c61 && (first == 0x66 || first == 0x46)) return Kind.no;
    if (word == 0x45534c41 && first == 0x46) return Kind.no;
  }
  const sign = <u32>load<u8>(p);
  if (sign == 0x2d || sign == 0x2b) p++;
  if (last - p == 8) return (load<u64>(p) | 0x2020_2020_2020_2020) == 0x7974_696e_6966_6e69 ? Kind.infinity : Kind.text;
  if (last - p != 3) return Kind.text;
  const word = (load<u32>(p) & 0xff_ffff) | 0x20_2020;
  return word == 0x6e_616e ? Kind.nan : word == 0x66_6e69 ? Kind.infinity : Kind.text;
}

/** Refuses literals beyond float64 in columns of numbers; then reads those columns again that are strings after all. */
function again(p: usize): void {
  let more = false;
  let lowest: usize = 0;
  for (let c = 0; c < columns; c++) {
    const record = recordAt(c);
    const mode = load<i32>(record, MODE);
    if (mode == Mode.passed) more = true;
    const row = load<i32>(record, LENGTH);
    if (mode != Mode.numbers || row == 0) continue;
    if (lowest == 0 || row < load<i32>(lowest, LENGTH)) lowest = record;
  }
  if (lowest != 0) {
    failCell(Fault.range, load<i32>(lowest, LENGTH) - 1, nameOf(lowest), nameLength(lowest), 0);
    return;
  }
  if (!more) return;
  for (let c = 0; c < columns; c++) {
    const record = recordAt(c);
    const texts = load<i32>(record, MODE) == Mode.passed;
    store<i32>(record, texts ? Mode.texts : Mode.passed, MODE);
    if (texts) clearColumn(record);
  }
  lines(p, false);
}
