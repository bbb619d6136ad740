/**
 * Shapiro–Wilk's W by Royston's AS R94 (Applied Statistics 44, 1995), which SciPy's `shapiro` runs: its approximations of
 * the normal quantile (AS 111) and tail (AS 66) too, so that p-values are SciPy's to their last digits.
 */
import type { Engine } from '../../ports/engine.js';
import type { FromSchema } from '../../ports/schema.js';
import { CompensatedSum } from './compensated-sum.js';
import { needValues } from './refusals.js';
import { numbersOf } from './samples.js';
import { hypothesisTest } from './test.js';

export interface ShapiroWilk {
  readonly w: number;
  readonly p: number;
  readonly log10P: number;
}

/** Corrections of the outermost two weights, in 1/√n; coefficients from the constant upwards, here and below. */
const FIRST = [0, 0.221157, -0.147981, -2.07119, 4.434685, -2.706056];
const SECOND = [0, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633];
/** Mean and log of the standard deviation of the transformed 1 − W, in n up to 11, in ln n beyond. */
const SMALL_MEAN = [0.544, -0.39978, 0.025054, -6.714e-4];
const SMALL_LOG_SD = [1.3822, -0.77857, 0.062767, -0.0020322];
const LARGE_MEAN = [-1.5861, -0.31082, -0.083751, 0.0038915];
const LARGE_LOG_SD = [-0.4803, -0.082676, 0.0030302];
const GAMMA = [-2.273, 0.459];
/** The smallest p-value it gives up to 11 values, and the range below which values count as equal. */
const SMALL = 1e-19;

/**
 * W of at least three ascending values, and its p-value. Values that are all equal have W = 1 and p = 1, as in SciPy.
 * Beyond 5,000 values the p-value is an extrapolation.
 */
export function shapiroWilk(sorted: Float64Array, engine: Pick<Engine, 'moments'>): ShapiroWilk {
  const n = sorted.length;
  const range = sorted[n - 1]! - sorted[0]!;
  if (!(range >= SMALL)) return { w: 1, p: 1, log10P: 0 };
  const { slope, squares } = weighted(sorted, range);
  const spread = spreadOf(sorted, range, engine);
  const reach = Math.sqrt(squares * spread);
  // 1 − W first, W from it: their digits are lost the other way round.
  const rest = ((reach - slope) * (reach + slope)) / (squares * spread);
  const w = 1 - rest;
  if (n === 3) return ofThree(w);
  const lnN = Math.log(n);
  let y = Math.log(rest);
  let mean = polynomial(LARGE_MEAN, lnN);
  let deviation = Math.exp(polynomial(LARGE_LOG_SD, lnN));
  if (n <= 11) {
    const gamma = polynomial(GAMMA, n);
    if (y >= gamma) return { w, p: SMALL, log10P: Math.log10(SMALL) };
    y = -Math.log(gamma - y);
    mean = polynomial(SMALL_MEAN, n);
    deviation = Math.exp(polynomial(SMALL_LOG_SD, n));
  }
  return { w, ...upperTail((y - mean) / deviation) };
}

/**
 * Σ a·x/range and Σ a² for the weights a of W, which are antisymmetric: −a of the i-th smallest, a of the i-th largest.
 * Between the outermost ones they are expected order statistics, scaled.
 */
function weighted(sorted: Float64Array, range: number): { slope: number; squares: number } {
  const n = sorted.length;
  const gap = (i: number): number => (sorted[n - 1 - i]! - sorted[i]!) / range;
  if (n === 3) return { slope: Math.SQRT1_2 * gap(0), squares: 2 * Math.SQRT1_2 * Math.SQRT1_2 };
  const ends = n > 5 ? 2 : 1;
  const outer = [quantile(0.625 / (n + 0.25)), quantile(1.625 / (n + 0.25))] as const;
  const inner = new CompensatedSum();
  const product = new CompensatedSum();
  for (let i = ends; i < n >> 1; i++) {
    const m = quantile((i + 0.625) / (n + 0.25));
    inner.add(m * m);
    product.add(-m * gap(i));
  }
  const outerSquares = outer[0] * outer[0] + (ends === 2 ? outer[1] * outer[1] : 0);
  const length = Math.sqrt(2 * (inner.value + outerSquares));
  const root = 1 / Math.sqrt(n);
  const a1 = polynomial(FIRST, root) - outer[0] / length;
  const a2 = ends === 2 ? polynomial(SECOND, root) - outer[1] / length : 0;
  const scale = Math.sqrt((2 * inner.value) / (1 - 2 * a1 * a1 - 2 * a2 * a2));
  return {
    slope: product.value / scale + a1 * gap(0) + (ends === 2 ? a2 * gap(1) : 0),
    squares: 2 * (inner.value / (scale * scale) + a1 * a1 + a2 * a2),
  };
}

/** Σ ((x − x̄) / range)². */
function spreadOf(sorted: Float64Array, range: number, engine: Pick<Engine, 'moments'>): number {
  if (range > 1e-100 && range < 1e100) return engine.moments(numbersOf(sorted), 2).m2 / range / range;
  // Squares would leave the range of a double.
  const middle = sorted[sorted.length >> 1]!;
  return engine.moments(numbersOf(sorted.map((x) => (x - middle) / range)), 2).m2;
}

/** The distribution of W for three values is known: 1 − 6/π · acos √W. */
function ofThree(w: number): ShapiroWilk {
  if (w < 0.75) return { w: 0.75, p: 0, log10P: -Infinity };
  const p = 1 - (6 / Math.PI) * Math.acos(Math.sqrt(w));
  return { w, p, log10P: Math.log10(p) };
}

function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);
}

/** Normal quantile of p < 1/2 by AS 111, seven digits. */
function quantile(p: number): number {
  const q = p - 0.5;
  if (q >= -0.42) {
    const r = q * q;
    return (
      (q * (((-25.44106049637 * r + 41.39119773534) * r - 18.61500062529) * r + 2.50662823884)) /
      ((((3.13082909833 * r - 21.06224101826) * r + 23.08336743743) * r - 8.4735109309) * r + 1)
    );
  }
  const r = Math.sqrt(-Math.log(p));
  return (
    -(((2.32121276858 * r + 4.85014127135) * r - 2.29796479134) * r - 2.78718931138) /
    ((1.63706781897 * r + 3.54388924762) * r + 1)
  );
}

/** P(Z > z) by AS 66, nine digits. */
function upperTail(z: number): { p: number; log10P: number } {
  if (z <= 0) {
    const p = 1 - beyond(-z);
    return { p, log10P: Math.log10(p) };
  }
  const p = beyond(z);
  if (z <= 37) return { p, log10P: Math.log10(p) };
  // Abramowitz & Stegun 26.2.12: its next term is below 1e-12 here.
  const u = 1 / (z * z);
  const series = Math.log1p(-u * (1 - 3 * u * (1 - 5 * u * (1 - 7 * u))));
  return { p, log10P: (-0.5 * z * z - Math.log(z * Math.sqrt(2 * Math.PI)) + series) / Math.LN10 };
}

function beyond(z: number): number {
  if (z > 38) return 0;
  const y = 0.5 * z * z;
  if (z <= 1.28) {
    const inner =
      y + 5.75885480458 - 29.8213557808 / (y + 2.62433121679 + 48.6959930692 / (y + 5.92885724438));
    return 0.5 - z * (0.398942280444 - (0.399903438504 * y) / inner);
  }
  let fraction = z + 3.99019417011;
  fraction = z + 0.742380924027 + 30.789933034 / fraction;
  fraction = z + 4.8385912808 - 15.1508972451 / fraction;
  fraction = z - 0.151679116635 + 5.29330324926 / fraction;
  fraction = z + 3.98064794e-4 + 1.98615381364 / fraction;
  fraction = z - 3.8052e-8 + 1.00000615302 / fraction;
  return (0.398942280385 * Math.exp(-y)) / fraction;
}

const schema = { type: 'object', required: [], properties: {} } as const;

/** SciPy's `shapiro`. */
export const shapiro = hypothesisTest<FromSchema<typeof schema>>({
  name: 'shapiro',
  summary: 'Shapiro–Wilk test for normality',
  description:
    "SciPy's `shapiro`: whether a sample comes from a normal distribution. Three values at least; beyond 5,000 the p-value is an extrapolation.",
  takes: { kind: 'samples', least: 1, most: 1 },
  options: schema,
  example: { columns: { a: [148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236] } },
  run({ samples, pointer, engine, notes }) {
    const [{ name, numbers }] = samples as [(typeof samples)[0]];
    const sorted = engine.order.sort(numbers);
    const n = sorted.length;
    needValues(n, 3, { name, test: 'shapiro', pointer });
    const { w, p, log10P } = shapiroWilk(sorted, engine);
    if (sorted[0] === sorted[n - 1])
      notes.warn('zero_variance', 'all values are equal: the test says nothing', name);
    if (n > MOST) notes.warn('large_sample', `p-value of ${n} values: made for up to ${MOST}`, name);
    return {
      statistic: w,
      tail: { p, log10: log10P },
      n: [n],
      assumptions: [{ name: 'sample_size', test: null, pValue: null, holds: n <= MOST }],
    };
  },
});

/** Values for which the p-value was made. */
const MOST = 5000;
