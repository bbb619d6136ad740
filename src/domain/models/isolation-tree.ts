import { xorshift } from './draws.js';
import type { NodeStore } from './tree-nodes.js';

const EULER_GAMMA = 0.5772156649015329;

/** Mean length of an unsuccessful search in a binary search tree of `rows` rows. */
export function pathLength(rows: number): number {
  if (rows <= 1) return 0;
  if (rows === 2) return 1;
  return 2 * (Math.log(rows - 1) + EULER_GAMMA) - (2 * (rows - 1)) / rows;
}

/**
 * Grows a tree of random splits over `samples`, which it reorders: a feature drawn among those that differ in the node, a
 * threshold drawn between its least and greatest value. A leaf holds the path to it: its depth and, for the rows that are
 * not parted in it, the mean path that parting them would take. Draws are those of scikit-learn's `node_split_random` with
 * one feature.
 */
export function growIsolationTree(
  columns: readonly Float64Array[],
  samples: Int32Array,
  maxDepth: number,
  seed: number,
  nodes: NodeStore,
): void {
  const draw = featureDraw(columns, samples, xorshift(seed));
  const open: Node[] = [{ id: nodes.root(), start: 0, end: samples.length, depth: 0, constants: 0 }];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const { id, start, end, depth } = node;
    const split = depth >= maxDepth || end - start < 2 ? null : draw(node);
    if (split === null) {
      const path = depth + pathLength(end - start);
      nodes.leaf(id, (out, at) => {
        out[at] = path;
      });
      continue;
    }
    const { feature, threshold, constants } = split;
    const middle = part(columns[feature]!, samples, start, end, threshold);
    const left = nodes.split(id, feature, threshold);
    open.push({ id: left + 1, start: middle, end, depth: depth + 1, constants });
    open.push({ id: left, start, end: middle, depth: depth + 1, constants });
  }
}

interface Node {
  readonly id: number;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  readonly constants: number;
}

interface Split {
  readonly feature: number;
  readonly threshold: number;
  readonly constants: number;
}

/** Draws features until one differs in the node; null where none does. What is constant above is not asked below. */
function featureDraw(
  columns: readonly Float64Array[],
  samples: Int32Array,
  random: () => number,
): (node: Node) => Split | null {
  const d = columns.length;
  const features = Int32Array.from({ length: d }, (_, i) => i);
  const constant = new Int32Array(d);
  const exchange = (i: number, j: number): void => {
    const moved = features[i]!;
    features[i] = features[j]!;
    features[j] = moved;
  };
  return ({ start, end, constants }) => {
    let found = 0;
    let drawn = 0;
    let split: Split | null = null;
    while (split === null && d > constants + found) {
      let j = drawn + (random() % (d - found - drawn));
      if (j < constants) {
        exchange(drawn++, j);
        continue;
      }
      j += found;
      const feature = features[j]!;
      const [least, greatest] = span(columns[feature]!, samples, start, end);
      if (least === greatest) {
        exchange(constants + found++, j);
        continue;
      }
      exchange(d - 1, j);
      const threshold = ((greatest - least) * random()) / 0x7fffffff + least;
      split = { feature, threshold: threshold >= greatest ? least : threshold, constants: 0 };
    }
    features.set(constant.subarray(0, constants));
    constant.set(features.subarray(constants, constants + found), constants);
    return split === null ? null : { ...split, constants: constants + found };
  };
}

function span(column: Float64Array, samples: Int32Array, start: number, end: number): [number, number] {
  let least = Infinity;
  let greatest = -Infinity;
  for (let i = start; i < end; i++) {
    const value = column[samples[i]!]!;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return [least, greatest];
}

/** Brings the rows up to the threshold to the front; returns where the others begin. */
function part(
  column: Float64Array,
  samples: Int32Array,
  start: number,
  end: number,
  threshold: number,
): number {
  let low = start;
  let high = end;
  while (low < high) {
    const row = samples[low]!;
    if (column[row]! <= threshold) low++;
    else {
      high--;
      samples[low] = samples[high]!;
      samples[high] = row;
    }
  }
  return low;
}
