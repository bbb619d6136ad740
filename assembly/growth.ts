/**
 * Decision trees, grown whole: a lane takes tree after tree. How a node is split: splits.ts.
 *
 * A tree as it comes out:
 *
 *     byte 0     nodes  depth  leaves  samples     how many; splits on the longest way; i32
 *          16    importances                       f64 a feature
 *                node, 16 bytes                    feature  left  low  high       i32
 *                samples                           i32: the rows, so that those of a leaf lie side by side
 *
 * Of a leaf, whose feature is −1, `left` is its number, `low` and `high` are where its samples begin and end.
 *
 * A node that is still open, 48 bytes; what is behind `constants` only where the best one is taken first:
 *
 *     byte 0     id  start  end  depth  constants  middle  feature  low  high       i32
 *          40    improvement                                                        f64
 */
import {
  CONSTANT,
  CONSTANTS,
  COUNTS,
  DECREASE,
  DRAWS,
  FEATURE,
  FEATURES,
  GENERATOR,
  HIGH,
  KEPT,
  KEYS,
  LOW,
  OPEN,
  RECORDS,
  SAMPLES,
  SEARCH_BYTES,
  SPARE,
  TOTALS,
  classesOf,
} from './criteria';
import { split } from './splits';
import { isStopped } from './team';

const NODES: usize = 16;
const OPEN_BYTES: usize = 48;
const COUNTS_BYTES: usize = 8192;

// @ts-ignore: decorator
@inline
function aligned(bytes: usize): usize {
  return (bytes + 15) & ~15;
}

/** Lays out what a lane searches in: growthScratch in src/engine/wasm/growth.ts is its size. */
function prepare(search: usize, task: usize, rows: i32): void {
  const n = <usize>rows, d = <usize>load<i32>(task, 4);
  let at = search + SEARCH_BYTES;
  store<u32>(search, <u32>at, RECORDS);
  at += n << 4;
  store<u32>(search, <u32>at, KEYS);
  at += n << 3;
  store<u32>(search, <u32>at, SPARE);
  at = aligned(at + (n << 3));
  store<u32>(search, <u32>at, KEPT);
  // Whoever parts writes one row too many.
  at = aligned(at + ((n + 1) << 2));
  store<u32>(search, <u32>at, FEATURES);
  at = aligned(at + (d << 2));
  store<u32>(search, <u32>at, CONSTANT);
  at = aligned(at + (d << 2));
  store<u32>(search, <u32>at, COUNTS);
  at += COUNTS_BYTES;
  store<u32>(search, <u32>at, TOTALS);
  at = aligned(at + (<usize>classesOf(task) * 24));
  store<u32>(search, <u32>at, OPEN);
}

/** The rows that were drawn. OUT: samples. returns how many */
function begin(search: usize, member: usize, samples: usize, rows: i32, d: i32): i32 {
  const draws = <usize>load<u32>(member);
  store<u32>(search, <u32>draws, DRAWS);
  store<u32>(search, <u32>samples, SAMPLES);
  store<u32>(search, load<u32>(member, 4), GENERATOR);
  const features = <usize>load<u32>(search, FEATURES);
  for (let i = 0; i < d; i++) store<i32>(features + (<usize>i << 2), i);
  let at = samples;
  for (let row = 0; row < rows; row++) {
    if (draws != 0 && load<i32>(draws + (<usize>row << 2)) == 0) continue;
    store<i32>(at, row);
    at += 4;
  }
  return <i32>((at - samples) >> 2);
}

// @ts-ignore: decorator
@inline
function openNode(at: usize, id: i32, start: i32, end: i32, depth: i32, constants: i32): void {
  store<i32>(at, id);
  store<i32>(at, start, 4);
  store<i32>(at, end, 8);
  store<i32>(at, depth, 12);
  store<i32>(at, constants, 16);
}

/** Makes a node a split; returns its left child. */
// @ts-ignore: decorator
@inline
function divide(tree: usize, nodes: usize, id: i32, feature: i32, low: i32, high: i32, improvement: f64): i32 {
  const child = load<i32>(tree);
  store<i32>(tree, child + 2);
  const node = nodes + (<usize>id << 4);
  store<i32>(node, feature);
  store<i32>(node, child, 4);
  store<i32>(node, low, 8);
  store<i32>(node, high, 12);
  const part = tree + NODES + (<usize>feature << 3);
  store<f64>(part, load<f64>(part) + improvement);
  return child;
}

// @ts-ignore: decorator
@inline
function leaf(tree: usize, nodes: usize, open: usize): void {
  const node = nodes + (<usize>load<i32>(open) << 4);
  const number = load<i32>(tree, 8);
  store<i32>(tree, number + 1, 8);
  store<i32>(node, -1);
  store<i32>(node, number, 4);
  store<i32>(node, load<i32>(open, 4), 8);
  store<i32>(node, load<i32>(open, 8), 12);
}

function growDepthFirst(search: usize, task: usize, bounds: usize, tree: usize, nodes: usize): void {
  const open = <usize>load<u32>(search, OPEN);
  let top = open + OPEN_BYTES;
  for (let steps = 0; top > open; steps++) {
    if ((steps & 255) == 255 && isStopped(task)) return;
    top -= OPEN_BYTES;
    const id = load<i32>(top), start = load<i32>(top, 4), end = load<i32>(top, 8), depth = load<i32>(top, 12);
    store<i32>(tree, max(load<i32>(tree, 4), depth), 4);
    const middle = split(search, task, bounds, start, end, depth, load<i32>(top, 16));
    if (middle < 0) {
      leaf(tree, nodes, top);
      continue;
    }
    const improvement = load<f64>(search, DECREASE);
    const low = load<i32>(search, LOW), high = load<i32>(search, HIGH), constants = load<i32>(search, CONSTANTS);
    const left = divide(tree, nodes, id, load<i32>(search, FEATURE), low, high, improvement);
    openNode(top, left + 1, middle, end, depth + 1, constants);
    openNode(top + OPEN_BYTES, left, start, middle, depth + 1, constants);
    top += OPEN_BYTES << 1;
  }
}

/**
 * Looks at a node: it becomes a leaf, or is put among the `count` open ones, in ascending order of improvement, before its
 * equals: among them the one that was there before is taken first. returns how many are open
 */
function put(search: usize, task: usize, bounds: usize, tree: usize, nodes: usize, count: i32, id: i32, start: i32, end: i32, depth: i32): i32 {
  const open = <usize>load<u32>(search, OPEN);
  const last = open + <usize>count * OPEN_BYTES;
  store<i32>(tree, max(load<i32>(tree, 4), depth), 4);
  const middle = split(search, task, bounds, start, end, depth, 0);
  if (middle < 0) {
    openNode(last, id, start, end, depth, 0);
    leaf(tree, nodes, last);
    return count;
  }
  const improvement = load<f64>(search, DECREASE);
  let low = 0, high = count;
  while (low < high) {
    const half = (low + high) >> 1;
    if (load<f64>(open + <usize>half * OPEN_BYTES, 40) < improvement) low = half + 1;
    else high = half;
  }
  const at = open + <usize>low * OPEN_BYTES;
  memory.copy(at + OPEN_BYTES, at, last - at);
  openNode(at, id, start, end, depth, 0);
  store<i32>(at, middle, 20);
  store<i32>(at, load<i32>(search, FEATURE), 24);
  store<i32>(at, load<i32>(search, LOW), 28);
  store<i32>(at, load<i32>(search, HIGH), 32);
  store<f64>(at, improvement, 40);
  return count + 1;
}

/** The node whose split makes most of the impurity go is split next. */
function growBestFirst(search: usize, task: usize, bounds: usize, tree: usize, nodes: usize, count: i32): void {
  const open = <usize>load<u32>(search, OPEN);
  let opened = put(search, task, bounds, tree, nodes, 0, 0, 0, count, 0);
  for (let left = load<i32>(bounds, 16) - 1; left > 0 && opened > 0; left--) {
    if (isStopped(task)) return;
    const next = open + <usize>(--opened) * OPEN_BYTES;
    const start = load<i32>(next, 4), end = load<i32>(next, 8), depth = load<i32>(next, 12), middle = load<i32>(next, 20);
    const low = load<i32>(next, 28), high = load<i32>(next, 32);
    const child = divide(tree, nodes, load<i32>(next), load<i32>(next, 24), low, high, load<f64>(next, 40));
    opened = put(search, task, bounds, tree, nodes, opened, child, start, middle, depth + 1);
    opened = put(search, task, bounds, tree, nodes, opened, child + 1, middle, end, depth + 1);
  }
  for (let i = 0; i < opened; i++) leaf(tree, nodes, open + <usize>i * OPEN_BYTES);
}

/**
 * Grows one tree a unit.
 *
 * Arguments, u32:
 *
 *     byte 0    ranks       u32 pointers to i32, one a feature
 *          4    d           features
 *          8    rows
 *          12   target      i32 classes, or f64
 *          16   kind        Kind of criteria.ts
 *          20   classes     0 of numbers
 *          24   table       f64: c log₂ c of the whole numbers up to the weight of a tree; 0 where it is not entropy
 *          28   bounds      depth  least rows of a split  of a leaf  features looked at  leaves or 0 (i32)  −  least decrease (f64)
 *          32   members     8 bytes each: u32 pointer to how often each row was drawn, i32, or 0; u32 state of the generator
 *          36   outs        OUT, a tree each
 *          40   outBytes    of a tree
 *          44   nodes       that a tree has at most
 *          48   scratch
 *          52   scratchBytes   a lane
 */
export function growUnit(task: usize, unit: i32, lane: i32): void {
  const d = load<i32>(task, 4), rows = load<i32>(task, 8);
  const bounds = <usize>load<u32>(task, 28);
  const member = <usize>load<u32>(task, 32) + (<usize>unit << 3);
  const tree = <usize>load<u32>(task, 36) + <usize>unit * <usize>load<u32>(task, 40);
  const search = <usize>load<u32>(task, 48) + <usize>lane * <usize>load<u32>(task, 52);
  const nodes = tree + NODES + (<usize>d << 3);
  const samples = nodes + (<usize>load<u32>(task, 44) << 4);
  prepare(search, task, rows);
  memory.fill(tree, 0, nodes - tree);
  store<i32>(tree, 1);
  const count = begin(search, member, samples, rows, d);
  store<i32>(tree, count, 12);
  if (load<i32>(bounds, 16) > 0) {
    growBestFirst(search, task, bounds, tree, nodes, count);
    return;
  }
  openNode(<usize>load<u32>(search, OPEN), 0, 0, count, 0, 0);
  growDepthFirst(search, task, bounds, tree, nodes);
}
