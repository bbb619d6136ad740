/** Tables to grow trees on, drawn; and what must be true of a tree that was grown on one, by the definition. */
import fc from 'fast-check';
import type { GrownTree, GrowthTable, GrowthTarget, Member } from '../../src/ports/trees.js';
import { noise } from './columns.js';

export interface Drawn {
  readonly table: GrowthTable;
  readonly members: readonly Member[];
}

export const drawnTable: fc.Arbitrary<Drawn> = fc
  .record({
    rows: fc.integer({ min: 1, max: 90 }),
    d: fc.integer({ min: 1, max: 6 }),
    levels: fc.constantFrom(1, 2, 5, 1000),
    criterion: fc.constantFrom('gini' as const, 'entropy' as const, 'squared_error' as const),
    bootstrap: fc.boolean(),
    trees: fc.integer({ min: 1, max: 4 }),
    maxDepth: fc.constantFrom(Infinity, 1, 3),
    minSamplesLeaf: fc.constantFrom(1, 2, 7),
    minSamplesSplit: fc.constantFrom(2, 10),
    maxFeatures: fc.integer({ min: 1, max: 6 }),
    maxLeafNodes: fc.constantFrom(Infinity, 2, 9),
    minImpurityDecrease: fc.constantFrom(0, 0.02),
    seed: fc.nat(1_000_000),
  })
  .map(({ rows, d, levels, criterion, bootstrap, trees, seed, ...bounds }) => {
    const next = noise(seed);
    const below = (count: number): number => Math.floor(next() * count);
    // Ranks leave none out.
    const ranks = Array.from({ length: d }, () => ranked(Array.from({ length: rows }, () => below(levels))));
    const members = Array.from({ length: trees }, (): Member => {
      const draws = new Int32Array(rows);
      for (let i = 0; i < rows; i++) draws[below(rows)]!++;
      return { draws: bootstrap ? draws : null, state: below(0x7fffffff) };
    });
    const target: GrowthTarget =
      criterion === 'squared_error'
        ? { criterion, values: Float64Array.from({ length: rows }, () => 1e6 + below(40) / 8) }
        : { criterion, codes: Int32Array.from({ length: rows }, () => below(4)), classes: 4 };
    return {
      table: {
        ranks,
        target,
        bounds: { ...bounds, maxFeatures: Math.min(d, bounds.maxFeatures) },
        checkpoint: () => undefined,
      },
      members,
    };
  });

function ranked(values: readonly number[]): Int32Array {
  const distinct = [...new Set(values)].sort((a, b) => a - b);
  return Int32Array.from(values, (value) => distinct.indexOf(value));
}

/** Rows with their weights, and what a criterion says of them. */
type Rows = readonly (readonly [row: number, weight: number])[];
const weightOf = (rows: Rows): number => rows.reduce((sum, [, w]) => sum + w, 0);

function valuesOf(target: GrowthTarget, rows: Rows): number[] {
  if (target.criterion === 'squared_error')
    return [rows.reduce((sum, [row, w]) => sum + w * target.values[row]!, 0) / weightOf(rows)];
  return Array.from(
    { length: target.classes },
    (_, c) => weightOf(rows.filter(([row]) => target.codes[row] === c)) / weightOf(rows),
  );
}

function impurityOf(target: GrowthTarget, rows: Rows): number {
  const values = valuesOf(target, rows);
  if (target.criterion === 'squared_error')
    return (
      rows.reduce((sum, [row, w]) => sum + w * (target.values[row]! - values[0]!) ** 2, 0) / weightOf(rows)
    );
  if (target.criterion === 'gini') return 1 - values.reduce((sum, p) => sum + p * p, 0);
  return -values.reduce((sum, p) => sum + (p > 0 ? p * Math.log2(p) : 0), 0);
}

/** By how much a split makes the impurity small, the rows' part of all taken into account. */
function decreaseOf(target: GrowthTarget, left: Rows, right: Rows, all: number): number {
  const part = (rows: Rows): number => (weightOf(rows) / all) * impurityOf(target, rows);
  return part([...left, ...right]) - part(left) - part(right);
}

/** Throws where a tree is not what the definition says; `exact`: all features were looked at. */
export function checkTree({ ranks, target, bounds }: GrowthTable, { draws }: Member, tree: GrownTree): void {
  const rows: Rows = Array.from(ranks[0]!, (_, row) => [row, draws?.[row] ?? 1] as const).filter(
    ([, w]) => w > 0,
  );
  const all = weightOf(rows);
  const exact = bounds.maxFeatures === ranks.length;
  const importances = ranks.map(() => 0);
  let [leaves, deepest] = [0, 0];
  const best = (own: Rows): number => {
    let most = -Infinity;
    for (const of of ranks)
      for (const low of new Set(own.map(([row]) => of[row]!))) {
        const sides = [
          own.filter(([row]) => of[row]! <= low),
          own.filter(([row]) => of[row]! > low),
        ] as const;
        if (Math.min(...sides.map((side) => side.length)) >= bounds.minSamplesLeaf)
          most = Math.max(most, decreaseOf(target, ...sides, all));
      }
    return most;
  };
  const look = (node: number, own: Rows, depth: number): void => {
    deepest = Math.max(deepest, depth);
    const [of, to] = [tree.feature[node]!, tree.left[node]!];
    if (of < 0) {
      leaves++;
      const width = tree.values.length / tree.leaves;
      const got = Array.from(tree.values.subarray(to * width, (to + 1) * width));
      near(got, valuesOf(target, own), `values of leaf ${to}`);
      const mayStay =
        depth >= bounds.maxDepth ||
        own.length < bounds.minSamplesSplit ||
        own.length < 2 * bounds.minSamplesLeaf;
      const limited = bounds.maxLeafNodes !== Infinity;
      if (mayStay || limited || !exact || impurityOf(target, own) < 1e-12) return;
      if (best(own) > bounds.minImpurityDecrease + 1e-12)
        throw new Error(`expected node ${node} to be split`);
      return;
    }
    const [low, high] = [tree.low[node]!, tree.high[node]!];
    const [left, right] = [
      own.filter(([row]) => ranks[of]![row]! <= low),
      own.filter(([row]) => ranks[of]![row]! >= high),
    ];
    if (left.length + right.length < own.length)
      throw new Error(`expected all rows of node ${node} on a side`);
    if (Math.min(left.length, right.length) < Math.max(1, bounds.minSamplesLeaf))
      throw new Error(`expected more rows`);
    const decrease = decreaseOf(target, left, right, all);
    if (exact) near([decrease], [best(own)], `the decrease at node ${node}`);
    importances[of]! += decrease;
    look(to, left, depth + 1);
    look(to + 1, right, depth + 1);
  };
  look(0, rows, 0);
  near(
    [leaves, deepest, ...tree.importances],
    [tree.leaves, tree.depth, ...importances],
    'leaves, depth and importances',
  );
  if (leaves > bounds.maxLeafNodes)
    throw new Error(`expected at most ${bounds.maxLeafNodes} leaves, got ${leaves}`);
}

function near(got: readonly number[], want: readonly number[], what: string): void {
  const isNear =
    got.length === want.length &&
    got.every((x, i) => Math.abs(x - want[i]!) <= 1e-9 * Math.max(1, Math.abs(want[i]!)));
  if (!isNear) throw new Error(`expected ${what} ${want.join(' ')}, got ${got.join(' ')}`);
}
