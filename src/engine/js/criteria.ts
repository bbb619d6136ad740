import type { GrowthTarget } from '../../ports/trees.js';
import { logTable } from '../leaves.js';

/** Where a node is best split so far. */
export interface BestSplit {
  /** What the criterion makes as great as it can; −∞ where there is no split. */
  proxy: number;
  /** Of the impurity, in the node. */
  decrease: number;
  feature: number;
  /** Ranks of the feature: the greatest that goes left, the least that goes right. */
  low: number;
  high: number;
}

/** What a tree's splits make small: impurity of the target in the nodes. One node at a time is entered. */
export interface Criterion {
  /** Takes the rows `samples[start]` … `samples[end − 1]` as the node. */
  readonly enter: (samples: Int32Array, start: number, end: number) => void;
  /** Of the node that was entered. */
  readonly node: { weight: number; impurity: number; proxy: number };
  /**
   * Goes over the places between different keys and keeps a better split in `best`; true if there is one. `keys` are
   * ascending ranks of the node's rows; `places` says which row of the node each is of. `least`: rows on either side.
   */
  readonly scan: (
    keys: Int32Array,
    places: Int32Array,
    length: number,
    least: number,
    best: BestSplit,
  ) => boolean;
}

/** A row's part in a sum: how often it was drawn. */
type Weights = Float64Array;

export const criterionOf = (target: GrowthTarget, weights: Weights): Criterion =>
  target.criterion === 'squared_error'
    ? squaredError(target.values, weights)
    : classCriterion(target.criterion, target.codes, target.classes, weights);

/**
 * Classes. `gini`: 1 − Σ p², `entropy`: −Σ p log₂ p. What a split makes as great as it can is minus the impurity of both
 * sides, each times its weight w. Of `gini` it is computed as scikit-learn does, so that of splits that are equally good
 * rounding picks the same; of `entropy` from counts c of the classes, as Σ c log₂ c − w log₂ w.
 */
function classCriterion(
  kind: 'gini' | 'entropy',
  codes: Int32Array,
  classes: number,
  weights: Weights,
): Criterion {
  const own = new Int32Array(codes.length);
  const share = new Float64Array(codes.length);
  const total = new Float64Array(classes);
  const left = new Float64Array(classes);
  const right = new Float64Array(classes);
  const node = { weight: 0, impurity: 0, proxy: 0 };
  const gini = kind === 'gini';
  const table = gini ? new Float64Array(0) : logTable(weights.reduce((sum, w) => sum + w, 0));
  return {
    node,
    enter(samples, start, end) {
      total.fill(0);
      let weight = 0;
      for (let i = start; i < end; i++) {
        const row = samples[i]!;
        const w = weights[row]!;
        own[i - start] = codes[row]!;
        share[i - start] = w;
        total[codes[row]!]! += w;
        weight += w;
      }
      node.weight = weight;
      let sum = 0;
      for (const count of total) sum += gini ? count * count : table[count]!;
      node.impurity = gini ? 1 - sum / (weight * weight) : (table[weight]! - sum) / weight;
      node.proxy = gini ? -weight * node.impurity : sum - table[weight]!;
    },
    scan: (keys, places, length, least, best) => {
      left.fill(0);
      right.set(total);
      return gini
        ? scanGini({ own, share, left, right }, node, keys, places, length, least, best)
        : scanEntropy({ own, share, left, right }, table, node, keys, places, length, least, best);
    },
  };
}

interface Counting {
  readonly own: Int32Array;
  readonly share: Float64Array;
  readonly left: Float64Array;
  readonly right: Float64Array;
}

function scanGini(
  { own, share, left, right }: Counting,
  { weight, impurity }: Criterion['node'],
  keys: Int32Array,
  places: Int32Array,
  length: number,
  least: number,
  best: BestSplit,
): boolean {
  let squaresRight = 0;
  for (const count of right) squaresRight += count * count;
  let squaresLeft = 0;
  let weightLeft = 0;
  let found = false;
  const last = length - least;
  for (let i = 0; i < last; i++) {
    const place = places[i]!;
    const w = share[place]!;
    const c = own[place]!;
    // Sums of squares change by w(2c + w): whole numbers, so nothing is rounded.
    squaresLeft += w * (2 * left[c]! + w);
    squaresRight -= w * (2 * right[c]! - w);
    left[c]! += w;
    right[c]! -= w;
    weightLeft += w;
    if (keys[i + 1] === keys[i] || i + 1 < least) continue;
    const weightRight = weight - weightLeft;
    const impurityLeft = 1 - squaresLeft / (weightLeft * weightLeft);
    const impurityRight = 1 - squaresRight / (weightRight * weightRight);
    const proxy = -weightRight * impurityRight - weightLeft * impurityLeft;
    if (proxy <= best.proxy) continue;
    best.proxy = proxy;
    best.decrease = impurity - (weightRight / weight) * impurityRight - (weightLeft / weight) * impurityLeft;
    best.low = keys[i]!;
    best.high = keys[i + 1]!;
    found = true;
  }
  return found;
}

function scanEntropy(
  { own, share, left, right }: Counting,
  table: Float64Array,
  { weight, proxy: before }: Criterion['node'],
  keys: Int32Array,
  places: Int32Array,
  length: number,
  least: number,
  best: BestSplit,
): boolean {
  let weightLeft = 0;
  let found = false;
  const last = length - least;
  for (let i = 0; i < last; i++) {
    const place = places[i]!;
    const w = share[place]!;
    const c = own[place]!;
    left[c]! += w;
    right[c]! -= w;
    weightLeft += w;
    if (keys[i + 1] === keys[i] || i + 1 < least) continue;
    let proxy = -table[weightLeft]! - table[weight - weightLeft]!;
    for (let k = 0; k < left.length; k++) proxy += table[left[k]!]! + table[right[k]!]!;
    if (proxy <= best.proxy) continue;
    best.proxy = proxy;
    best.decrease = (proxy - before) / weight;
    best.low = keys[i]!;
    best.high = keys[i + 1]!;
    found = true;
  }
  return found;
}

/**
 * Numbers, squared error: the variance in the nodes. What a split makes as great as it can is Σ s²/w over both sides, s the
 * sum of the differences from a value of the node: from 0 a narrow node would lose digits, from the mean whole numbers would
 * be rounded, and equal splits not be equal.
 */
function squaredError(values: Float64Array, weights: Weights): Criterion {
  const own = new Float64Array(values.length);
  const share = new Float64Array(values.length);
  const node = { weight: 0, impurity: 0, proxy: 0 };
  let total = 0;
  return {
    node,
    enter(samples, start, end) {
      const first = values[samples[start]!]!;
      let weight = 0;
      total = 0;
      for (let i = start; i < end; i++) {
        const row = samples[i]!;
        const w = weights[row]!;
        share[i - start] = w;
        own[i - start] = w * (values[row]! - first);
        weight += w;
        total += own[i - start]!;
      }
      const offset = total / weight;
      let squares = 0;
      for (let i = 0; i < end - start; i++) {
        const w = share[i]!;
        const deviation = own[i]! / w - offset;
        squares += w * deviation * deviation;
      }
      node.weight = weight;
      node.proxy = (total * total) / weight;
      node.impurity = squares / weight;
    },
    scan: (keys, places, length, least, best) =>
      scanSums(own, share, total, node, keys, places, length, least, best),
  };
}

function scanSums(
  own: Float64Array,
  share: Float64Array,
  total: number,
  { weight, proxy: before }: Criterion['node'],
  keys: Int32Array,
  places: Int32Array,
  length: number,
  least: number,
  best: BestSplit,
): boolean {
  let sum = 0;
  let weightLeft = 0;
  let found = false;
  const last = length - least;
  for (let i = 0; i < last; i++) {
    const place = places[i]!;
    sum += own[place]!;
    weightLeft += share[place]!;
    if (keys[i + 1] === keys[i] || i + 1 < least) continue;
    const rest = total - sum;
    const proxy = (sum * sum) / weightLeft + (rest * rest) / (weight - weightLeft);
    if (proxy <= best.proxy) continue;
    best.proxy = proxy;
    best.decrease = (proxy - before) / weight;
    best.low = keys[i]!;
    best.high = keys[i + 1]!;
    found = true;
  }
  return found;
}
