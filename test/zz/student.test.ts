/** Student's t: tails, their logarithms and quantiles against values of 80 digits. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expectNear } from './columns.js';
import { describeEngines, openKernels } from './engines.js';

const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(join(__dirname, '..', 'fixtures', name), 'utf8'));

interface Tail {
  readonly df: number;
  readonly t: number;
  /** Absent below 1e-300. */
  readonly p_two_sided?: number;
  readonly log10_p: number;
}
const { tails, quantiles } = fixture('student.json') as {
  tails: readonly Tail[];
  quantiles: readonly { df: number; q: number; x: number }[];
};
const { beta } = fixture('beta.json') as {
  beta: readonly {
    readonly a: number;
    readonly b: number;
    readonly x: number;
    /** Absent below 1e-300. */
    readonly value?: number;
    readonly log10_value: number;
    readonly complement?: number;
    readonly log10_complement: number;
  }[];
};
const freedoms = [...new Set(tails.map(({ df }) => df))];
/** Any degrees of freedom from 1 to 1e7, and t from 1e-8 to 1e4. */
const anyFreedom = fc.double({ min: 0, max: 7, noNaN: true }).map((x) => 10 ** x);
const anyT = fc.double({ min: -8, max: 4, noNaN: true }).map((x) => 10 ** x);

describeEngines((under) => {
  test.each(freedoms)('tails, %d degrees of freedom', (df) => {
    const { student } = under().engine;
    const { tail: tolerance } = under().tolerance;
    for (const { t, p_two_sided: p, log10_p } of tails.filter((row) => row.df === df)) {
      if (p !== undefined) {
        expectNear(student.tail(t, df), p, tolerance);
        expect(student.tail(-t, df)).toBe(student.tail(t, df));
      }
      // An error of the logarithm is one of p; where p underflows the logarithm's own digits count.
      const scale = Math.max(1, Math.abs(log10_p));
      expectNear(student.log10Tail(t, df), log10_p, tolerance, p === undefined ? scale : Math.min(scale, 1));
    }
  });

  test.each([...new Set(quantiles.map(({ df }) => df))])('quantiles, %d degrees of freedom', (df) => {
    const { student } = under().engine;
    for (const { q, x } of quantiles.filter((row) => row.df === df)) {
      expectNear(student.quantile(q, df), x, under().tolerance.inverse);
    }
  });

  test('edges', () => {
    const { student } = under().engine;
    for (const df of [1, 2.5, 30, 1e7]) {
      expect(student.tail(0, df)).toBe(1);
      expect(student.tail(-0, df)).toBe(1);
      expect(student.tail(Infinity, df)).toBe(0);
      expect(student.tail(-Infinity, df)).toBe(0);
      expect(student.tail(NaN, df)).toBeNaN();
      expect(student.log10Tail(0, df) + 0).toBe(0);
      expect(student.log10Tail(Infinity, df)).toBe(-Infinity);
      expect(student.log10Tail(NaN, df)).toBeNaN();
      expect([0, 0.5, 1].map((p) => student.quantile(p, df))).toEqual([-Infinity, 0, Infinity]);
      expect([-0.1, 1.1, NaN].map((p) => student.quantile(p, df))).toEqual([NaN, NaN, NaN]);
    }
  });

  test('closed forms of one and two degrees of freedom, in the far tail too', () => {
    const { student } = under().engine;
    const { tail } = under().tolerance;
    for (const t of [1e-5, 0.3, 7, 1e3, 1e6, 1e50, 1e150]) {
      expectNear(student.tail(t, 1), (2 / Math.PI) * Math.atan(1 / t), tail);
      const root = Math.hypot(Math.SQRT2, t);
      if (t < 1e75) expectNear(student.tail(t, 2), 2 / (root * (root + t)), tail);
    }
    // t² overflows.
    expectNear(student.log10Tail(1e200, 1), Math.log10(2 / Math.PI) - 200, tail);
    expectNear(student.log10Tail(1e200, 2), -400, tail);
  });

  test('a larger t has a smaller tail', () => {
    fc.assert(
      fc.property(anyFreedom, anyT, fc.double({ min: 1.001, max: 10, noNaN: true }), (df, t, factor) => {
        const { student } = under().engine;
        const [near, far] = [student.log10Tail(t, df), student.log10Tail(t * factor, df)];
        expect(far).toBeLessThanOrEqual(near + under().tolerance.tail * Math.max(1, -near));
      }),
    );
  });

  test('the logarithm is that of the tail', () => {
    fc.assert(
      fc.property(anyFreedom, anyT, (df, t) => {
        const { student } = under().engine;
        const p = student.tail(t, df);
        if (p > 1e-300) expectNear(student.log10Tail(t, df), Math.log10(p), under().tolerance.tail, 1);
      }),
    );
  });

  test('a quantile has its probability, and the other sign on the other side', () => {
    const anyP = fc.double({ min: -12, max: -0.302, noNaN: true }).map((x) => 10 ** x);
    fc.assert(
      fc.property(anyFreedom, anyP, (df, p) => {
        const { student } = under().engine;
        const t = student.quantile(p, df);
        expect(t).toBeLessThan(0);
        // A relative error of t counts (df + 1) times at most where it counts most.
        const sensitivity = 1 + Math.min(df, t * t);
        expectNear(student.tail(t, df) / 2, p, under().tolerance.inverse * sensitivity);
        const mirrored = student.quantile(1 - p, df);
        expectNear(mirrored, -student.quantile(1 - (1 - p), df), under().tolerance.inverse);
      }),
    );
  });
});

describe.each(['release', 'debug'] as const)('the incomplete beta of the %s kernels', (build) => {
  const { kernels } = openKernels(build);
  const expectDigits = (ln: number, value: number | undefined, log10: number): void => {
    if (value !== undefined) expectNear(Math.exp(ln), value, 1e-10);
    else expectNear(ln / Math.LN10, log10, 1e-14);
  };

  test.each(beta)('ten digits at a = $a, b = $b, x = $x, and of the complement', (row) => {
    const { a, b, x } = row;
    expectDigits(kernels.student_ln_beta_incomplete(a, b, x, 1 - x), row.value, row.log10_value);
    expectDigits(kernels.student_ln_beta_incomplete(b, a, 1 - x, x), row.complement, row.log10_complement);
  });

  test('edges', () => {
    expect(kernels.student_ln_beta_incomplete(2, 3, 0, 1)).toBe(-Infinity);
    expect(kernels.student_ln_beta_incomplete(2, 3, 1, 0)).toBe(0);
    for (const [a, b, x, y] of [
      [0, 1, 0.5, 0.5],
      [1, -1, 0.5, 0.5],
      [1, 1, -0.1, 1.1],
      [1, 1, NaN, NaN],
    ] as const) {
      expect(kernels.student_ln_beta_incomplete(a, b, x, y)).toBeNaN();
    }
  });
});
