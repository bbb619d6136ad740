import type { ClassRows, ClassScores, LossesKernel, LossSums } from '../../ports/losses.js';
import { classesOf } from '../scores.js';
import type { Arena } from './arena.js';
import type { Team } from './team.js';

/** Rows of a tile, of which units are made: assembly/losses.ts, assembly/probabilities.ts. */
const TILE = 128;
const LINE_BYTES = 1024;
/** Units of a loss at most, and numbers that all of them may leave: by the table alone, for sums are made unit after unit. */
const MOST_UNITS = 64;
const MOST_ENTRIES = 2 ** 22;
/** Rows of a unit of probabilities, which do not depend on it. */
const UNIT = 32 * TILE;

/** See assembly/losses.ts. */
export function losses(arena: Arena, team: Team): LossesKernel {
  const pointers = (columns: readonly Float64Array[]): number => {
    const placed = columns.map((one) => arena.place(one));
    const list = arena.take(placed.length * 4);
    arena.int32At(list, placed.length).set(placed);
    return list;
  };

  /** Sums at coefficients; `sources` and `codes` lie in the arena. */
  const sumsOf = (
    rows: ClassRows,
    sources: number,
    codes: number,
    w: Float64Array,
    curved: boolean,
  ): LossSums => {
    const { columns, centres, scales, weights } = rows;
    const [length, d, intercept] = [rows.codes.length, columns.length, rows.intercept ? 1 : 0];
    const width = d + intercept;
    const outputs = w.length / width;
    const padded = Math.ceil(width / 4) * 4;
    const size = outputs * padded;
    const entries = 2 + size + (curved ? size * size : 0);
    const most = Math.max(1, Math.min(MOST_UNITS, Math.floor(MOST_ENTRIES / entries)));
    const block = Math.max(8, Math.ceil(length / most / TILE)) * TILE;
    const units = Math.ceil(length / block);
    const scaled = new Float64Array(outputs * d);
    const starts = new Float64Array(outputs);
    for (let c = 0; c < outputs; c++) {
      for (let j = 0; j < d; j++) scaled[c * d + j] = w[c * width + j]! * scales[j]!;
      if (rows.intercept) starts[c] = w[c * width + d]!;
    }
    const parameters = joined([centres, scales, scaled, starts, weights]);
    const out = arena.take(units * entries * 8);
    team.run('logistic', units, length * width * (curved ? size : outputs), [
      sources,
      codes,
      length,
      block,
      d,
      outputs,
      intercept,
      curved ? 1 : 0,
      arena.place(parameters),
      arena.take(team.lanes * (5 + 2 * outputs + padded) * LINE_BYTES),
      out,
    ]);
    const sums = new Float64Array(entries);
    const parts = arena.float64At(out, units * entries);
    for (let at = 0, i = 0; at < parts.length; at++, i = i + 1 === entries ? 0 : i + 1)
      sums[i]! += parts[at]!;
    return unpadded(sums, w.length, outputs, curved);
  };

  return {
    logistic: (rows, use) =>
      arena.scratch(() => {
        const [sources, codes] = [pointers(rows.columns), arena.place(rows.codes)];
        return use((w, curved) => arena.scratch(() => sumsOf(rows, sources, codes, w, curved)));
      }),
    probabilities: (columns, scores) => {
      const [rows, d] = [columns[0]?.length ?? 0, columns.length];
      const outputs = scores.starts.length;
      const classes = classesOf(scores);
      const [codes, out] = [arena.take(rows * 4), arena.take(rows * classes * 8)];
      arena.scratch(() => {
        const values = rows * (d + 8) * outputs;
        team.run('probabilities', Math.ceil(rows / UNIT), values, [
          pointers(columns),
          codes,
          rows,
          UNIT,
          d,
          outputs,
          scores.kind === 'normal' ? 1 : 0,
          arena.place(parametersOf(scores, d)),
          arena.take(team.lanes * outputs * LINE_BYTES),
          out,
        ]);
      });
      return { codes: arena.int32At(codes, rows), probabilities: arena.float64At(out, rows * classes) };
    },
  };
}

function parametersOf(scores: ClassScores, d: number): Float64Array {
  const [first, second] =
    scores.kind === 'linear'
      ? [new Float64Array(d), scores.weights]
      : [scores.means, scores.variances.map((variance) => -0.5 / variance)];
  return joined([first, second, scores.starts]);
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Of what a unit leaves, in which each output has a multiple of four columns. */
function unpadded(sums: Float64Array, size: number, outputs: number, curved: boolean): LossSums {
  const width = size / outputs;
  const padded = Math.ceil(width / 4) * 4;
  const place = (i: number): number => Math.floor(i / width) * padded + (i % width);
  const gradient = Float64Array.from({ length: size }, (_, i) => sums[2 + place(i)]!);
  const [loss, total] = [sums[0]!, sums[1]!];
  if (!curved) return { loss, total, gradient };
  const row = outputs * padded;
  const hessian = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const from = 2 + row + place(i) * row;
    for (let k = 0; k <= i; k++) hessian[i * size + k] = sums[from + place(k)]!;
  }
  return { loss, total, gradient, hessian };
}
