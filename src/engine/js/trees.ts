import type { TreeNodes, TreesKernel } from '../../ports/trees.js';
import { grow } from './growth.js';
import { areFew, walkRows } from '../walk.js';

/**
 * Values of the rows that go through a tree together. They should stay in the cache, but a tree is fetched again for every
 * block: of 16 columns 16,384 rows.
 */
const BLOCK_VALUES = 2 ** 18;

export const trees: TreesKernel = {
  traverse(all, columns, rows) {
    const count = rows === undefined ? (columns[0]?.length ?? 0) : rows.length;
    const sums = new Float64Array(count * all.width);
    if (areFew(count, all)) walkRows(all, columns, rows, sums);
    else addLeaves(all, columns, rows, count, sums);
    return sums;
  },
  grow,
};

/** Trees are gone through in order, so the sums have the same bits whatever the blocks. INOUT: sums, count × width. */
function addLeaves(
  all: TreeNodes,
  columns: readonly Float64Array[],
  rows: Int32Array | undefined,
  count: number,
  sums: Float64Array,
): void {
  const d = columns.length;
  const walk = walkable(all);
  const most = Math.min(count, Math.max(64, Math.ceil(BLOCK_VALUES / d)));
  const block = new Float64Array(most * d);
  // Rows go by fours.
  const leaves = new Int32Array(most + 3);
  for (let start = 0; start < count; start += most) {
    const length = Math.min(most, count - start);
    gather(columns, rows, start, length, block);
    for (const root of all.roots) {
      findLeaves(walk, root, block, d, length, leaves);
      addValues(all, leaves, length, sums, start * all.width);
    }
  }
}

/** Rows `start` … as rows of `block`. */
function gather(
  columns: readonly Float64Array[],
  rows: Int32Array | undefined,
  start: number,
  length: number,
  block: Float64Array,
): void {
  const d = columns.length;
  for (let j = 0; j < d; j++) {
    const column = columns[j]!;
    if (rows === undefined) for (let i = 0; i < length; i++) block[i * d + j] = column[start + i]!;
    else for (let i = 0; i < length; i++) block[i * d + j] = column[rows[start + i]!]!;
  }
}

/**
 * Nodes of 16 bytes, so that one line of the cache has all of a node:
 *
 *     | threshold f64 | feature i32 | left i32 |
 *
 * A leaf leads to itself: its threshold is +∞, its feature 0, its `left` its own place.
 */
interface Walkable {
  readonly numbers: Float64Array;
  readonly links: Int32Array;
}

/** Places in `links`: a node's own is four times its number, and so is what `left` there holds. */
const FEATURE = 2;
const LEFT = 3;

function walkable({ feature, threshold, left }: TreeNodes): Walkable {
  const buffer = new ArrayBuffer(feature.length * 16);
  const numbers = new Float64Array(buffer);
  const links = new Int32Array(buffer);
  for (let node = 0; node < feature.length; node++) {
    const isLeaf = feature[node]! < 0;
    numbers[2 * node] = isLeaf ? Infinity : threshold[node]!;
    links[4 * node + FEATURE] = isLeaf ? 0 : feature[node]!;
    links[4 * node + LEFT] = 4 * (isLeaf ? node : left[node]!);
  }
  return { numbers, links };
}

/**
 * The leaves that rows come to. IN: block, length × d. OUT: leaves, their nodes. Four rows go at a time, so that the loads of
 * one do not wait for those of another; they have arrived when none has moved. A comparison is made a number, not a branch
 * that half of the time is foretold wrongly.
 */
function findLeaves(
  { numbers, links }: Walkable,
  root: number,
  block: Float64Array,
  d: number,
  length: number,
  leaves: Int32Array,
): void {
  for (let i = 0; i < length; i += 4) {
    const row0 = i * d;
    // Behind the end the last row goes again.
    const row1 = Math.min(i + 1, length - 1) * d;
    const row2 = Math.min(i + 2, length - 1) * d;
    const row3 = Math.min(i + 3, length - 1) * d;
    let a = root << 2;
    let b = a;
    let c = a;
    let e = a;
    for (let moved = 1; moved !== 0;) {
      const a1 = links[a + LEFT]! + (Number(block[row0 + links[a + FEATURE]!]! > numbers[a >> 1]!) << 2);
      const b1 = links[b + LEFT]! + (Number(block[row1 + links[b + FEATURE]!]! > numbers[b >> 1]!) << 2);
      const c1 = links[c + LEFT]! + (Number(block[row2 + links[c + FEATURE]!]! > numbers[c >> 1]!) << 2);
      const e1 = links[e + LEFT]! + (Number(block[row3 + links[e + FEATURE]!]! > numbers[e >> 1]!) << 2);
      moved = (a ^ a1) | (b ^ b1) | (c ^ c1) | (e ^ e1);
      a = a1;
      b = b1;
      c = c1;
      e = e1;
    }
    leaves[i] = a >> 2;
    leaves[i + 1] = b >> 2;
    leaves[i + 2] = c >> 2;
    leaves[i + 3] = e >> 2;
  }
}

/** IN: leaves. INOUT: sums, from `at` on, length × width. */
function addValues(
  { left, value, width }: TreeNodes,
  leaves: Int32Array,
  length: number,
  sums: Float64Array,
  at: number,
): void {
  for (let i = 0; i < length; i++) {
    const from = left[leaves[i]!]! * width;
    const to = at + i * width;
    for (let k = 0; k < width; k++) sums[to + k]! += value[from + k]!;
  }
}
