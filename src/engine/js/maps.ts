import type { Distribution, MapsKernel } from '../../ports/maps.js';
import { LINE, linesOf } from '../lines.js';
import { normalQuantile } from './tails/normal.js';

/** How many of the ascending edges a value has reached. */
function reachedBy(value: number, edges: ArrayLike<number>): number {
  let [from, to] = [0, edges.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (edges[middle]! <= value) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Nearer to the ends than this is at the end. */
const THRESHOLD = 1e-7;
const LEAST = normalQuantile(THRESHOLD - Number.EPSILON);
const MOST = normalQuantile(1 - (THRESHOLD - Number.EPSILON));

function shareOf(value: number, { quantiles, isNormal }: Distribution, lines: Float64Array): number {
  const [low, high] = [quantiles[0]!, quantiles.at(-1)!];
  const reached = reachedBy(value, quantiles);
  if (reached === 0 || (isNormal ? value - THRESHOLD < low : value === low)) return 0;
  if (isNormal ? value + THRESHOLD > high : value === high) return 1;
  const from = reached - 1;
  const [middle, reference, slope, next] = lines.subarray(from * LINE, reached * LINE);
  if (value === quantiles[from]) return middle!;
  if (reached === quantiles.length) return reference!;
  const [down, up] = [value - quantiles[from]!, quantiles[reached]! - value];
  return 0.5 * (reference! + down * slope! + (next! - up * slope!));
}

/** From e^x − 1. */
function powerOf(log: number, lambda: number): number {
  if (log >= 0) return Math.abs(lambda) < Number.EPSILON ? log : Math.expm1(lambda * log) / lambda;
  const power = 2 - lambda;
  return Math.abs(power) > Number.EPSILON ? -Math.expm1(-power * log) / power : log;
}

/** A new column of another one's values. */
const mapped = (values: Float64Array, map: (value: number, row: number) => number): Float64Array => {
  const out = new Float64Array(values.length);
  for (let row = 0; row < out.length; row++) out[row] = map(values[row]!, row);
  return out;
};

export const maps: MapsKernel = {
  gaps: (columns) =>
    columns.map((values) => {
      let [missing, infinite] = [0, 0];
      for (let row = 0; row < values.length; row++) {
        const value = values[row]!;
        if (value !== value) missing++;
        else if (value - value !== 0) infinite++;
      }
      return { missing, infinite };
    }),
  scale: (columns, scalings) =>
    columns.map((values, i) => {
      const { centre, divisor, factor, shift } = scalings[i]!;
      return mapped(values, (value) => ((value - centre) / divisor) * factor + shift);
    }),
  multiply: (columns, others) =>
    columns.map((values, i) => mapped(values, (value, row) => value * others[i]![row]!)),
  project: (columns, centres, weights, starts) =>
    weights.map((own, k) => {
      const out = new Float64Array(columns[0]?.length ?? 0).fill(starts?.[k] ?? 0);
      columns.forEach((values, i) => {
        for (let row = 0; row < out.length; row++) out[row]! += (values[row]! - centres[i]!) * own[i]!;
      });
      return out;
    }),
  places: (values, edges) => mapped(values, (value) => (value === value ? reachedBy(value, edges) : NaN)),
  shares: (values, distribution) => {
    const lines = linesOf(distribution);
    return mapped(values, (value) => {
      if (value !== value) return NaN;
      const share = shareOf(value, distribution, lines);
      return distribution.isNormal ? Math.min(Math.max(normalQuantile(share), LEAST), MOST) : share;
    });
  },
  logarithms: (columns) =>
    columns.map((values) =>
      mapped(values, (value) => (value >= 0 ? Math.log1p(value) : -Math.log1p(-value))),
    ),
  powers: (columns, lambdas) =>
    columns.map((values, i) => mapped(values, (log) => powerOf(log, lambdas[i]!))),
};
