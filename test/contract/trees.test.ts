/** Decision trees: which leaf rows come to, by following the nodes; and trees grown, against the definition. */
import fc from 'fast-check';
import { jsEngine } from '../../src/engine/js/engine.js';
import type { GrownTree, GrowthTable, Member, TreeNodes } from '../../src/ports/trees.js';
import { noise } from './columns.js';
import { describeEngines } from './engines.js';
import { checkTree, drawnTable } from './trees-grown.js';

/** Trees grown at random: a node is split as long as there are splits left, its values one more than the last leaf's. */
function grown(splits: readonly number[], d: number, width: number, next: () => number): TreeNodes {
  const roots: number[] = [];
  const feature: number[] = [];
  const threshold: number[] = [];
  const left: number[] = [];
  let leaves = 0;
  const add = (): number => {
    left.push(0);
    threshold.push(0);
    return feature.push(-1) - 1;
  };
  for (const count of splits) {
    const open = [add()];
    roots.push(open[0]!);
    for (let i = 0; i < count; i++) {
      const [node] = open.splice(Math.floor(next() * open.length), 1);
      feature[node!] = Math.floor(next() * d);
      threshold[node!] = Math.round(next() * 8) / 4 - 1;
      left[node!] = add();
      open.push(left[node!]!, add());
    }
  }
  const value = feature.flatMap((of, node) => {
    if (of < 0) left[node] = leaves++;
    return of < 0 ? Array.from({ length: width }, () => next() - 0.5) : [];
  });
  return {
    roots: Int32Array.from(roots),
    feature: Int32Array.from(feature),
    threshold: Float64Array.from(threshold),
    left: Int32Array.from(left),
    width,
    value: Float64Array.from(value),
  };
}

/** By the definition. */
function said(trees: TreeNodes, columns: readonly Float64Array[], rows: readonly number[]): number[] {
  return rows.flatMap((row) => {
    const sums = Array.from({ length: trees.width }, () => 0);
    for (const root of trees.roots) {
      let node = root;
      while (trees.feature[node]! >= 0) {
        const value = columns[trees.feature[node]!]![row]!;
        node = trees.left[node]! + (value > trees.threshold[node]! ? 1 : 0);
      }
      for (let k = 0; k < trees.width; k++) sums[k]! += trees.value[trees.left[node]! * trees.width + k]!;
    }
    return sums;
  });
}

const count = (length: number): number[] => Array.from({ length }, (_, row) => row);
const areSame = (got: Float64Array, want: readonly number[]): boolean =>
  got.length === want.length && got.every((value, i) => Object.is(value, want[i]));
/** Also on the thresholds, and missing. */
const columnOf = (rows: number, next: () => number): Float64Array =>
  Float64Array.from({ length: rows }, () => (next() < 0.05 ? NaN : Math.round(next() * 16) / 8 - 1));

const drawn = fc.record({
  rows: fc.nat(40),
  d: fc.integer({ min: 1, max: 5 }),
  width: fc.integer({ min: 1, max: 4 }),
  splits: fc.array(fc.nat(20), { minLength: 1, maxLength: 5 }),
  picked: fc.option(fc.array(fc.nat(1000), { maxLength: 30 })),
  seed: fc.nat(1_000_000),
});

describeEngines((under) => {
  test('a row comes to the leaf that following the nodes comes to, in each tree', () => {
    fc.assert(
      fc.property(drawn, ({ rows, d, width, splits, picked, seed }) => {
        const { engine, arena } = under();
        const next = noise(seed);
        const trees = grown(splits, d, width, next);
        const columns = Array.from({ length: d }, () => columnOf(rows, next));
        const which = rows === 0 ? [] : picked?.map((row) => row % rows);
        const placed = columns.map((values) => {
          const view = arena === null || next() < 0.5 ? values : arena.float64(rows);
          view.set(values);
          return view;
        });
        const sums = engine.trees.traverse(trees, placed, which && Int32Array.from(which));
        expect(Array.from(sums)).toEqual(said(trees, columns, which ?? count(rows)));
      }),
      { numRuns: 200 },
    );
  });

  test('several units of rows, deep trees and a root that is a leaf: sums of the same bits', () => {
    const { engine } = under();
    const next = noise(77);
    const trees = grown([3000, 0, 40, 900], 3, 2, next);
    const columns = [0, 1, 2].map(() => columnOf(40_003, next));
    const sums = engine.trees.traverse(trees, columns);
    expect(areSame(sums, said(trees, columns, count(40_003)))).toBe(true);
    const rows = Int32Array.from({ length: 17_001 }, () => Math.floor(next() * 40_003));
    expect(areSame(engine.trees.traverse(trees, columns, rows), said(trees, columns, Array.from(rows)))).toBe(
      true,
    );
  });

  test('a few rows through many nodes', () => {
    const { engine } = under();
    const next = noise(78);
    const trees = grown([5000, 5000], 2, 1, next);
    const columns = [0, 1].map(() => columnOf(3, next));
    expect(Array.from(engine.trees.traverse(trees, columns))).toEqual(said(trees, columns, count(3)));
  });

  test('a chain of ten thousand splits ends', () => {
    const { engine } = under();
    const length = 10_000;
    const nodes = 2 * length + 1;
    const isSplit = (node: number): boolean => node < nodes - 1 && (node === 0 || node % 2 === 0);
    let leaves = 0;
    const trees: TreeNodes = {
      roots: Int32Array.of(0),
      feature: Int32Array.from({ length: nodes }, (_, node) => (isSplit(node) ? 0 : -1)),
      threshold: Float64Array.from({ length: nodes }, (_, node) => node / 2),
      left: Int32Array.from({ length: nodes }, (_, node) => (isSplit(node) ? node + 1 : leaves++)),
      width: 1,
      value: Float64Array.from({ length: length + 1 }, (_, leaf) => leaf),
    };
    const columns = [Float64Array.from({ length: 300 }, (_, row) => row * 40)];
    expect(Array.from(engine.trees.traverse(trees, columns))).toEqual(said(trees, columns, count(300)));
  });

  test('no rows', () => {
    const { engine } = under();
    expect(engine.trees.traverse(grown([3], 1, 2, noise(1)), [new Float64Array(0)])).toHaveLength(0);
  });

  test('each split is the best there is, each leaf has the shares or the mean of its rows', () => {
    fc.assert(
      fc.property(drawnTable, ({ table, members }) => {
        const { engine } = under();
        let next = 0;
        engine.trees.grow(table, members, (tree) => {
          checkTree(table, members[next++]!, tree);
        });
        expect(next).toBe(members.length);
      }),
      { numRuns: 150 },
    );
  });

  test('the same trees to the bit, whatever the engine and however many at once', async () => {
    const { trees: other } = await jsEngine();
    const { engine } = under();
    const grownBy = (
      grow: typeof other.grow,
      table: GrowthTable,
      members: readonly Member[],
    ): GrownTree[] => {
      const trees: GrownTree[] = [];
      grow(table, members, (tree) => trees.push(structuredClone(tree)));
      return trees;
    };
    fc.assert(
      fc.property(drawnTable, ({ table, members }) => {
        expect(grownBy(engine.trees.grow, table, members)).toEqual(grownBy(other.grow, table, members));
      }),
      { numRuns: 150 },
    );
    const next = noise(5);
    const rows = 3000;
    const ranks = [3, 40, 1, rows, rows].map((levels) =>
      Int32Array.from({ length: rows }, () => Math.floor(next() * levels)),
    );
    const bounds = { maxDepth: Infinity, minSamplesSplit: 2, minSamplesLeaf: 1, maxFeatures: 3 };
    const rest = { maxLeafNodes: Infinity, minImpurityDecrease: 0 };
    const table: GrowthTable = {
      ranks,
      target: {
        criterion: 'squared_error',
        values: Float64Array.from(ranks[3]!, (x) => Math.sin(x / 250) + next()),
      },
      bounds: { ...bounds, ...rest },
      checkpoint: () => undefined,
    };
    const members = [1, 2, 3].map((state) => ({ draws: null, state }));
    expect(grownBy(engine.trees.grow, table, members)).toEqual(grownBy(other.grow, table, members));
  });

  test('a member is asked for when there is room for its tree, and the request can be cancelled before', () => {
    const { engine } = under();
    const table: GrowthTable = {
      ranks: [Int32Array.of(0, 1)],
      target: { criterion: 'gini', codes: Int32Array.of(0, 1), classes: 2 },
      bounds: {
        maxDepth: Infinity,
        minSamplesSplit: 2,
        minSamplesLeaf: 1,
        maxFeatures: 1,
        maxLeafNodes: Infinity,
        minImpurityDecrease: 0,
      },
      checkpoint: () => undefined,
    };
    const members = function* (): Generator<Member> {
      yield { draws: null, state: 1 };
      throw new Error('cancelled');
    };
    expect(() => {
      engine.trees.grow(table, members(), () => undefined);
    }).toThrow('cancelled');
  });
});
