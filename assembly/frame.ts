/**
 * The frame of a kernel that makes a table of text: what it is told, the memory it takes, and the first fault it meets.
 */

export enum Fault {
  none,
  memory,
  rows,
  cells,
  columns,
  name,
  loneName,
  utf8,
  syntax,
  depth,
  range,
  nested,
  notRow,
  notArray,
  lengths,
  duplicate,
  longLine,
  /** What was read had not arrived yet, or did not arrive in time: to be read again once the body is whole. */
  overrun,
}

/** Behind everything that is handed out, so that whole words can be read. */
const SLACK: u64 = 64;

/** Layout of a frame; src/engine/wasm/table.ts has the same. */
const IN_TOP: usize = 0;
const IN_LIMIT: usize = 4;
const IN_ROWS: usize = 8;
const IN_COLUMNS: usize = 12;
const IN_CELLS: usize = 16;
const IN_NAME: usize = 24;
const IN_DEPTH: usize = 28;
const IN_SEED: usize = 32;
const OUT_FAULT: usize = 36;
const OUT_AT: usize = 40;
const OUT_ROW: usize = 44;
const OUT_NAME: usize = 48;
const OUT_NAME_LENGTH: usize = 52;
const OUT_DETAIL: usize = 56;
const OUT_ROWS: usize = 60;
const OUT_COLUMNS: usize = 64;
const OUT_TABLE: usize = 68;
const OUT_TOP: usize = 72;
/** For what only one of the kernels reports. */
export const OUT_REST: usize = 76;
/** Word that counts the bytes of the body that have arrived, negative when no more will; 0: all of them have. */
const IN_WATCH: usize = 100;

/** An element of the body is read once this much of it and of what follows has arrived. */
const MARGIN: usize = 65536;
/** Bytes behind an element that are looked at while it is read. */
const AHEAD: usize = 64;
/** Nanoseconds that are waited for more to arrive. */
const PATIENCE: i64 = 200_000_000;

let top: usize = 0;
let limit: u64 = 0;
let room: u64 = 0;
export let maxRows: i32 = 0;
export let maxColumns: i32 = 0;
export let maxCells: f64 = 0;
export let maxName: u32 = 0;
export let maxDepth: i32 = 0;
export let seed: u64 = 0;

export let fault: i32 = 0;
let faultAt: usize = 0;
let faultRow: i32 = 0;
let faultName: usize = 0;
let faultNameLength: u32 = 0;
let faultDetail: i32 = 0;

/** Takes in a frame; the memory behind its top may be allocated. */
export function readFrame(frame: usize): void {
  top = <usize>load<u32>(frame, IN_TOP);
  limit = <u64>load<u32>(frame, IN_LIMIT) + 1;
  room = <u64>memory.size() << 16;
  maxRows = load<i32>(frame, IN_ROWS);
  maxColumns = load<i32>(frame, IN_COLUMNS);
  maxCells = load<f64>(frame, IN_CELLS);
  maxName = load<u32>(frame, IN_NAME);
  maxDepth = load<i32>(frame, IN_DEPTH);
  seed = (<u64>load<u32>(frame, IN_SEED) + 1) * 0x9e37_79b9_7f4a_7c15;
  fault = Fault.none;
  faultAt = 0;
  faultRow = -1;
  faultName = 0;
  faultNameLength = 0;
  faultDetail = 0;
}

let watch: usize = 0;
let arriving: usize = 0;
let whole: usize = 0;
let awaited: usize = 0;
/** Pointer behind what has surely arrived of a body. */
let available: usize = 0;

/** Where the body lies whose bytes may still be arriving; false, after noting a fault, when they do not. */
export function readBody(frame: usize, body: usize, length: i32): bool {
  watch = <usize>load<u32>(frame, IN_WATCH);
  arriving = body;
  whole = body + <usize>length;
  available = 0xffff_ffff;
  return watch == 0 || arrive(body);
}

/**
 * Whether the next element of the body can be read, and all that was read up to `p` had arrived when it was. Waits for
 * more; false, after noting a fault, when that takes too long or what was read had not arrived.
 */
// @ts-ignore: decorator
@inline
export function ready(p: usize): bool {
  return (p <= available && available - p >= MARGIN) || readyLate(p);
}

function readyLate(p: usize): bool {
  if (watch == 0) return true;
  if (p <= available && available - p >= AHEAD) return arrive(p);
  fail(Fault.overrun, p);
  return false;
}

function arrive(p: usize): bool {
  // A global: V8's baseline compiler (Node 20) forgets locals across the wait.
  awaited = p;
  while (true) {
    const landed = atomic.load<i32>(watch);
    available = arriving + <usize>landed;
    if (landed >= 0 && available >= whole) {
      watch = 0;
      available = 0xffff_ffff;
      return true;
    }
    if (landed < 0) break;
    if (available >= awaited && available - awaited >= MARGIN) return true;
    if (atomic.wait<i32>(watch, landed, PATIENCE) == 2) break;
  }
  fail(Fault.overrun, awaited);
  return false;
}

/** Says how it ended. */
export function writeFrame(frame: usize, rows: i32, columns: i32, table: usize): void {
  store<i32>(frame, fault, OUT_FAULT);
  store<u32>(frame, <u32>faultAt, OUT_AT);
  store<i32>(frame, faultRow, OUT_ROW);
  store<u32>(frame, <u32>faultName, OUT_NAME);
  store<u32>(frame, faultNameLength, OUT_NAME_LENGTH);
  store<i32>(frame, faultDetail, OUT_DETAIL);
  store<i32>(frame, rows, OUT_ROWS);
  store<i32>(frame, columns, OUT_COLUMNS);
  store<u32>(frame, <u32>table, OUT_TABLE);
  store<u32>(frame, <u32>top, OUT_TOP);
}

/** Notes the first fault, at a byte; returns 0, which every parser takes for its end. */
export function fail(code: i32, at: usize, detail: i32 = 0): usize {
  if (fault == Fault.none) {
    fault = code;
    faultAt = at;
    faultDetail = detail;
  }
  return 0;
}

/** The same at a cell, or at a row (`name` 0). */
export function failCell(code: i32, row: i32, name: usize, length: u32, at: usize, detail: i32 = 0): usize {
  if (fault == Fault.none) {
    faultRow = row;
    faultName = name;
    faultNameLength = length;
  }
  return fail(code, at, detail);
}

/** Pointer to memory, 8-byte aligned, not cleared; 0 and a fault when there is no more. */
export function allocate(bytes: usize): usize {
  const pointer = ((<u64>top + 7) >> 3) << 3;
  const end = pointer + <u64>bytes + SLACK;
  if (end > room) {
    // Growing by an eighth at least keeps the number of growths small.
    let wanted = (end - room + 0xffff) >> 16;
    const generous = room >> 19;
    if (generous > wanted && room + (generous << 16) <= limit) wanted = generous;
    if (room + (wanted << 16) > limit || memory.grow(<i32>wanted) < 0) return fail(Fault.memory, 0);
    room = <u64>memory.size() << 16;
  }
  top = <usize>(pointer + <u64>bytes);
  return <usize>pointer;
}

/** Gives back what lies behind `end` of what was allocated last. */
export function keep(end: usize): void {
  top = end;
}
