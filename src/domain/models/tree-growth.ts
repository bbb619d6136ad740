import type { BestSplit, Criterion } from './criteria.js';
import { xorshift } from './draws.js';
import { type KeyRoom, keyRoom, type RankedColumn, sortKeys } from './ranks.js';
import type { NodeStore } from './tree-nodes.js';

/** When a node is not split, and over how many features a split is looked for. */
export interface Bounds {
  readonly maxDepth: number;
  readonly minSamplesSplit: number;
  readonly minSamplesLeaf: number;
  readonly maxFeatures: number;
  /** Infinity: depth first, without a limit. */
  readonly maxLeafNodes: number;
  readonly minImpurityDecrease: number;
}

/** Rows of the table: `samples` is reordered, node by node. */
export interface Growth {
  readonly columns: readonly RankedColumn[];
  readonly samples: Int32Array;
  readonly criterion: Criterion;
  readonly bounds: Bounds;
  readonly seed: number;
  readonly nodes: NodeStore;
  readonly checkpoint: () => void;
  readonly room: SearchRoom;
}

export interface SearchRoom {
  readonly keys: KeyRoom;
  readonly kept: Int32Array;
}

/** Room to search splits of `rows` rows in, for any number of trees. */
export const searchRoom = (rows: number): SearchRoom => ({
  keys: keyRoom(rows),
  kept: new Int32Array(rows),
});

/** What a tree is, beside its nodes. */
export interface Grown {
  readonly depth: number;
  readonly leaves: number;
  /** Of every feature, by how much its splits made the impurity small; they sum to 1, or are all 0. */
  readonly importances: Float64Array;
}

interface Node {
  readonly id: number;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  /** Features that are known to be constant here: the first ones of `features`. */
  readonly constants: number;
}

interface Split {
  readonly middle: number;
  readonly feature: number;
  readonly threshold: number;
  /** Decrease of the impurity, weighted by the node's part of all. */
  readonly improvement: number;
  readonly constants: number;
}

/** Rounding that does not count: scikit-learn's EPSILON. */
const EPSILON = Number.EPSILON;

/**
 * Grows one tree, greedily, by exact search over all places between different values: CART as scikit-learn has it, with
 * its draws of features. Values are compared as float64; scikit-learn rounds them to float32 first. Returns what it is;
 * its nodes are in `nodes`.
 * Source: L. Breiman et al., "Classification and Regression Trees", 1984.
 */
export function growTree(growth: Growth): Grown {
  const { samples, bounds, nodes } = growth;
  const importances = new Float64Array(growth.columns.length);
  const search = splitSearch(growth);
  const divide: Divide = (node, split) => {
    importances[split.feature]! += split.improvement;
    return children(node, split, nodes);
  };
  const before = nodes.leaves();
  const root: Node = { id: nodes.root(), start: 0, end: samples.length, depth: 0, constants: 0 };
  const depth =
    bounds.maxLeafNodes === Infinity
      ? growDepthFirst(root, search, divide, growth)
      : growBestFirst(root, search, divide, growth);
  const sum = importances.reduce((total, part) => total + part, 0);
  if (sum > 0) for (let i = 0; i < importances.length; i++) importances[i]! /= sum;
  return { depth, leaves: nodes.leaves() - before, importances };
}

type Search = (node: Node) => Split | null;
type Divide = (node: Node, split: Split) => [Node, Node];

function growDepthFirst(
  root: Node,
  search: Search,
  divide: Divide,
  { criterion, nodes, checkpoint }: Growth,
): number {
  const open = [root];
  let deepest = 0;
  for (let node = open.pop(), steps = 0; node !== undefined; node = open.pop()) {
    if ((++steps & 255) === 0) checkpoint();
    deepest = Math.max(deepest, node.depth);
    const split = search(node);
    if (split === null) nodes.leaf(node.id, criterion.leaf);
    else open.push(...divide(node, split).reverse());
  }
  return deepest;
}

/** The node whose split makes most of the impurity go is split next. */
function growBestFirst(root: Node, search: Search, divide: Divide, growth: Growth): number {
  const { criterion, nodes, bounds, samples, checkpoint } = growth;
  const open: { node: Node; split: Split }[] = [];
  const leaves: Node[] = [];
  let deepest = 0;
  const add = (node: Node): void => {
    deepest = Math.max(deepest, node.depth);
    const split = search(node);
    if (split === null) leaves.push(node);
    else insertByImprovement(open, { node, split });
  };
  add(root);
  for (let left = bounds.maxLeafNodes - 1; left > 0; left--) {
    const next = open.pop();
    if (next === undefined) break;
    checkpoint();
    // What is known to be constant holds on one way down only.
    for (const child of divide(next.node, next.split)) add({ ...child, constants: 0 });
  }
  for (const node of [...leaves, ...open.map((entry) => entry.node)]) {
    criterion.enter(samples, node.start, node.end);
    nodes.leaf(node.id, criterion.leaf);
  }
  return deepest;
}

/** Ascending; among equals the one that was there before is taken first. */
function insertByImprovement(
  open: { node: Node; split: Split }[],
  entry: { node: Node; split: Split },
): void {
  let low = 0;
  let high = open.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (open[middle]!.split.improvement < entry.split.improvement) low = middle + 1;
    else high = middle;
  }
  open.splice(low, 0, entry);
}

function children(node: Node, split: Split, nodes: NodeStore): [Node, Node] {
  const left = nodes.split(node.id, split.feature, split.threshold);
  const { middle, constants } = split;
  const depth = node.depth + 1;
  return [
    { id: left, start: node.start, end: middle, depth, constants },
    { id: left + 1, start: middle, end: node.end, depth, constants },
  ];
}

/**
 * Looks for the best split of a node and parts its rows by it; null: a leaf, which the criterion has then entered.
 * Features are drawn without replacement by Fisher and Yates; those found constant are left out below, as in
 * scikit-learn's `node_split_best`. In `features` lie: constants known before (drawn ones first), those newly found, those
 * not yet drawn, those drawn.
 */
function splitSearch(growth: Growth): Search {
  const { columns, samples, criterion, bounds, room } = growth;
  const random = xorshift(growth.seed);
  const d = columns.length;
  const features = Int32Array.from({ length: d }, (_, i) => i);
  const constant = new Int32Array(d);
  const best: BestSplit = { proxy: -Infinity, feature: -1, low: 0, high: 0 };
  let all = 0;

  const exchange = (i: number, j: number): void => {
    const moved = features[i]!;
    features[i] = features[j]!;
    features[j] = moved;
  };

  /** Whether the node's rows differ in the feature; a better split is in `best` then. */
  function scan(feature: number, start: number, end: number): boolean {
    const length = end - start;
    const span = gather(columns[feature]!.ranks, samples, start, end, room.keys);
    if (span === null) return false;
    const at = sortKeys(room.keys, length, span[0], span[1]);
    const { keys, places } = room.keys;
    if (criterion.scan(keys[at], places[at], length, bounds.minSamplesLeaf, best)) best.feature = feature;
    return true;
  }

  return ({ start, end, depth, constants }) => {
    criterion.enter(samples, start, end);
    const { weight, impurity, proxy } = criterion.node;
    if (depth === 0) all = weight;
    const count = end - start;
    if (
      depth >= bounds.maxDepth ||
      count < bounds.minSamplesSplit ||
      count < 2 * bounds.minSamplesLeaf ||
      impurity <= EPSILON
    )
      return null;
    best.proxy = -Infinity;
    best.feature = -1;
    let undrawn = d;
    let visited = 0;
    let found = 0;
    let drawn = 0;
    while (undrawn > constants + found && (visited < bounds.maxFeatures || visited <= found + drawn)) {
      visited++;
      let j = drawn + (random() % (undrawn - found - drawn));
      if (j < constants) {
        exchange(drawn++, j);
        continue;
      }
      j += found;
      if (scan(features[j]!, start, end)) exchange(--undrawn, j);
      else exchange(constants + found++, j);
    }
    // The order of what was known to be constant is kept for the siblings.
    features.set(constant.subarray(0, constants));
    constant.set(features.subarray(constants, constants + found), constants);
    const improvement = (best.proxy - proxy) / all;
    if (best.feature < 0 || improvement + EPSILON < bounds.minImpurityDecrease) return null;
    const { distinct, ranks } = columns[best.feature]!;
    return {
      middle: part(ranks, samples, start, end, best.low, room.kept),
      feature: best.feature,
      threshold: between(distinct[best.low]!, distinct[best.high]!),
      improvement,
      constants: constants + found,
    };
  };
}

/** The ranks of the node's rows as keys, places in the node with them; their span, null where all are equal. */
function gather(
  ranks: Int32Array,
  samples: Int32Array,
  start: number,
  end: number,
  room: KeyRoom,
): readonly [number, number] | null {
  const keys = room.keys[0];
  const places = room.places[0];
  const length = end - start;
  let least = 0x7fffffff;
  let greatest = -1;
  for (let i = 0; i < length; i++) {
    const rank = ranks[samples[start + i]!]!;
    keys[i] = rank;
    places[i] = i;
    if (rank < least) least = rank;
    if (rank > greatest) greatest = rank;
  }
  return least === greatest ? null : [least, greatest];
}

/** Brings the rows of ranks up to `low` to the front, either side in its order; returns where the others begin. */
function part(
  ranks: Int32Array,
  samples: Int32Array,
  start: number,
  end: number,
  low: number,
  kept: Int32Array,
): number {
  let middle = start;
  let behind = 0;
  for (let i = start; i < end; i++) {
    const row = samples[i]!;
    if (ranks[row]! <= low) samples[middle++] = row;
    else kept[behind++] = row;
  }
  for (let i = 0; i < behind; i++) samples[middle + i] = kept[i]!;
  return middle;
}

/** Between two values; the lower where nothing is between them. Halves, so that their sum cannot overflow. */
function between(low: number, high: number): number {
  const middle = low / 2 + high / 2;
  return middle === high || !Number.isFinite(middle) ? low : middle;
}
