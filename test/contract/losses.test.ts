/** Losses and probabilities: against their definitions, and the same bits for a row wherever it lies. */
import fc from 'fast-check';
import type { ClassRows, ClassScores, LossSums } from '../../src/ports/losses.js';
import { noise } from './columns.js';
import { describeEngines } from './engines.js';

const TOLERANCE = 1e-12;

const drawn = (seed: number, length: number, scale = 1): Float64Array => {
  const next = noise(seed);
  return Float64Array.from({ length }, () => scale * (2 * next() - 1));
};

function drawnRows(length: number, d: number, classes: number, intercept: boolean): ClassRows {
  const next = noise(length + d);
  return {
    columns: Array.from({ length: d }, (_, j) => drawn(j + 1, length, j + 1)),
    centres: drawn(51, d, 0.5),
    scales: drawn(52, d).map((value) => 1.5 + value),
    codes: Int32Array.from({ length }, (_, row) => (row < classes ? row : Math.floor(next() * classes))),
    weights: Float64Array.from({ length: classes }, (_, c) => 1 + c / 4),
    intercept,
  };
}

/** Row by row, as the textbook has it. */
function byDefinition(rows: ClassRows, w: Float64Array): Required<LossSums> {
  const classes = rows.weights.length;
  const width = rows.columns.length + (rows.intercept ? 1 : 0);
  const outputs = w.length / width;
  const gradient = new Float64Array(w.length);
  const hessian = new Float64Array(w.length ** 2);
  let [loss, total] = [0, 0];
  rows.codes.forEach((code, row) => {
    const x = rows.columns.map((column, j) => (column[row]! - rows.centres[j]!) * rows.scales[j]!);
    if (rows.intercept) x.push(1);
    const scores = Array.from({ length: outputs }, (_, c) =>
      x.reduce((sum, value, j) => sum + value * w[c * width + j]!, 0),
    );
    const all = outputs === 1 ? [0, ...scores] : scores;
    const whole = all.reduce((sum, score) => sum + Math.exp(score), 0);
    const shares = all.map((score) => Math.exp(score) / whole);
    const weight = rows.weights[code]!;
    loss -= weight * Math.log(shares[code]!);
    total += weight;
    for (let c = 0; c < outputs; c++) {
      const one = classes === 2 ? 1 : c;
      for (let j = 0; j < width; j++) {
        gradient[c * width + j]! += weight * (shares[one]! - (code === one ? 1 : 0)) * x[j]!;
        for (let o = 0; o <= c; o++) {
          const two = classes === 2 ? 1 : o;
          const h = weight * shares[one]! * ((one === two ? 1 : 0) - shares[two]!);
          for (let l = 0; l < width; l++)
            hessian[(c * width + j) * w.length + o * width + l]! += h * x[j]! * x[l]!;
        }
      }
    }
  });
  return { loss, total, gradient, hessian };
}

function expectClose(got: ArrayLike<number>, want: ArrayLike<number>, size: number, what: string): void {
  expect(got.length).toBe(want.length);
  for (let i = 0; i < want.length; i++)
    if (!(Math.abs(got[i]! - want[i]!) <= TOLERANCE * size))
      throw new Error(`${what} ${i}: expected ${want[i]}, got ${got[i]}`);
}

const scoresOf = (columns: readonly Float64Array[], scores: ClassScores, row: number): number[] =>
  Array.from(scores.starts, (start, c) =>
    columns.reduce((sum, column, j) => {
      const at = c * columns.length + j;
      return scores.kind === 'linear'
        ? sum + column[row]! * scores.weights[at]!
        : sum - (column[row]! - scores.means[at]!) ** 2 / (2 * scores.variances[at]!);
    }, start),
  );

const linear = (outputs: number, d: number, scale = 1): ClassScores => ({
  kind: 'linear',
  weights: drawn(61, outputs * d, scale),
  starts: drawn(62, outputs, scale),
});

const normal = (outputs: number, d: number): ClassScores => ({
  kind: 'normal',
  means: drawn(63, outputs * d),
  variances: drawn(64, outputs * d).map((value) => 1.5 + value),
  starts: drawn(65, outputs),
});

describeEngines((under) => {
  test('loss, gradient and Hessian are those of the definition', () => {
    const { losses } = under().engine;
    for (const [length, d, classes, intercept] of [
      [1, 1, 2, true],
      [7, 3, 2, false],
      [129, 5, 3, true],
      [300, 4, 4, false],
      [2500, 2, 5, true],
      [2049, 9, 2, true],
    ] as const) {
      const rows = drawnRows(length, d, classes, intercept);
      const outputs = classes === 2 ? 1 : classes;
      const w = drawn(71, outputs * (d + (intercept ? 1 : 0)), 0.7);
      const want = byDefinition(rows, w);
      const [curved, plain] = losses.logistic(rows, (at) => [at(w, true), at(w, false)]);
      for (const got of [curved, plain]) {
        expectClose([got.loss, got.total], [want.loss, want.total], want.loss + want.total, 'sum');
        expectClose(got.gradient, want.gradient, length * (d + 1), 'gradient');
      }
      expect(plain.hessian).toBeUndefined();
      const size = w.length;
      const width = size / outputs;
      const lower = (matrix: Float64Array): Float64Array =>
        matrix.filter((_, i) => {
          const [row, column] = [Math.floor(i / size), i % size];
          const [c, o] = [Math.floor(row / width), Math.floor(column / width)];
          return o <= c && column % width <= row % width;
        });
      expectClose(lower(curved.hessian!), lower(want.hessian), length * (d + 1) ** 2, 'Hessian');
    }
  });

  test('a loss is good at several coefficients, in any order, and the same bits again', () => {
    const { losses } = under().engine;
    const rows = drawnRows(5000, 3, 3, true);
    const [v, w] = [drawn(72, 12), drawn(73, 12)];
    const [first, second, again] = losses.logistic(rows, (at) => [at(v, false), at(w, true), at(v, false)]);
    expect(again).toEqual(first);
    expect(second.loss).not.toBe(first.loss);
    expect(losses.logistic(rows, (at) => at(w, true))).toEqual(second);
  });

  test('classes that are all but sure cost what little is left, also where exp underflows', () => {
    const { losses } = under().engine;
    const rows = (classes: number): ClassRows => ({
      columns: [Float64Array.of(50, -50, 800, -800, 800)],
      centres: Float64Array.of(0),
      scales: Float64Array.of(1),
      codes: Int32Array.of(1, 0, 1, 0, 0),
      weights: new Float64Array(classes).fill(1),
      intercept: false,
    });
    const two = losses.logistic(rows(2), (at) => at(Float64Array.of(1), false));
    // 800 of the last row, which is of the other class.
    expect(two.loss - 800).toBeLessThan(1e-12);
    expect(two.gradient[0]).toBeCloseTo(800, 10);
    const own = { ...rows(2), columns: [Float64Array.of(50)], codes: Int32Array.of(1) };
    const sure = losses.logistic(own, (at) => at(Float64Array.of(1), false));
    expect(sure.loss / Math.exp(-50)).toBeCloseTo(1, 12);
    expect(sure.gradient[0]! / (-50 * Math.exp(-50))).toBeCloseTo(1, 12);
    const three = losses.logistic(rows(3), (at) => at(Float64Array.of(-1, 0, -1000), false));
    expect(Number.isFinite(three.loss)).toBe(true);
    three.gradient.forEach((part) => {
      expect(Number.isFinite(part)).toBe(true);
    });
  });

  test('probabilities and classes are those of the definition', () => {
    const { losses } = under().engine;
    for (const scores of [
      linear(1, 5),
      linear(3, 5, 40),
      linear(4, 5),
      normal(1, 5),
      normal(2, 5),
      normal(5, 5),
    ]) {
      const columns = Array.from({ length: 5 }, (_, j) => drawn(81 + j, 4096 + 131, 2));
      const { codes, probabilities } = losses.probabilities(columns, scores);
      const isBinary = scores.kind === 'linear' && scores.starts.length === 1;
      const classes = isBinary ? 2 : scores.starts.length;
      expect(probabilities).toHaveLength(codes.length * classes);
      for (let row = 0; row < codes.length; row++) {
        const found = scoresOf(columns, scores, row);
        const all = isBinary ? [0, ...found] : found;
        const largest = Math.max(...all);
        const parts = all.map((score) => Math.exp(score - largest));
        const whole = parts.reduce((sum, part) => sum + part, 0);
        const got = probabilities.subarray(row * classes, (row + 1) * classes);
        expectClose(
          got,
          parts.map((part) => part / whole),
          100,
          `row ${row}`,
        );
        if (got[codes[row]!]! < Math.max(...got)) throw new Error(`row ${row}: not the most probable`);
      }
    }
  });

  test('the first of equal classes is taken, and missing scores end nothing', () => {
    const { losses } = under().engine;
    const x = Float64Array.of(0, 1, -1, NaN, Infinity);
    const two = losses.probabilities([x], {
      kind: 'linear',
      weights: Float64Array.of(1),
      starts: Float64Array.of(0),
    });
    expect([...two.codes]).toEqual([0, 1, 0, 0, 1]);
    expect([...two.probabilities.subarray(0, 2)]).toEqual([0.5, 0.5]);
    expect([...two.probabilities.subarray(6)]).toEqual([NaN, NaN, 0, 1]);
    const three = losses.probabilities([x], {
      kind: 'linear',
      weights: Float64Array.of(0, 1, 1),
      starts: Float64Array.of(0, 0, 0),
    });
    expect([...three.codes.subarray(0, 3)]).toEqual([0, 1, 0]);
    expect(three.probabilities.subarray(0, 3)).toEqual(new Float64Array(3).fill(1 / 3));
  });

  test('a row has the same bits wherever it lies', () => {
    const { losses } = under().engine;
    const columns = Array.from({ length: 3 }, (_, j) => drawn(91 + j, 10_000, 5));
    for (const scores of [linear(1, 3), linear(3, 3), normal(4, 3)]) {
      const classes = Math.max(2, scores.starts.length);
      const whole = losses.probabilities(columns, scores);
      fc.assert(
        fc.property(fc.nat(9000), fc.integer({ min: 1, max: 600 }), (from, length) => {
          const part = losses.probabilities(
            columns.map((column) => column.slice(from, from + length)),
            scores,
          );
          expect(part.codes).toEqual(whole.codes.slice(from, from + length));
          expect(part.probabilities).toEqual(
            whole.probabilities.slice(from * classes, (from + length) * classes),
          );
        }),
        { numRuns: 20 },
      );
    }
  });

  test('small probabilities keep their digits down to the least numbers', () => {
    const { losses } = under().engine;
    const z = Float64Array.from({ length: 20_000 }, (_, i) => (-745 * i) / 20_000);
    const { probabilities } = losses.probabilities([z], {
      kind: 'linear',
      weights: Float64Array.of(1),
      starts: Float64Array.of(0),
    });
    z.forEach((score, row) => {
      const want = Math.exp(score) / (1 + Math.exp(score));
      const error = Math.abs(probabilities[2 * row + 1]! - want);
      if (error > 8e-16 * want + 5e-324)
        throw new Error(`of ${score}: expected ${want}, got ${probabilities[2 * row + 1]!}`);
    });
  });
});
