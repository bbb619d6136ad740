import type { Bounds, GrownTree, GrowthTable, Member } from '../../ports/trees.js';
import { drawnRows, leafWidth, writeLeaf } from '../leaves.js';
import { type BestSplit, type Criterion, criterionOf } from './criteria.js';
import { type KeyRoom, keyRoom, sortKeys } from './keys.js';

/** One tree on its way. Rows of the table: `samples` is reordered, node by node. */
interface Growth {
  readonly ranks: readonly Int32Array[];
  readonly samples: Int32Array;
  readonly criterion: Criterion;
  readonly bounds: Bounds;
  readonly random: () => number;
  readonly nodes: Nodes;
  readonly checkpoint: () => void;
  readonly room: SearchRoom;
}

/** Room to search splits in, for any number of trees. */
interface SearchRoom {
  readonly keys: KeyRoom;
  readonly kept: Int32Array;
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
  readonly low: number;
  readonly high: number;
  /** Decrease of the impurity, weighted by the node's part of all. */
  readonly improvement: number;
  readonly constants: number;
}

/** Rounding that does not count: scikit-learn's EPSILON. */
const EPSILON = Number.EPSILON;

/** See ports/trees.ts. Values are compared as they are; scikit-learn rounds them to float32 first. */
export function grow(
  { ranks, target, bounds, checkpoint, stopping }: GrowthTable,
  members: Iterable<Member>,
  grown: (tree: GrownTree) => void,
): void {
  const rows = ranks[0]?.length ?? 0;
  const room = { keys: keyRoom(rows), kept: new Int32Array(rows) };
  const width = leafWidth(target);
  for (const { draws, state } of members) {
    if (stopping?.() === true) return;
    const weights = draws === null ? new Float64Array(rows).fill(1) : Float64Array.from(draws);
    const samples = drawnRows(rows, draws);
    const nodes = nodeLists();
    const random = xorshift(state);
    const criterion = criterionOf(target, weights);
    const { depth, importances } = growTree({
      ...{ ranks, samples, criterion, bounds, random, nodes, checkpoint, room },
    });
    const values = new Float64Array(nodes.starts.length * width);
    nodes.starts.forEach((start, leaf) => {
      writeLeaf(target, draws, samples, start, nodes.ends[leaf]!, values, leaf * width);
    });
    const [feature, left] = [Int32Array.from(nodes.feature), Int32Array.from(nodes.left)];
    const [low, high] = [Int32Array.from(nodes.low), Int32Array.from(nodes.high)];
    grown({ feature, left, low, high, values, leaves: nodes.starts.length, depth, importances });
  }
}

/** Of each node; and of each leaf the samples. */
interface Nodes {
  readonly feature: number[];
  readonly left: number[];
  readonly low: number[];
  readonly high: number[];
  readonly starts: number[];
  readonly ends: number[];
}
const nodeLists = (): Nodes => ({ feature: [], left: [], low: [], high: [], starts: [], ends: [] });

/** Room for a node; returns its number. */
function add({ feature, left, low, high }: Nodes): number {
  left.push(0);
  low.push(0);
  high.push(0);
  return feature.push(-1) - 1;
}

function addLeaf(nodes: Nodes, { id, start, end }: Node): void {
  nodes.left[id] = nodes.starts.length;
  nodes.starts.push(start);
  nodes.ends.push(end);
}

/**
 * An xorshift of 32 bits of which the low 31 are given.
 * Source: G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (2003).
 */
function xorshift(from: number): () => number {
  let state = from;
  return () => {
    if (state === 0) state = 1;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0x7fffffff;
  };
}

function growTree(growth: Growth): { depth: number; importances: Float64Array } {
  const { samples, bounds, nodes } = growth;
  const importances = new Float64Array(growth.ranks.length);
  const search = splitSearch(growth);
  const divide: Divide = (node, split) => {
    importances[split.feature]! += split.improvement;
    return children(node, split, nodes);
  };
  const root: Node = { id: add(nodes), start: 0, end: samples.length, depth: 0, constants: 0 };
  const depth =
    bounds.maxLeafNodes === Infinity
      ? growDepthFirst(root, search, divide, growth)
      : growBestFirst(root, search, divide, growth);
  return { depth, importances };
}

type Search = (node: Node) => Split | null;
type Divide = (node: Node, split: Split) => [Node, Node];

function growDepthFirst(root: Node, search: Search, divide: Divide, { nodes, checkpoint }: Growth): number {
  const open = [root];
  let deepest = 0;
  for (let node = open.pop(), steps = 0; node !== undefined; node = open.pop()) {
    if ((++steps & 255) === 0) checkpoint();
    deepest = Math.max(deepest, node.depth);
    const split = search(node);
    if (split === null) addLeaf(nodes, node);
    else open.push(...divide(node, split).reverse());
  }
  return deepest;
}

/** The node whose split makes most of the impurity go is split next. */
function growBestFirst(root: Node, search: Search, divide: Divide, growth: Growth): number {
  const { nodes, bounds, checkpoint } = growth;
  const open: { node: Node; split: Split }[] = [];
  const leaves: Node[] = [];
  let deepest = 0;
  const look = (node: Node): void => {
    deepest = Math.max(deepest, node.depth);
    const split = search(node);
    if (split === null) leaves.push(node);
    else insertByImprovement(open, { node, split });
  };
  look(root);
  for (let left = bounds.maxLeafNodes - 1; left > 0; left--) {
    const next = open.pop();
    if (next === undefined) break;
    checkpoint();
    // What is known to be constant holds on one way down only.
    for (const child of divide(next.node, next.split)) look({ ...child, constants: 0 });
  }
  for (const node of [...leaves, ...open.map((entry) => entry.node)]) addLeaf(nodes, node);
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

function children(node: Node, { middle, feature, low, high, constants }: Split, nodes: Nodes): [Node, Node] {
  const left = add(nodes);
  add(nodes);
  nodes.feature[node.id] = feature;
  nodes.left[node.id] = left;
  nodes.low[node.id] = low;
  nodes.high[node.id] = high;
  const depth = node.depth + 1;
  return [
    { id: left, start: node.start, end: middle, depth, constants },
    { id: left + 1, start: middle, end: node.end, depth, constants },
  ];
}

/**
 * Looks for the best split of a node and parts its rows by it; null: a leaf.
 * Features are drawn without replacement by Fisher and Yates; those found constant are left out below, as in
 * scikit-learn's `node_split_best`. In `features` lie: constants known before (drawn ones first), those newly found, those
 * not yet drawn, those drawn.
 */
function splitSearch(growth: Growth): Search {
  const { ranks, samples, criterion, bounds, random, room } = growth;
  const d = ranks.length;
  const features = Int32Array.from({ length: d }, (_, i) => i);
  const constant = new Int32Array(d);
  const best: BestSplit = { proxy: -Infinity, decrease: 0, feature: -1, low: 0, high: 0 };
  let all = 0;

  const exchange = (i: number, j: number): void => {
    const moved = features[i]!;
    features[i] = features[j]!;
    features[j] = moved;
  };

  /** Whether the node's rows differ in the feature; a better split is in `best` then. */
  function scan(feature: number, start: number, end: number): boolean {
    const length = end - start;
    const span = gather(ranks[feature]!, samples, start, end, room.keys);
    if (span === null) return false;
    const at = sortKeys(room.keys, length, span[0], span[1]);
    const { keys, places } = room.keys;
    if (criterion.scan(keys[at], places[at], length, bounds.minSamplesLeaf, best)) best.feature = feature;
    return true;
  }

  return ({ start, end, depth, constants }) => {
    criterion.enter(samples, start, end);
    const { weight, impurity } = criterion.node;
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
    const improvement = (weight / all) * best.decrease;
    if (best.feature < 0 || improvement + EPSILON < bounds.minImpurityDecrease) return null;
    return {
      middle: part(ranks[best.feature]!, samples, start, end, best.low, room.kept),
      feature: best.feature,
      low: best.low,
      high: best.high,
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
