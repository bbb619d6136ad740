import type { Engine } from '../src/ports/engine.js';
import type { ClassRows } from '../src/ports/losses.js';
import { normal } from './data.js';
import { placed, type Case, type Contest, type Stage } from './stage.js';

const ROWS = 100_000;
const COLUMNS = 16;

/** Columns, and codes of so many classes. */
function drawn(classes: number): { columns: Float64Array[]; codes: Int32Array } {
  const columns = Array.from({ length: COLUMNS }, (_, j) => normal(731 + j, ROWS));
  const noise = normal(757, ROWS);
  const codes = Int32Array.from(columns[0]!, (x, row) =>
    Math.min(classes - 1, Math.max(0, Math.floor(x + noise[row]! + classes / 2))),
  );
  return { columns, codes };
}

/** Coefficients of about 1, no two alike. */
const coefficients = (length: number): Float64Array =>
  Float64Array.from({ length }, (_, i) => Math.sin(i + 1));

function loss(classes: number, curved: boolean): (stage: Stage) => Contest {
  return (stage) => {
    const { columns, codes } = drawn(classes);
    const rows: Omit<ClassRows, 'columns'> = {
      centres: new Float64Array(COLUMNS),
      scales: new Float64Array(COLUMNS).fill(1),
      codes,
      weights: new Float64Array(classes).fill(1),
      intercept: true,
    };
    const w = coefficients((classes === 2 ? 1 : classes) * (COLUMNS + 1));
    const last = (engine: Engine, of: Float64Array[]): number =>
      engine.losses.logistic({ ...rows, columns: of }, (at) => {
        const { loss: sum, gradient, hessian } = at(w, curved);
        return hessian?.at(-1) ?? sum + gradient.at(-1)!;
      });
    const ours = columns.map((values) => placed(stage.arena, values));
    return { ours: () => last(stage.wasm, ours), rival: () => last(stage.js, columns), agree: 1e-9 };
  };
}

function probabilities(classes: number, kind: 'linear' | 'normal'): (stage: Stage) => Contest {
  return (stage) => {
    const { columns } = drawn(2);
    const starts = coefficients(classes === 2 && kind === 'linear' ? 1 : classes);
    const weights = coefficients(starts.length * COLUMNS);
    const scores =
      kind === 'linear'
        ? ({ kind, weights, starts } as const)
        : ({ kind, means: weights, variances: weights.map((value) => 2 + value), starts } as const);
    const last = (engine: Engine, of: Float64Array[]): number =>
      engine.losses.probabilities(of, scores).probabilities.at(-1)!;
    const ours = columns.map((values) => placed(stage.arena, values));
    return {
      ours: () => stage.arena.scratch(() => last(stage.wasm, ours)),
      rival: () => last(stage.js, columns),
      agree: 1e-9,
    };
  };
}

// Floors: about half of the median ratio of one run (two cores, busy with other work, Node 20).
const LOSSES: readonly [string, number, Case['prepare']][] = [
  ['gradient, two classes', 2, loss(2, false)],
  ['gradient, five classes', 2, loss(5, false)],
  ['Hessian, three classes', 2, loss(3, true)],
  ['probabilities, two classes', 2, probabilities(2, 'linear')],
  ['probabilities, five classes', 2, probabilities(5, 'linear')],
  ['probabilities of densities, five classes', 2, probabilities(5, 'normal')],
];

export const cases: readonly Case[] = LOSSES.map(([name, floor, prepare]) => ({
  family: 'losses',
  name: `${name}, 100,000 × ${COLUMNS}`,
  rival: 'js engine',
  floor,
  prepare,
}));
