/**
 * What a tree's splits make small: the impurity of the target in the nodes. One node at a time is entered; then the places
 * between its rows, in the order of one feature after another, are gone over for the split that makes most of it go.
 *
 * A search of a lane, and what lies in it:
 *
 *     byte 0     weight  impurity  proxy                 of the node: f64
 *          24    best proxy                              f64; −∞: there is no split
 *          32    feature  low  high                      of the best split: i32
 *          44    generator                               u32, of the tree
 *          48    all                                     f64, the weight of the root
 *          56    total                                   f64, the sum of a node of numbers
 *          64    decrease                                f64, of the impurity, in the node, by the best split
 *          72    constants                               i32, features known to be constant below it
 *          76    draws  samples                          of the tree: i32 a row, or 0; i32
 *          84    records  keys  spare  kept              see below; spare is room for keys
 *          100   features  constant                      i32 a feature
 *          108   counts                                  i32, 2048
 *          112   totals                                  f64: of the node, to the left, to the right, a class each
 *          116   open                                    nodes to be looked at: growth.ts
 *
 *     record, 16 bytes a row of the node      of classes: class × 8 (u32), weight (f64)      of numbers: w·y, w (f64)
 *     key, 8 bytes a row of the node          place in the records (low half), rank (high half)
 */
export const PROXY: usize = 24;
export const FEATURE: usize = 32;
export const LOW: usize = 36;
export const HIGH: usize = 40;
export const GENERATOR: usize = 44;
export const ALL: usize = 48;
const TOTAL: usize = 56;
export const DECREASE: usize = 64;
export const CONSTANTS: usize = 72;
export const DRAWS: usize = 76;
export const SAMPLES: usize = 80;
export const RECORDS: usize = 84;
export const KEYS: usize = 88;
export const SPARE: usize = 92;
export const KEPT: usize = 96;
export const FEATURES: usize = 100;
export const CONSTANT: usize = 104;
export const COUNTS: usize = 108;
export const TOTALS: usize = 112;
export const OPEN: usize = 116;
export const SEARCH_BYTES: usize = 128;

/** Criteria; order is the ABI (src/engine/wasm/growth.ts). */
export enum Kind {
  gini,
  entropy,
  squaredError,
}

/** The target of a task, and c log₂ c of whole numbers c: assembly/growth.ts. */
// @ts-ignore: decorator
@inline
export function targetOf(task: usize): usize {
  return <usize>load<u32>(task, 12);
}
// @ts-ignore: decorator
@inline
export function kindOf(task: usize): i32 {
  return load<i32>(task, 16);
}
// @ts-ignore: decorator
@inline
export function classesOf(task: usize): i32 {
  return load<i32>(task, 20);
}
// @ts-ignore: decorator
@inline
function tableOf(task: usize): usize {
  return <usize>load<u32>(task, 24);
}

// @ts-ignore: decorator
@inline
function pointer(search: usize, field: usize): usize {
  return <usize>load<u32>(search + field);
}

// @ts-ignore: decorator
@inline
function weightOf(draws: usize, row: usize): f64 {
  return draws == 0 ? 1 : <f64>load<i32>(draws + (row << 2));
}

// @ts-ignore: decorator
@inline
function logOf(table: usize, count: f64): f64 {
  return load<f64>(table + (<usize>(<u32>count) << 3));
}

/** Takes the rows `samples[start]` … `samples[end − 1]` as the node. */
export function enter(search: usize, task: usize, start: i32, end: i32): void {
  if (kindOf(task) == Kind.squaredError) enterNumbers(search, task, start, end);
  else enterClasses(search, task, start, end);
}

function enterClasses(search: usize, task: usize, start: i32, end: i32): void {
  const totals = pointer(search, TOTALS), samples = pointer(search, SAMPLES), draws = pointer(search, DRAWS);
  const classes = <usize>classesOf(task) << 3;
  const codes = targetOf(task), table = tableOf(task);
  memory.fill(totals, 0, classes);
  let record = pointer(search, RECORDS);
  let weight: f64 = 0;
  for (let i = start; i < end; i++, record += 16) {
    const row = <usize>load<u32>(samples + (<usize>i << 2));
    const w = weightOf(draws, row);
    const c = <usize>load<u32>(codes + (row << 2)) << 3;
    store<u32>(record, <u32>c);
    store<f64>(record, w, 8);
    store<f64>(totals + c, load<f64>(totals + c) + w);
    weight += w;
  }
  let sum: f64 = 0;
  const isGini = kindOf(task) == Kind.gini;
  for (let c: usize = 0; c < classes; c += 8) {
    const count = load<f64>(totals + c);
    sum += isGini ? count * count : logOf(table, count);
  }
  const impurity = isGini ? 1 - sum / (weight * weight) : (logOf(table, weight) - sum) / weight;
  store<f64>(search, weight);
  store<f64>(search, impurity, 8);
  store<f64>(search, isGini ? -weight * impurity : sum - logOf(table, weight), 16);
}

/** Sums are of the differences from the first value: from 0 a narrow node far away would lose digits. */
function enterNumbers(search: usize, task: usize, start: i32, end: i32): void {
  const samples = pointer(search, SAMPLES), draws = pointer(search, DRAWS), values = targetOf(task);
  const records = pointer(search, RECORDS);
  const first = load<f64>(values + (<usize>load<u32>(samples + (<usize>start << 2)) << 3));
  let record = records;
  let weight: f64 = 0, total: f64 = 0;
  for (let i = start; i < end; i++, record += 16) {
    const row = <usize>load<u32>(samples + (<usize>i << 2));
    const w = weightOf(draws, row);
    const own = w * (load<f64>(values + (row << 3)) - first);
    store<f64>(record, own);
    store<f64>(record, w, 8);
    weight += w;
    total += own;
  }
  const offset = total / weight;
  const last = record;
  let squares: f64 = 0;
  for (record = records; record < last; record += 16) {
    const w = load<f64>(record, 8);
    const deviation = load<f64>(record) / w - offset;
    squares += w * deviation * deviation;
  }
  store<f64>(search, weight);
  store<f64>(search, squares / weight, 8);
  store<f64>(search, (total * total) / weight, 16);
  store<f64>(search, total, TOTAL);
}

/**
 * Goes over the places between different keys, of which `length` lie sorted, with `least` rows on either side at least.
 * returns whether there is a better split, which is the best one then
 */
export function scan(search: usize, task: usize, keys: usize, length: i32, least: i32): bool {
  const kind = kindOf(task);
  if (kind == Kind.squaredError) return scanNumbers(search, keys, length, least);
  const classes = <usize>classesOf(task) << 3;
  const totals = pointer(search, TOTALS);
  const left = totals + classes, right = left + classes;
  memory.fill(left, 0, classes);
  memory.copy(right, totals, classes);
  return kind == Kind.gini
    ? scanGini(search, keys, length, least, left, right, classes)
    : scanEntropy(search, tableOf(task), keys, length, least, left, right, classes);
}

// @ts-ignore: decorator
@inline
function rank(keys: usize, i: i32): u32 {
  return load<u32>(keys + (<usize>i << 3), 4);
}

// @ts-ignore: decorator
@inline
function keep(search: usize, proxy: f64, decrease: f64, keys: usize, i: i32): void {
  store<f64>(search, proxy, PROXY);
  store<f64>(search, decrease, DECREASE);
  store<u32>(search, rank(keys, i), LOW);
  store<u32>(search, rank(keys, i + 1), HIGH);
}

function scanGini(search: usize, keys: usize, length: i32, least: i32, left: usize, right: usize, classes: usize): bool {
  const records = pointer(search, RECORDS);
  const weight = load<f64>(search), impurity = load<f64>(search, 8);
  let best = load<f64>(search, PROXY), decrease: f64 = 0;
  let squaresRight: f64 = 0;
  for (let c: usize = 0; c < classes; c += 8) squaresRight += load<f64>(right + c) * load<f64>(right + c);
  let squaresLeft: f64 = 0, weightLeft: f64 = 0;
  let at = -1;
  const last = length - least;
  for (let i = 0; i < last; i++) {
    const record = records + (<usize>load<u32>(keys + (<usize>i << 3)) << 4);
    const w = load<f64>(record, 8);
    const c = <usize>load<u32>(record);
    const l = load<f64>(left + c), r = load<f64>(right + c);
    // Sums of squares change by w(2c + w): whole numbers, so nothing is rounded.
    squaresLeft += w * (2 * l + w);
    squaresRight -= w * (2 * r - w);
    store<f64>(left + c, l + w);
    store<f64>(right + c, r - w);
    weightLeft += w;
    if (rank(keys, i + 1) == rank(keys, i) || i + 1 < least) continue;
    // As scikit-learn computes it, so that of splits that are equally good rounding picks the same.
    const weightRight = weight - weightLeft;
    const impurityLeft = 1 - squaresLeft / (weightLeft * weightLeft);
    const impurityRight = 1 - squaresRight / (weightRight * weightRight);
    const proxy = -weightRight * impurityRight - weightLeft * impurityLeft;
    if (proxy <= best) continue;
    best = proxy;
    decrease = impurity - (weightRight / weight) * impurityRight - (weightLeft / weight) * impurityLeft;
    at = i;
  }
  if (at < 0) return false;
  keep(search, best, decrease, keys, at);
  return true;
}

function scanEntropy(
  search: usize,
  table: usize,
  keys: usize,
  length: i32,
  least: i32,
  left: usize,
  right: usize,
  classes: usize,
): bool {
  const records = pointer(search, RECORDS);
  const weight = load<f64>(search);
  let best = load<f64>(search, PROXY);
  let weightLeft: f64 = 0;
  let at = -1;
  const last = length - least;
  for (let i = 0; i < last; i++) {
    const record = records + (<usize>load<u32>(keys + (<usize>i << 3)) << 4);
    const w = load<f64>(record, 8);
    const c = <usize>load<u32>(record);
    store<f64>(left + c, load<f64>(left + c) + w);
    store<f64>(right + c, load<f64>(right + c) - w);
    weightLeft += w;
    if (rank(keys, i + 1) == rank(keys, i) || i + 1 < least) continue;
    let proxy = -logOf(table, weightLeft) - logOf(table, weight - weightLeft);
    for (let k: usize = 0; k < classes; k += 8) {
      proxy += logOf(table, load<f64>(left + k)) + logOf(table, load<f64>(right + k));
    }
    if (proxy <= best) continue;
    best = proxy;
    at = i;
  }
  if (at < 0) return false;
  keep(search, best, (best - load<f64>(search, 16)) / weight, keys, at);
  return true;
}

function scanNumbers(search: usize, keys: usize, length: i32, least: i32): bool {
  const records = pointer(search, RECORDS);
  const weight = load<f64>(search), total = load<f64>(search, TOTAL);
  let best = load<f64>(search, PROXY);
  let sum: f64 = 0, weightLeft: f64 = 0;
  let at = -1;
  const last = length - least;
  for (let i = 0; i < last; i++) {
    const record = records + (<usize>load<u32>(keys + (<usize>i << 3)) << 4);
    sum += load<f64>(record);
    weightLeft += load<f64>(record, 8);
    if (rank(keys, i + 1) == rank(keys, i) || i + 1 < least) continue;
    const rest = total - sum;
    const proxy = (sum * sum) / weightLeft + (rest * rest) / (weight - weightLeft);
    if (proxy <= best) continue;
    best = proxy;
    at = i;
  }
  if (at < 0) return false;
  keep(search, best, (best - load<f64>(search, 16)) / weight, keys, at);
  return true;
}
