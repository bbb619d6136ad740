/** What is said of windows: against the same computed from all values. */
import { Notes } from '../../src/domain/notes.js';
import { ttest1samp } from '../../src/domain/hypothesis/ttest-1samp.js';
import { kolmogorovSmirnov, wasserstein } from '../../src/domain/profile/distances.js';
import { summed } from '../../src/domain/streams/batch.js';
import { windowResult } from '../../src/domain/streams/states.js';
import { writeWindow } from '../../src/domain/streams/window-state.js';
import { distributions } from '../../src/engine/js/distributions.js';
import { describeEngines, type UnderTest } from '../contract/engines.js';
import { folded, plain, type Row, spaceOf, stream, tableOf } from './batches.js';

/** The results of one operation over one window of one column. */
function resultOf(
  rows: readonly Row[],
  operation: object,
  under: UnderTest,
  reference?: readonly Row[],
): unknown {
  const definition = stream({ operations: [operation] });
  const [window] = folded(rows, definition, under).windows;
  const references = new Map<string, Uint8Array>();
  if (reference !== undefined) {
    const tools = { engine: under.engine, space: spaceOf(under), checkpoint: () => undefined };
    references.set('before', writeWindow(summed(tableOf(reference, under), tools)));
  }
  const result = plain(
    windowResult(definition, window!.state, { ...window!, references }, distributions),
  ) as {
    operations: { results: unknown }[];
  };
  return result.operations[0]!.results;
}

/** Of a generator that is always the same. */
function drawn(count: number, seed: number, of: (u: number, v: number) => number): number[] {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return ((state >>> 0) + 0.5) / 2 ** 32;
  };
  return Array.from({ length: count }, () => of(next(), next()));
}
const normal = (u: number, v: number): number => Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
const rowsOf = (values: readonly number[]): Row[] => values.map((x) => ({ t: 1, x }));

interface Drifted {
  readonly dataset_drift: boolean;
  readonly reference_rows: number;
  readonly columns: {
    readonly x: {
      readonly test: string;
      readonly drifted: boolean;
      readonly psi: number;
      readonly ks: { readonly statistic: number; readonly statistic_error: number; readonly p_value: number };
      readonly wasserstein: number;
      readonly relative_error: number;
    };
  };
}

describeEngines((under) => {
  test('ttest_1samp has the numbers of the endpoint of that name, to what tails of an engine are good for', () => {
    const values = drawn(500, 5, (u, v) => 5 + normal(u, v));
    const { engine } = under();
    for (const alternative of ['two-sided', 'less', 'greater'] as const) {
      const options = { popmean: 4.9, alternative, confidence_level: 0.99 };
      const { x } = resultOf(rowsOf(values), { name: 'ttest_1samp', ...options }, under()) as {
        x: Record<string, number> & {
          confidence_interval: (number | null)[];
          effect_size: { value: number };
        };
      };
      const numbers = {
        length: 500,
        chunks: [{ values: Float64Array.from(values), validity: null, bitOffset: 0 }],
      };
      const want = ttest1samp.run({
        samples: [{ name: 'x', numbers }],
        columns: [],
        table: tableOf([{ x: 1 }], under()),
        options: { ...options, nan_policy: 'omit', engine: 'auto' },
        pointer: (option) => option,
        engine,
        space: spaceOf(under()),
        notes: new Notes(),
      });
      const near = (got: number, expected: number, tolerance: number): void => {
        expect(Math.abs(got - expected)).toBeLessThanOrEqual(tolerance * Math.abs(expected));
      };
      const { tail, inverse } = under().tolerance;
      near(x['statistic']!, want.statistic, 1e-12);
      near(x['p_value']!, want.tail!.p, tail);
      near(x.effect_size.value, want.effectSize!.value, 1e-12);
      expect(x['df']).toBe(want.df);
      want.confidenceInterval!.forEach((end, i) => {
        if (Number.isFinite(end)) near(x.confidence_interval[i]!, end, inverse);
        else expect(x.confidence_interval[i]).toBeNull();
      });
    }
  });

  test.each([
    ['the same', 400, (x: number) => x, false],
    ['shifted', 400, (x: number) => x + 0.5, true],
    ['the same, many', 4000, (x: number) => x, false],
    ['wider, many', 4000, (x: number) => x * 1.5, true],
  ])('drift: %s, against all values', (_, count, moved, isDrifted) => {
    const reference = drawn(count, 11, normal);
    const data = drawn(1500, 23, normal).map(moved);
    const got = resultOf(
      rowsOf(data),
      { name: 'drift', reference: 'before' },
      under(),
      rowsOf(reference),
    ) as Drifted;
    const [x, y] = [reference, data].map((values) => Float64Array.from(values).sort()) as [
      Float64Array,
      Float64Array,
    ];
    const { test: decided, drifted, ks, psi, ...own } = got.columns.x;
    const exact = kolmogorovSmirnov(x, y, distributions);
    expect(ks.statistic).toBeLessThanOrEqual(exact.statistic + 1e-15);
    expect(exact.statistic).toBeLessThanOrEqual(ks.statistic + ks.statistic_error + 1e-15);
    const sizes = [x, y].map((values) => values.reduce((sum, one) => sum + Math.abs(one), 0) / values.length);
    const mean = x.reduce((sum, one) => sum + one, 0) / count;
    const std = Math.sqrt(x.reduce((sum, one) => sum + (one - mean) ** 2, 0) / count);
    const bound = (own.relative_error * (sizes[0]! + sizes[1]!)) / std;
    expect(Math.abs(own.wasserstein - wasserstein(x, y) / std)).toBeLessThanOrEqual(bound);
    expect([decided, drifted, got.dataset_drift, got.reference_rows]).toEqual([
      count > 1000 ? 'wasserstein' : 'ks',
      isDrifted,
      isDrifted,
      count,
    ]);
    expect(psi > 0.1).toBe(isDrifted);
  });

  test('drift without its dataset is null, and says so', () => {
    expect(resultOf(rowsOf([1, 2]), { name: 'drift', reference: 'before' }, under())).toBeNull();
  });

  test.each(['iqr', 'zscore'] as const)('outliers by %s: how many, how many are not sure, which', (rule) => {
    const values = [...drawn(2000, 3, normal), 50, -40, 9, 8, Infinity].filter(Number.isFinite);
    const { x } = resultOf(rowsOf(values), { name: 'outliers', rule, values: 3 }, under()) as {
      x: { fences: [number, number]; count: number; uncertain: number; least: number[]; greatest: number[] };
    };
    const [low, high] = x.fences;
    const beyond = values.filter((value) => value < low || value > high).length;
    expect(Math.abs(x.count - beyond)).toBeLessThanOrEqual(x.uncertain);
    expect(x.uncertain).toBeLessThan(5);
    expect(x.greatest).toEqual([50, 9, 8]);
    expect(x.least[0]).toBe(-40);
  });

  test('a column of which a window has nothing, or one value, has nulls and warnings, never an error', () => {
    const definition = stream({
      operations: [
        { name: 'describe', columns: ['x', 'none'], extended: true },
        { name: 'ttest_1samp', columns: ['x', 'none'], popmean: 0 },
        { name: 'outliers', columns: ['x', 'none'] },
        { name: 'kmeans', n_clusters: 3 },
      ],
    });
    const [window] = folded([{ t: 1, x: 5 }], definition, under()).windows;
    const { operations, warnings } = plain(
      windowResult(definition, window!.state, window!, distributions),
    ) as { operations: { results: Record<string, Record<string, unknown>> | null }[]; warnings: unknown[] };
    expect(operations[0]!.results!['x']).toMatchObject({
      count: 1,
      mean: 5,
      std: null,
      min: 5,
      '50%': 5,
      max: 5,
    });
    expect(operations[0]!.results!['none']).toMatchObject({ count: 0, mean: null, '50%': null, missing: 1 });
    expect(operations[1]!.results!['x']).toMatchObject({ statistic: null, p_value: null, n: 1 });
    expect(operations[2]!.results!['none']).toMatchObject({ count: 0, least: [] });
    expect(operations[3]!.results).toBeNull();
    expect(warnings.length).toBeGreaterThan(0);
  });
});
