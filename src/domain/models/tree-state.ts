import type { Json } from '../../ports/formats.js';
import type { State, StateShape } from './estimator.js';
import { MOST_NODES, MOST_VALUES, type Trees } from './tree-nodes.js';

/** What trees of a state have to be. */
interface Expected {
  readonly features: number;
  /** Values of a leaf, each in [least, most]. */
  readonly width: number;
  readonly least: number;
  readonly most: number;
  /** Trees at least, and at most. */
  readonly trees: readonly [number, number];
}

const FOREST = [1, 10_000] as const;
const TREE = [1, 1] as const;

/** Checks of `Estimator.verify`, in time and room of the nodes. They throw TypeError or RangeError, "expected X, got Y". */
export const verifyTree =
  (task: 'regression' | 'classification') =>
  (state: State, shape: StateShape): void => {
    const { leaves, depth } = verifyTrees(state['trees'], { ...expected(task, shape), trees: TREE });
    verifyImportances(state['feature_importances_'], shape);
    if (state['n_leaves_'] !== leaves) throw wrong(`n_leaves_ ${leaves}`, state['n_leaves_']);
    if (state['depth_'] !== depth) throw wrong(`depth_ ${depth}`, state['depth_']);
  };

export const verifyForest =
  (task: 'regression' | 'classification') =>
  (state: State, shape: StateShape): void => {
    verifyTrees(state['trees'], { ...expected(task, shape), trees: FOREST });
    verifyImportances(state['feature_importances_'], shape);
    const score = state['oob_score_'];
    if (score !== null && typeof score !== 'number') throw wrong('oob_score_ null or a number', score);
  };

export function verifyIsolation(state: State, { features }: StateShape): void {
  // A path is at most the depth of its leaf, and the mean path of the rows in it.
  verifyTrees(state['trees'], { features, width: 1, least: 0, most: 2 * MOST_NODES, trees: FOREST });
  const { offset_: offset, max_samples_: samples } = state;
  if (!isWithin(offset, -1, 0)) throw wrong('offset_ from −1 to 0', offset);
  if (!isWithin(samples, 1, Number.MAX_SAFE_INTEGER) || !Number.isInteger(samples))
    throw wrong('max_samples_ a whole number from 1 on', samples);
}

const expected = (
  task: 'regression' | 'classification',
  { features, classes }: StateShape,
): Omit<Expected, 'trees'> =>
  task === 'classification'
    ? { features, width: classes, least: 0, most: 1 }
    : { features, width: 1, least: -Number.MAX_VALUE, most: Number.MAX_VALUE };

function verifyImportances(importances: Json | undefined, { features }: StateShape): void {
  if (!(importances instanceof Float64Array) || importances.length !== features)
    throw wrong(`feature_importances_ of ${features} features`, importances);
  const odd = importances.find((one) => !isWithin(one, 0, 1));
  if (odd !== undefined) throw new RangeError(`expected feature_importances_ from 0 to 1, got ${odd}`);
}

/** Trees are those that a `nodeStore` makes: each node is in one tree, behind its parent, and each leaf has values of its own. */
function verifyTrees(trees: Json | undefined, wanted: Expected): { leaves: number; depth: number } {
  if (!isTrees(trees)) throw wrong('trees of roots, feature, threshold, left, width and value', trees);
  verifySizes(trees, wanted);
  verifyRoots(trees, wanted);
  const found = verifyNodes(trees, wanted.features);
  for (const value of trees.value)
    if (!isWithin(value, wanted.least, wanted.most))
      throw new RangeError(`expected values of leaves from ${wanted.least} to ${wanted.most}, got ${value}`);
  return found;
}

function isTrees(value: Json | undefined): value is Trees {
  if (typeof value !== 'object' || value === null) return false;
  const { roots, feature, threshold, left, width, value: values } = value as Record<string, unknown>;
  return (
    [roots, feature, left].every((one) => one instanceof Int32Array) &&
    [threshold, values].every((one) => one instanceof Float64Array) &&
    typeof width === 'number'
  );
}

function verifySizes({ feature, threshold, left, width, value }: Trees, wanted: Expected): void {
  const nodes = feature.length;
  if (threshold.length !== nodes || left.length !== nodes)
    throw new RangeError(
      `expected ${nodes} thresholds and left children, as features, got ${threshold.length} and ${left.length}`,
    );
  if (width !== wanted.width)
    throw new RangeError(`expected leaves of ${wanted.width} values, got a width of ${width}`);
  if (nodes > MOST_NODES) throw new RangeError(`expected at most ${MOST_NODES} nodes, got ${nodes}`);
  if (value.length > MOST_VALUES)
    throw new RangeError(`expected at most ${MOST_VALUES} values of leaves, got ${value.length}`);
}

function verifyRoots({ roots, feature }: Trees, { trees: [least, most] }: Expected): void {
  if (roots.length < least || roots.length > most)
    throw new RangeError(`expected ${least} to ${most} trees, got ${roots.length}`);
  if (roots[0] !== 0) throw new RangeError(`expected the first root to be node 0, got ${roots[0]}`);
  for (let tree = 1; tree < roots.length; tree++)
    if (!(roots[tree]! > roots[tree - 1]!))
      throw new RangeError(`expected roots in ascending order, got ${roots[tree]} after ${roots[tree - 1]}`);
  if (!(roots.at(-1)! < feature.length))
    throw new RangeError(`expected roots below ${feature.length} nodes, got ${roots.at(-1)}`);
}

/** A parent comes before its children, so one way over the nodes tells all depths, and that every walk ends. */
function verifyNodes(
  { roots, feature, threshold, left, width, value }: Trees,
  features: number,
): { leaves: number; depth: number } {
  const nodes = feature.length;
  const places = new Uint8Array(Math.floor(value.length / width));
  // One more than the depth; 0: nothing has led there yet.
  const depths = new Int32Array(nodes);
  let [tree, end, leaves, deepest] = [0, 0, 0, 0];
  for (let node = 0; node < nodes; node++) {
    if (node === end) {
      end = roots[++tree] ?? nodes;
      depths[node] = 1;
    }
    const [depth, of, to] = [depths[node]!, feature[node]!, left[node]!];
    if (depth === 0) throw new RangeError(`expected node ${node} to be a root or a child, got neither`);
    if (depth > deepest) deepest = depth;
    if (of === -1) {
      if (places[to] !== 0)
        throw new RangeError(`expected node ${node} to have one of ${places.length} leaves alone, got ${to}`);
      places[to] = 1;
      leaves++;
      continue;
    }
    if (of < 0 || of >= features)
      throw new RangeError(`expected a feature below ${features}, or −1, at node ${node}, got ${of}`);
    if (!Number.isFinite(threshold[node]!))
      throw new RangeError(`expected a finite threshold at node ${node}, got ${threshold[node]!}`);
    if (to <= node || to + 1 >= end)
      throw new RangeError(`expected children of node ${node} behind it and before ${end}, got ${to}`);
    if (depths[to] !== 0 || depths[to + 1] !== 0)
      throw new RangeError(`expected children of node ${node} alone, got node ${to} of another parent`);
    depths[to] = depths[to + 1] = depth + 1;
  }
  if (value.length !== leaves * width)
    throw new RangeError(`expected ${leaves * width} values of leaves, got ${value.length}`);
  return { leaves, depth: deepest - 1 };
}

const isWithin = (value: Json | undefined, least: number, most: number): boolean =>
  typeof value === 'number' && value >= least && value <= most;

function wrong(what: string, got: Json | undefined): TypeError {
  const shown = typeof got === 'object' && got !== null ? 'something else' : String(got);
  return new TypeError(`expected ${what}, got ${shown.slice(0, 100)}`);
}
