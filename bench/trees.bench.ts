import type { Engine } from '../src/ports/engine.js';
import type { GrowthTable, Member, TreeNodes } from '../src/ports/trees.js';
import { mulberry32, normal } from './data.js';
import { placed, type Case, type Contest, type Stage } from './stage.js';

const COLUMNS = 8;

/** Rows, of each column each row's place in it, and classes that half of the columns tell something of. */
function grounds(rows: number): { columns: Float64Array[]; table: GrowthTable; members: Member[] } {
  const columns = Array.from({ length: COLUMNS }, (_, j) => normal(951 + j, rows));
  const noise = normal(960, rows);
  const ranks = columns.map((values) => {
    const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
    return order.reduce((list, row, rank) => list.fill(rank, row, row + 1), new Int32Array(rows));
  });
  const codes = Int32Array.from(noise, (y, row) => (y + columns[0]![row]! * columns[1]![row]! > 0 ? 1 : 0));
  const next = mulberry32(961);
  const members = Array.from({ length: 4 }, (_, i): Member => {
    const draws = new Int32Array(rows);
    for (let row = 0; row < rows; row++) draws[Math.floor(next() * rows)]!++;
    return { draws, state: i + 1 };
  });
  const bounds = {
    ...{ maxDepth: Infinity, minSamplesSplit: 2, minSamplesLeaf: 1 },
    ...{ maxFeatures: 3, maxLeafNodes: Infinity, minImpurityDecrease: 0 },
  };
  const target = { criterion: 'gini', codes, classes: 2 } as const;
  return { columns, table: { ranks, target, bounds, checkpoint: () => undefined }, members };
}

function growth(stage: Stage, rows: number): Contest {
  const { table, members } = grounds(rows);
  const digest = (engine: Engine): number => {
    let nodes = 0;
    engine.trees.grow(table, members, ({ feature }) => {
      nodes += feature.length;
    });
    return nodes;
  };
  return { ours: () => digest(stage.wasm), rival: () => digest(stage.js), agree: 0 };
}

/** A forest of the same trees again and again. */
function forest(stage: Stage, rows: number, copies: number): TreeNodes {
  const { columns, table, members } = grounds(rows);
  const roots: number[] = [];
  const feature: number[] = [];
  const threshold: number[] = [];
  const left: number[] = [];
  const value: number[] = [];
  const sorted = columns.map((values) => Float64Array.from(values).sort());
  for (let copy = 0; copy < copies; copy++)
    stage.js.trees.grow(table, members, (tree) => {
      const [root, leaf] = [feature.length, value.length];
      roots.push(root);
      tree.feature.forEach((of, node) => {
        feature.push(of);
        threshold.push(of < 0 ? 0 : sorted[of]![tree.low[node]!]!);
        left.push(tree.left[node]! + (of < 0 ? leaf : root));
      });
      for (let i = 0; i < tree.leaves; i++) value.push(tree.values[2 * i]!);
    });
  return {
    roots: Int32Array.from(roots),
    feature: Int32Array.from(feature),
    threshold: Float64Array.from(threshold),
    left: Int32Array.from(left),
    width: 1,
    value: Float64Array.from(value),
  };
}

function traversal(stage: Stage, rows: number): Contest {
  const trees = forest(stage, 4_000, 5);
  const columns = Array.from({ length: COLUMNS }, (_, j) => normal(971 + j, rows));
  const ours = columns.map((values) => placed(stage.arena, values));
  const digest = (engine: Engine, of: readonly Float64Array[]): number =>
    stage.arena.scratch(() => engine.trees.traverse(trees, of).reduce((sum, one) => sum + one, 0));
  return { ours: () => digest(stage.wasm, ours), rival: () => digest(stage.js, columns), agree: 0 };
}

// Floors: half of what a machine of two cores gives, for another of the same kind.
export const cases: readonly Case[] = [
  {
    family: 'trees',
    name: '20 trees, 100,000 × 8 through them',
    rival: 'js engine',
    floor: 1.1,
    prepare: (stage) => traversal(stage, 100_000),
  },
  {
    family: 'trees',
    name: '4 trees grown on 20,000 × 8',
    rival: 'js engine',
    floor: 1.1,
    prepare: (stage) => growth(stage, 20_000),
  },
];
