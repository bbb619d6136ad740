import { longName, refuseSize, type TableLimits, token } from '../../ports/limits.js';
import { excerpt, Problem } from '../../ports/problem.js';
import { type Cell, type Chunk, type Column, numericCells, type Table } from '../../ports/tables.js';
import type { Arena } from './arena.js';

/** Faults of assembly/frame.ts, in its order. */
export const FAULTS = [
  'none',
  'memory',
  'rows',
  'cells',
  'columns',
  'name',
  'loneName',
  'utf8',
  'syntax',
  'depth',
  'range',
  'nested',
  'notRow',
  'notArray',
  'lengths',
  'duplicate',
  'longLine',
  'overrun',
] as const;
export type FaultName = (typeof FAULTS)[number];

/** What a kernel said of its work; pointers are into the arena. */
export interface Report {
  readonly fault: FaultName;
  /** Byte of the body. */
  readonly at: number;
  /** −1: no row. */
  readonly row: number;
  readonly name: string | undefined;
  readonly detail: number;
  readonly rows: number;
  readonly columns: number;
  readonly table: number;
  /** Words behind these that only this kernel writes. */
  readonly rest: Uint32Array;
}

/** NULs behind a body, so that a kernel needs not look for its end. */
const SENTINEL = 64;
const FRAME_BYTES = 128;
const RECORD_BYTES = 96;
/** What no client can know of how names and strings are hashed. */
const SEED = Math.floor(Math.random() * 2 ** 32);

/** Pointer to a body that 64 NULs follow: where it lies, when nothing lies behind it yet. */
export function placeText(arena: Arena, body: Uint8Array): number {
  const end = body.byteOffset + body.length;
  const inPlace = arena.owns(body) && arena.top === end;
  if (inPlace) {
    const behind = arena.take(SENTINEL) + SENTINEL;
    new Uint8Array(arena.buffer, end, behind - end).fill(0);
    return body.byteOffset;
  }
  const pointer = arena.take(body.length + SENTINEL);
  const copy = new Uint8Array(arena.buffer, pointer, body.length + SENTINEL);
  copy.set(body);
  copy.fill(0, body.length);
  return pointer;
}

/**
 * Runs a kernel that makes a table of the text at `body`; the arena's top is then behind what it made. A body that is
 * still arriving is read as it comes by kernels that watch it; what goes wrong then is tried again when it is whole.
 */
export function parse(
  arena: Arena,
  body: number,
  limits: TableLimits,
  kernel: (frame: number) => void,
  watches = false,
): Report {
  const { arriving } = arena;
  if (arriving !== undefined && watches && arriving.body === body) {
    const { top } = arena;
    const report = run(arena, body, limits, kernel, arriving.watch);
    if (report.fault === 'none') return report;
    arena.reset(top);
  }
  arriving?.whole();
  return run(arena, body, limits, kernel, 0);
}

function run(
  arena: Arena,
  body: number,
  limits: TableLimits,
  kernel: (frame: number) => void,
  watch: number,
): Report {
  const frame = arena.take(FRAME_BYTES);
  const told = new Uint32Array(arena.buffer, frame, FRAME_BYTES / 4).fill(0);
  told[0] = arena.top;
  told[1] = Math.min(arena.limit, 2 ** 32) - 1;
  told[2] = Math.min(limits.rows, 2 ** 31 - 1);
  told[3] = limits.columns;
  new Float64Array(arena.buffer, frame + 16, 1)[0] = limits.cells;
  told[6] = limits.nameBytes;
  told[7] = limits.depth;
  told[8] = SEED;
  told[25] = watch;
  kernel(frame);
  const words = new Uint32Array(arena.buffer, frame, FRAME_BYTES / 4);
  arena.reset(words[18]!);
  const row = words[11]! | 0;
  const name = words[12] === 0 ? undefined : textAt(arena, words[12]!, words[13]!, true);
  return {
    fault: FAULTS[words[9]!] ?? 'none',
    at: words[10] === 0 ? 0 : words[10]! - body,
    row,
    name,
    detail: words[14]!,
    rows: words[15]!,
    columns: words[16]!,
    table: words[17]!,
    rest: words.subarray(19),
  };
}

/** UTF-8 text of the arena; `lone`: it may hold surrogates without their other half. */
export function textAt(arena: Arena, pointer: number, length: number, lone: boolean): string {
  const bytes = Buffer.from(arena.buffer as ArrayBuffer, pointer, length);
  if (!lone) return bytes.toString();
  // Three bytes that UTF-8 does not have: ED, A0 … BF, 80 … BF.
  return bytes
    .toString('latin1')
    .replaceAll(/[^\xed]+|\xed[\x80-\x9f][\x80-\xbf]|\xed[\xa0-\xbf][\x80-\xbf]/gu, (part) => {
      const second = part.charCodeAt(1);
      if (part.startsWith('\xed') && second >= 0xa0)
        return String.fromCharCode(0xd000 | ((second & 0x3f) << 6) | (part.charCodeAt(2) & 0x3f));
      return Buffer.from(part, 'latin1').toString();
    });
}

/** Throws the Problem of a fault that every kernel of this kind can meet; `base` begins the pointers of rows. */
export function refuse(report: Report, base: string, limits: TableLimits, arena: Arena): void {
  const { fault, row, name } = report;
  const pointer = pointerOf(report, base);
  switch (fault) {
    case 'memory':
      throw arena.tooMuch();
    case 'rows':
      throw new Problem('too_many_rows', `expected at most ${limits.rows} rows (MAX_ROWS), got more`);
    case 'cells':
      throw new Problem(
        'too_many_cells',
        `expected at most ${limits.cells} cells (MAX_CELLS), got more by row ${row}`,
      );
    case 'columns': {
      const detail = `expected at most ${limits.columns} columns (MAX_COLUMNS), got more`;
      throw Problem.at(pointer, 'too_many_columns', detail);
    }
    case 'name': {
      const got = `${Buffer.byteLength(name ?? '')} bytes: ${JSON.stringify(excerpt(name ?? '', 40))}`;
      throw Problem.at(pointer, 'invalid_column_name', longName(limits, got));
    }
    case 'loneName': {
      const detail = 'expected a column name of Unicode text, got one with a lone surrogate';
      throw Problem.at(pointer, 'invalid_column_name', detail);
    }
    case 'utf8':
      throw new Problem('invalid_utf8', `expected UTF-8, got bytes that are not, at byte ${report.at}`);
    case 'range': {
      const detail = 'expected a number within the range of float64, got one beyond it';
      throw Problem.at(pointer, 'number_out_of_range', detail);
    }
    default:
  }
}

/** Pointer to the cell, row or column of a fault. */
export function pointerOf({ row, name }: Report, base: string): string {
  const field = name === undefined ? '' : `/${token(name)}`;
  if (base === '/columns') return `${base}${field}${row < 0 ? '' : `/${row}`}`;
  return row < 0 ? `${base}${field}` : `${base}/${row}${field}`;
}

/** The table that a kernel made without a fault. */
export function tableOf(arena: Arena, { rows, columns, table }: Report, limits: TableLimits): Table {
  refuseSize(rows, columns, limits);
  const records = new Uint32Array(arena.buffer, table, columns);
  const gap = missingChunks(arena);
  const made = Array.from(records, (record) => columnOf(arena, record, rows, gap));
  const byName = new Map(made.map((column) => [column.name, column]));
  return { rows, names: [...byName.keys()], column: (name) => byName.get(name)! };
}

/** Name of the first column of a table without rows. */
export function firstName(arena: Arena, table: number): string {
  const [record] = new Uint32Array(arena.buffer, table, 1);
  const [name, length] = new Uint32Array(arena.buffer, record, 2);
  return textAt(arena, name!, length!, false);
}

/** Cells of missing values, for the segments that were never made: one place for all of them. */
function missingChunks(arena: Arena): (length: number) => Float64Array {
  let values: Float64Array = new Float64Array(0);
  return (length) => {
    if (values.length < length) values = arena.float64(length).fill(NaN);
    return values.subarray(0, length);
  };
}

function columnOf(arena: Arena, record: number, rows: number, gap: (length: number) => Float64Array): Column {
  const words = new Uint32Array(arena.buffer, record, RECORD_BYTES / 4);
  const [numbers, booleans, texts, inexact] = [words[11]!, words[12]!, words[13]!, words[14]!];
  const name = textAt(arena, words[0]!, words[1]!, false);
  const segments = new Uint32Array(arena.buffer, words[9], words[10]);
  const chunks: Chunk[] = [];
  for (let start = 0, segment = 0; start < rows; segment++) {
    const length = Math.min(segmentRows(segment), rows - start);
    const pointer = segments[segment] ?? 0;
    const values = pointer === 0 ? gap(length) : arena.float64At(pointer, length);
    chunks.push({ values, validity: null, bitOffset: 0 });
    start += length;
  }
  const columnNumbers = { length: rows, chunks };
  const kinds = (numbers > 0 ? 1 : 0) + (booleans > 0 ? 1 : 0) + (texts > 0 ? 1 : 0);
  if (kinds === 1 && texts === 0) {
    const type = numbers > 0 ? 'number' : 'boolean';
    return {
      name,
      type,
      numbers: columnNumbers,
      inexact,
      cells: () => numericCells(type, columnNumbers),
    };
  }
  const entries = new Uint32Array(arena.buffer, words[17], words[18]! * 4);
  const strings = dictionary(arena, entries);
  const isText = kinds === 1;
  return {
    name,
    type: isText ? 'string' : 'mixed',
    missing: rows - numbers - booleans - texts,
    cells: () => taggedCells(chunks, strings),
    ...(isText && {
      dictionary: {
        counts: () => placeCounts(chunks, entries.length / 4),
        places: () => rowPlaces(chunks, rows),
        text: strings,
      },
    }),
  };
}

/** Rows of a segment, as in assembly/table.ts. */
const segmentRows = (segment: number): number =>
  segment >= 9 ? 65536 : segment === 0 ? 256 : 128 << segment;

/** Strings by their place, each decoded when it is first asked for. */
function dictionary(arena: Arena, entries: Uint32Array): (place: number) => string {
  const known: (string | undefined)[] = [];
  return (place) =>
    (known[place] ??= textAt(
      arena,
      entries[place * 4]!,
      entries[place * 4 + 1]!,
      entries[place * 4 + 3] === 1,
    ));
}

/** High words of the NaNs that are not numbers. */
const [MISSING, BOOLEAN, TEXT] = [0x7ff80000, 0x7ffa0000, 0x7ffc0000];

/** How often each place of a dictionary is there. */
function placeCounts(chunks: readonly Chunk[], places: number): Uint32Array {
  const counts = new Uint32Array(places);
  for (const { values } of chunks) {
    const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
    for (let at = 0; at < words.length; at += 2) if (words[at + 1] === TEXT) counts[words[at]!]!++;
  }
  return counts;
}

/** Each row's place in the dictionary, −1 where it is missing. */
function rowPlaces(chunks: readonly Chunk[], rows: number): Int32Array {
  const places = new Int32Array(rows);
  let row = 0;
  for (const { values } of chunks) {
    const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
    for (let at = 0; at < words.length; at += 2) places[row++] = words[at + 1] === TEXT ? words[at]! : -1;
  }
  return places;
}

function* taggedCells(chunks: readonly Chunk[], strings: (place: number) => string): Iterable<Cell> {
  for (const { values } of chunks) {
    const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
    for (const [row, value] of values.entries()) {
      const tag = words[row * 2 + 1]!;
      if (value === value) yield value;
      else if (tag === TEXT) yield strings(words[row * 2]!);
      else if (tag === BOOLEAN) yield words[row * 2] === 1;
      else if (tag === MISSING) yield null;
      else throw new RangeError(`expected a cell of a known kind, got tag ${tag}`);
    }
  }
}
