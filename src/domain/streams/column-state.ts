import type { Engine } from '../../ports/engine.js';
import { BytesReader, type BytesWriter } from './bytes.js';
import { addExact, centred, type Exact, exactSums, NOTHING, reduced, type Sums } from './exact.js';
import {
  EMPTY_SKETCH,
  LEVELS,
  mergeSketches,
  MOST_BUCKETS,
  type Sketch,
  sketchOf,
  type SketchRoom,
} from './sketch.js';

/**
 * What is known of a column's values in one window of one key, without the values. Of two such of other rows, one of all comes
 * about by `mergeColumns`. Everything but `m3` and `m4` is a function of the set of values alone, to the bit; those two are so
 * to about 1e-14 of m2^1.5/√n and m4.
 */
export interface ColumnState extends Sums {
  /** Finite values. Σx, Σx², `m3`, `m4`, extremes and the sketch are of those. */
  readonly finite: number;
  readonly infinite: number;
  readonly negativeInfinite: number;
  readonly zeros: number;
  /** Of finite values: +∞ and −∞ of none. */
  readonly min: number;
  readonly max: number;
  /** Σ(x − x̄)³ and Σ(x − x̄)⁴. */
  readonly m3: number;
  readonly m4: number;
  readonly sketch: Sketch;
  /** The least values, ascending, and the greatest, descending: as many as the definition asks for. */
  readonly least: Float64Array;
  readonly greatest: Float64Array;
}

export const EMPTY_COLUMN: ColumnState = {
  finite: 0,
  infinite: 0,
  negativeInfinite: 0,
  zeros: 0,
  sum: NOTHING,
  squares: NOTHING,
  min: Infinity,
  max: -Infinity,
  m3: 0,
  m4: 0,
  sketch: EMPTY_SKETCH,
  least: new Float64Array(0),
  greatest: new Float64Array(0),
};

/** Values beside the finite ones count as present. */
export const countOf = ({ finite, infinite, negativeInfinite }: ColumnState): number =>
  finite + infinite + negativeInfinite;

/** Extreme values that a state may keep on each side. */
export const MOST_EXTREMES = 100;

/** Of the values that are numbers. `values` are its own: infinite ones are taken out of them. */
export function columnState(
  values: Float64Array,
  extremes: number,
  { moments }: Pick<Engine, 'moments'>,
  room: SketchRoom,
): ColumnState {
  let [finite, infinite, negativeInfinite, zeros] = [0, 0, 0, 0];
  let [min, max] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    if (x - x !== 0) {
      if (x === Infinity) infinite++;
      else if (x === -Infinity) negativeInfinite++;
      values[i] = NaN;
      continue;
    }
    finite++;
    if (x === 0) zeros++;
    if (x < min) min = x;
    if (x > max) max = x;
  }
  if (finite === 0) return { ...EMPTY_COLUMN, infinite, negativeInfinite };
  const numbers = { length: values.length, chunks: [{ values, validity: null, bitOffset: 0 }] };
  const { m3, m4 } = moments(numbers, 4);
  return {
    finite,
    infinite,
    negativeInfinite,
    zeros,
    ...exactSums(values),
    // No sign of zero: which came first must not be told.
    min: min + 0,
    max: max + 0,
    m3,
    m4,
    sketch: sketchOf(values, room),
    least: extremesOf(values, extremes, 1),
    greatest: extremesOf(values, extremes, -1),
  };
}

/** The first `count` values in ascending order, with `sign` −1 in descending order. */
function extremesOf(values: Float64Array, count: number, sign: 1 | -1): Float64Array {
  const kept = new Float64Array(count);
  let length = 0;
  for (let i = 0; i < values.length && count > 0; i++) {
    const x = values[i]! * sign;
    if (x !== x || (length === count && !(x < kept[length - 1]!))) continue;
    let place = length < count ? length++ : count - 1;
    for (; place > 0 && kept[place - 1]! > x; place--) kept[place] = kept[place - 1]!;
    kept[place] = x;
  }
  // 0 · −1 and −0 become 0.
  return kept.subarray(0, length).map((x) => x * sign + 0);
}

/** `extremes`: how many extreme values the definition asks for. */
export function mergeColumns(a: ColumnState, b: ColumnState, extremes: number): ColumnState {
  const [left, right] = [centred(a, a.finite), centred(b, b.finite)];
  return {
    finite: a.finite + b.finite,
    infinite: a.infinite + b.infinite,
    negativeInfinite: a.negativeInfinite + b.negativeInfinite,
    zeros: a.zeros + b.zeros,
    sum: addExact(a.sum, b.sum),
    squares: addExact(a.squares, b.squares),
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    ...higherMoments({ ...a, ...left }, { ...b, ...right }),
    sketch: mergeSketches(a.sketch, b.sketch),
    least: ends(a.least, b.least, extremes, 1),
    greatest: ends(a.greatest, b.greatest, extremes, -1),
  };
}

interface Central {
  readonly finite: number;
  readonly mean: number;
  readonly m2: number;
  readonly m3: number;
  readonly m4: number;
}

/** P. Pébay, "Formulas for robust, one-pass parallel computation of covariances and arbitrary-order statistical moments", 2008. */
function higherMoments(a: Central, b: Central): { readonly m3: number; readonly m4: number } {
  if (a.finite === 0) return b;
  if (b.finite === 0) return a;
  const [m, n] = [a.finite, b.finite];
  const all = m + n;
  const difference = b.mean - a.mean;
  const step = difference / all;
  const cross = m * n * difference * step;
  return {
    m3: a.m3 + b.m3 + (cross * step * (m - n) + 3 * step * (m * b.m2 - n * a.m2)),
    m4:
      a.m4 +
      b.m4 +
      (cross * step * step * (m * m - m * n + n * n) +
        6 * step * step * (m * m * b.m2 + n * n * a.m2) +
        4 * step * (m * b.m3 - n * a.m3)),
  };
}

function ends(a: Float64Array, b: Float64Array, count: number, sign: 1 | -1): Float64Array {
  const both = new Float64Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  both.sort((x, y) => (x - y) * sign);
  return both.slice(0, count);
}

/** Whole numbers of Σx and Σx² have at most so many bytes: all bits of float64 and of its square, and of 2^53 of them. */
const SUM_BYTES = 272;
const SQUARES_BYTES = 544;

export function writeColumn(out: BytesWriter, state: ColumnState): void {
  for (const count of [state.finite, state.infinite, state.negativeInfinite, state.zeros]) out.whole(count);
  if (state.finite === 0) return;
  for (const sum of [state.sum, state.squares]) {
    const { m, e } = reduced(sum);
    out.signed(e);
    out.large(m);
  }
  for (const one of [state.min, state.max, state.m3, state.m4]) out.float(one);
  const { level, buckets, counts } = state.sketch;
  out.whole(level);
  out.whole(buckets.length);
  buckets.forEach((bucket, i) => {
    if (i === 0) out.signed(bucket);
    else out.whole(bucket - buckets[i - 1]! - 1);
  });
  for (const count of counts) out.whole(count);
  out.floats(state.least);
  out.floats(state.greatest);
}

export function readColumn(bytes: BytesReader): ColumnState {
  const [finite, infinite, negativeInfinite, zeros] = [
    bytes.whole(),
    bytes.whole(),
    bytes.whole(),
    bytes.whole(),
  ];
  bytes.check(zeros <= finite, 'no more zeros than values');
  if (finite === 0) return { ...EMPTY_COLUMN, infinite, negativeInfinite };
  const sum = readExact(bytes, SUM_BYTES, -1074);
  const squares = readExact(bytes, SQUARES_BYTES, -2148);
  bytes.check(squares.m >= 0n, 'a sum of squares that is not negative');
  const [min, max, m3, m4] = [bytes.float(), bytes.float(), bytes.float(), bytes.float()];
  bytes.check(Number.isFinite(min) && Number.isFinite(max) && min <= max, 'a least and a greatest value');
  const sketch = readSketch(bytes, finite);
  const [least, greatest] = [readEnds(bytes, 1), readEnds(bytes, -1)];
  return {
    finite,
    infinite,
    negativeInfinite,
    zeros,
    sum,
    squares,
    min,
    max,
    m3,
    m4,
    sketch,
    least,
    greatest,
  };
}

function readExact(bytes: BytesReader, most: number, lowest: number): Exact {
  const e = bytes.signed();
  bytes.check(e >= lowest && e <= 4300, 'an exponent of float64');
  return { m: bytes.large(most), e };
}

function readSketch(bytes: BytesReader, finite: number): Sketch {
  const level = bytes.whole(LEVELS);
  const length = bytes.whole(MOST_BUCKETS);
  const most = (0x7ff << 7) >> level;
  const buckets = new Int32Array(length);
  let last = 0;
  for (let i = 0; i < length; i++) {
    last = i === 0 ? bytes.signed() : last + 1 + bytes.whole(4 * most + 4);
    bytes.check(last >= ~most && last <= most, 'buckets of finite numbers');
    buckets[i] = last;
  }
  const counts = Float64Array.from({ length }, () => bytes.whole());
  bytes.check(
    counts.every((count) => count > 0) && counts.reduce((sum, count) => sum + count, 0) === finite,
    'as many values in its buckets as it has',
  );
  return { level, buckets, counts };
}

function readEnds(bytes: BytesReader, sign: 1 | -1): Float64Array {
  const ends = bytes.floats(MOST_EXTREMES);
  bytes.check(
    ends.every((x, i) => Number.isFinite(x) && (i === 0 || (x - ends[i - 1]!) * sign >= 0)),
    'extreme values in order',
  );
  return ends;
}
