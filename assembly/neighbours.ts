/**
 * The nearest rows of each of many queries, over a tree of boxes, and as integers where there are many columns.
 *
 * The rows come in an order in which near ones stand together (src/engine/arrange.ts), and are cut into leaves of equal
 * length. Leaves are the last level of a heap: node 1 is all rows, the children of i are 2i and 2i + 1.
 *
 *     forest, u32    byte 0    n
 *                         4    d
 *                         8    leaf       rows of one, a multiple of thirty-two
 *                        12    depth      of the leaves: their nodes begin at 2^depth
 *                        16    points     float64, leaf after leaf: column after column of its rows, NaN behind the last;
 *                                         with shorts row after row
 *                        20    boxes      32 bytes a column and parent: low, low, high, high of its two children
 *                        24    keys       i32 a row: of equal distances the lesser key comes first
 *                        28    shorts     what integers.ts makes of the points, 0: nothing
 *                        32    scaling    float64: scale, bound, then a centre a column
 *
 * Distances are sums over the columns in their order of squared or absolute differences, no fused multiply-add. Rounding is
 * monotone and boxes are summed in the same order, so no row of a box has a lesser distance than the box, as computed.
 *
 * Source: J. L. Bentley, "Multidimensional binary search trees", CACM 18 (1975).
 */
import { openInteger, quantise, scanIntegers } from './integers';

// @ts-ignore: decorator
@inline
export function word(forest: usize, offset: usize): usize {
  return <usize>load<u32>(forest + offset);
}

// @ts-ignore: decorator
@inline
function pairAt(forest: usize, parent: i32): usize {
  return word(forest, 20) + ((<usize>parent * word(forest, 4)) << 5);
}

/**
 * Brings the rows of one leaf to their place, with their box: unit = leaf.
 *
 * Arguments, u32:
 *
 *     byte 0    forest     IN its words; OUT points, the boxes of leaves, shorts
 *          4    columns    u32 a column: pointer to n float64
 */
export function plantUnit(task: usize, unit: i32): void {
  const forest = word(task, 0);
  const n = <i32>word(forest, 0), d = <i32>word(forest, 4), leaf = <i32>word(forest, 8);
  const first = unit * leaf;
  const rows = min(leaf, n - first);
  const node = (1 << <i32>word(forest, 12)) + unit;
  const isInteger = word(forest, 28) != 0;
  let to = word(forest, 16) + ((<usize>unit * <usize>d * <usize>leaf) << 3);
  const step: usize = isInteger ? <usize>d << 3 : 8;
  let box = pairAt(forest, node >> 1) + ((<usize>(node & 1)) << 3);
  for (let c = 0; c < d; c++) {
    const from = word(word(task, 4), (<usize>c) << 2) + ((<usize>first) << 3);
    let low = Infinity, high = -Infinity;
    for (let i = 0; i < rows; i++) {
      const x = load<f64>(from + ((<usize>i) << 3));
      low = min(low, x);
      high = max(high, x);
      store<f64>(to + <usize>i * step, x);
    }
    for (let i = rows; i < leaf; i++) store<f64>(to + <usize>i * step, NaN);
    store<f64>(box, low);
    store<f64>(box, high, 16);
    box += 32;
    to += isInteger ? 8 : (<usize>leaf) << 3;
  }
  if (isInteger) quantise(forest, unit, rows);
}

/** The boxes of the nodes above the leaves, once these are planted. */
export function neighbours_boxes(forest: usize): void {
  const d = <i32>word(forest, 4);
  const depth = <i32>word(forest, 12);
  const leaves = (<i32>word(forest, 0) + <i32>word(forest, 8) - 1) / <i32>word(forest, 8);
  for (let node = (1 << depth) + leaves; node < 2 << depth; node++) {
    let box = pairAt(forest, node >> 1) + ((<usize>(node & 1)) << 3);
    for (let c = 0; c < d; c++, box += 32) {
      store<f64>(box, Infinity);
      store<f64>(box, -Infinity, 16);
    }
  }
  for (let node = (1 << depth) - 1; node > 1; node--) {
    let from = pairAt(forest, node);
    let to = pairAt(forest, node >> 1) + ((<usize>(node & 1)) << 3);
    for (let c = 0; c < d; c++, from += 32, to += 32) {
      store<f64>(to, min(load<f64>(from), load<f64>(from, 8)));
      store<f64>(to, max(load<f64>(from, 16), load<f64>(from, 24)), 16);
    }
  }
}

/** Least distances to the boxes of two children. */
// @ts-ignore: decorator
@inline
function twoBoxes(query: usize, pair: usize, d: i32, squared: bool): v128 {
  const zero = f64x2.splat(0);
  let sum = zero;
  for (const end = query + ((<usize>d) << 3); query < end; query += 8, pair += 32) {
    const x = v128.load64_splat(query);
    const side = f64x2.pmax(zero, f64x2.pmax(f64x2.sub(v128.load(pair), x), f64x2.sub(x, v128.load(pair, 16))));
    sum = f64x2.add(sum, squared ? f64x2.mul(side, side) : side);
  }
  return sum;
}

/** Whether a row comes behind another: farther, or as far with a greater key. */
// @ts-ignore: decorator
@inline
function isBehind(distance: f64, key: i32, other: f64, otherKey: i32): bool {
  return distance > other || (distance == other && key > otherKey);
}

// @ts-ignore: decorator
@inline
function put(distances: usize, keys: usize, at: i32, distance: f64, key: i32): void {
  store<f64>(distances + ((<usize>at) << 3), distance);
  store<i32>(keys + ((<usize>at) << 2), key);
}

/** Puts a row at the top of a heap of `count`, the farthest on top, and lets it sink. */
function sink(distances: usize, keys: usize, count: i32, distance: f64, key: i32): void {
  let at = 0;
  for (let child = 1; child < count; child = 2 * at + 1) {
    let its = load<f64>(distances + ((<usize>child) << 3)), itsKey = load<i32>(keys + ((<usize>child) << 2));
    if (child + 1 < count) {
      const next = load<f64>(distances + ((<usize>child) << 3), 8), nextKey = load<i32>(keys + ((<usize>child) << 2), 4);
      if (isBehind(next, nextKey, its, itsKey)) {
        child++;
        its = next;
        itsKey = nextKey;
      }
    }
    if (!isBehind(its, itsKey, distance, key)) break;
    put(distances, keys, at, its, itsKey);
    at = child;
  }
  put(distances, keys, at, distance, key);
}

/**
 * Takes a row among the k nearest so far, if it belongs there. `found`, a lane's own:
 *
 *     byte 0   distances   heap of k float64, the farthest on top
 *          4   keys        i32 each
 *          8   count       of the heap
 *         12   k
 *         16   worst       float64: the farthest, +∞ while there are fewer than k
 *         24               what integers.ts keeps of the query
 *         32               the leaf that was scanned first
 */
export function take(found: usize, distance: f64, key: i32): void {
  const distances = word(found, 0), keys = word(found, 4);
  const count = load<i32>(found, 8), k = load<i32>(found, 12);
  if (count == k) {
    if (!isBehind(load<f64>(distances), load<i32>(keys), distance, key)) return;
    sink(distances, keys, k, distance, key);
    store<f64>(found, load<f64>(distances), 16);
    return;
  }
  let at = count;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = load<f64>(distances + ((<usize>parent) << 3)), aboveKey = load<i32>(keys + ((<usize>parent) << 2));
    if (!isBehind(distance, key, above, aboveKey)) break;
    put(distances, keys, at, above, aboveKey);
    at = parent;
  }
  put(distances, keys, at, distance, key);
  store<i32>(found, count + 1, 8);
  if (count + 1 == k) store<f64>(found, load<f64>(distances), 16);
}

/** The heap as a list, the nearest first. */
function sortFound(found: usize): void {
  const distances = word(found, 0), keys = word(found, 4);
  for (let last = load<i32>(found, 8) - 1; last > 0; last--) {
    const distance = load<f64>(distances + ((<usize>last) << 3)), key = load<i32>(keys + ((<usize>last) << 2));
    put(distances, keys, last, load<f64>(distances), load<i32>(keys));
    sink(distances, keys, last, distance, key);
  }
}

// @ts-ignore: decorator
@inline
function sized(difference: v128, squared: bool): v128 {
  return squared ? f64x2.mul(difference, difference) : f64x2.abs(difference);
}

/** All rows of a leaf, eight at a time. IN scratch 64 bytes. */
// @ts-ignore: decorator
@inline
function scan(forest: usize, unit: i32, query: usize, found: usize, scratch: usize, squared: bool): void {
  const n = <i32>word(forest, 0), leaf = <i32>word(forest, 8), keys = word(forest, 24);
  const first = unit * leaf;
  const rows = min(leaf, n - first);
  const width = word(forest, 4) << 3;
  const line = (<usize>leaf) << 3;
  const points = word(forest, 16) + <usize>unit * width * <usize>leaf;
  for (let row = 0; row < rows; row += 8) {
    let at = points + ((<usize>row) << 3);
    let a = f64x2.splat(0), b = a, c = a, e = a;
    for (let x = query; x < query + width; x += 8, at += line) {
      const q = v128.load64_splat(x);
      a = f64x2.add(a, sized(f64x2.sub(v128.load(at), q), squared));
      b = f64x2.add(b, sized(f64x2.sub(v128.load(at, 16), q), squared));
      c = f64x2.add(c, sized(f64x2.sub(v128.load(at, 32), q), squared));
      e = f64x2.add(e, sized(f64x2.sub(v128.load(at, 48), q), squared));
    }
    const worst = v128.load64_splat(found, 16);
    let open = i64x2.bitmask(f64x2.le(a, worst)) | (i64x2.bitmask(f64x2.le(b, worst)) << 2) |
      (i64x2.bitmask(f64x2.le(c, worst)) << 4) | (i64x2.bitmask(f64x2.le(e, worst)) << 6);
    if (open == 0) continue;
    v128.store(scratch, a);
    v128.store(scratch, b, 16);
    v128.store(scratch, c, 32);
    v128.store(scratch, e, 48);
    for (; open != 0; open &= open - 1) {
      const i = ctz(open);
      take(found, load<f64>(scratch + ((<usize>i) << 3)), load<i32>(keys + ((<usize>(first + row + i)) << 2)));
    }
  }
}

/** Nodes to be visited: 16 bytes each, fewer than two a level. */
const OPEN_BYTES: usize = 1024;

/** Goes down to the leaves, the nearer child first, where the boxes are not too far. IN open OPEN_BYTES, scratch 64. */
// @ts-ignore: decorator
@inline
function search(forest: usize, query: usize, found: usize, open: usize, squared: bool): void {
  const d = <i32>word(forest, 4), depth = <i32>word(forest, 12);
  const leaves = (<i32>word(forest, 0) + <i32>word(forest, 8) - 1) / <i32>word(forest, 8);
  const last = 1 << depth;
  const scratch = open + OPEN_BYTES;
  let top = open + 16;
  store<f64>(open, 0);
  store<i32>(open, 1, 8);
  while (top > open) {
    top -= 16;
    let node = load<i32>(top, 8);
    // Equal bounds may hide a row with a lesser key.
    if (load<f64>(top) > load<f64>(found, 16)) continue;
    while (node < last) {
      const both = twoBoxes(query, pairAt(forest, node), d, squared);
      const left = f64x2.extract_lane(both, 0), right = f64x2.extract_lane(both, 1);
      const second = i32(right < left);
      node = 2 * node + second;
      const other = node ^ 1;
      // Leaves are there from the left: the last ones of the level may be missing.
      const level = depth - (31 - clz(other));
      const farther = second != 0 ? left : right;
      if ((other << level) - last < leaves && farther <= load<f64>(found, 16)) {
        store<f64>(top, farther);
        store<i32>(top, other, 8);
        top += 16;
      }
      if ((second != 0 ? right : left) > load<f64>(found, 16)) break;
    }
    if (node < last) continue;
    if (node - last < leaves) scan(forest, node - last, query, found, scratch, squared);
  }
}

/** The leaf whose boxes, from the root down, are the nearer ones. */
function nearestLeaf(forest: usize, query: usize): i32 {
  const d = <i32>word(forest, 4);
  const last = 1 << <i32>word(forest, 12);
  let node = 1;
  while (node < last) {
    const both = twoBoxes(query, pairAt(forest, node), d, true);
    node = 2 * node + i32(f64x2.extract_lane(both, 1) < f64x2.extract_lane(both, 0));
  }
  return node - last;
}

/**
 * Queries that go over the integers together: each its nearest leaf first, then every leaf for all whose box is not too far
 * for them, so that it stays in the cache.
 *
 *     a query, `width` bytes   found, 64   query, d float64   integer: integers.ts
 */
function searchTogether(forest: usize, queries: usize, count: i32, width: usize): void {
  const d = <i32>word(forest, 4);
  const last = 1 << <i32>word(forest, 12);
  const leaves = (<i32>word(forest, 0) + <i32>word(forest, 8) - 1) / <i32>word(forest, 8);
  const end = queries + <usize>count * width;
  const integer = 64 + (((<usize>d << 3) + 15) & ~15);
  for (let found = queries; found < end; found += width) {
    openInteger(forest, found + 64, found + integer, found);
    const home = nearestLeaf(forest, found + 64);
    store<i32>(found, home, 32);
    scanIntegers(forest, home, found + 64, found + integer, found);
  }
  for (let leaf = 0; leaf < leaves && leaves > 1; leaf += 2) {
    const pair = pairAt(forest, (last + leaf) >> 1);
    for (let found = queries; found < end; found += width) {
      const both = twoBoxes(found + 64, pair, d, true);
      const home = load<i32>(found, 32);
      if (leaf != home && f64x2.extract_lane(both, 0) <= load<f64>(found, 16)) {
        scanIntegers(forest, leaf, found + 64, found + integer, found);
      }
      if (leaf + 1 < leaves && leaf + 1 != home && f64x2.extract_lane(both, 1) <= load<f64>(found, 16)) {
        scanIntegers(forest, leaf + 1, found + 64, found + integer, found);
      }
    }
  }
}

/**
 * The k nearest rows of some queries: unit u is the queries [u × block, (u + 1) × block).
 *
 * Arguments, u32:
 *
 *     byte 0    forest
 *          4    queries     u32 a column: pointer to the float64 of the first query
 *          8    count       of the queries
 *         12    block
 *         16    k           at most n
 *         20    squared     1: squares of differences, 0: absolute differences
 *         24    distances   OUT, float64, k a query, the nearest first
 *         28    keys        OUT, i32, k a query
 *         32    scratch     of all lanes
 *         36    bytes       of a lane: 1,152 + 8 × d, or, with shorts, block × (96 + 8 × d + 16 × ⌈d / 2⌉)
 */
export function nearestUnit(task: usize, unit: i32, lane: i32): void {
  const forest = word(task, 0), columns = word(task, 4);
  const d = word(forest, 4), k = word(task, 16);
  const squared = word(task, 20) != 0;
  const scratch = word(task, 32) + <usize>lane * word(task, 36);
  const isTogether = squared && word(forest, 28) != 0;
  const width: usize = isTogether ? 64 + (((d << 3) + 15) & ~15) + (((d + 1) >> 1) << 4) : 0;
  const from = unit * <i32>word(task, 12);
  const to = min(from + <i32>word(task, 12), <i32>word(task, 8));
  // One after the other they take the same place, behind what is open.
  let found = isTogether ? scratch : scratch + OPEN_BYTES + 64;
  for (let i = from; i < to; i++, found += width) {
    const query = found + 64;
    for (let c: usize = 0; c < d; c++) store<f64>(query + (c << 3), load<f64>(word(columns, c << 2) + ((<usize>i) << 3)));
    store<u32>(found, <u32>(word(task, 24) + ((<usize>i * k) << 3)));
    store<u32>(found, <u32>(word(task, 28) + ((<usize>i * k) << 2)), 4);
    store<i32>(found, 0, 8);
    store<i32>(found, <i32>k, 12);
    store<f64>(found, Infinity, 16);
    if (isTogether) continue;
    if (squared) search(forest, query, found, scratch, true);
    else search(forest, query, found, scratch, false);
    sortFound(found);
  }
  if (!isTogether) return;
  searchTogether(forest, scratch, to - from, width);
  for (let at = scratch; at < found; at += width) sortFound(at);
}
