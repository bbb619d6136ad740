/** States of transformers that were not made here: whatever passes transforms the columns, or is refused in words. */
import fc from 'fast-check';
import { readConfig } from '../../src/config.js';
import { featureOf, numberFeature, type Feature } from '../../src/domain/features/column.js';
import { fitStep, transformStep, type FeatureTable } from '../../src/domain/features/steps.js';
import type { FeatureTools } from '../../src/domain/features/transformer.js';
import { transformers } from '../../src/domain/features/transformers.js';
import type { Json } from '../../src/ports/formats.js';
import { Problem } from '../../src/ports/problem.js';
import { openKernels } from '../contract/engines.js';
import { wasmEngine } from '../../src/engine/wasm/engine.js';
import { withDefaults } from '../models/lessons.js';
import { changed, changes, passes } from '../models/mutations.js';

const ROWS = 30;
const { kernels, arena } = openKernels('release', 4096);
const limits = { ...readConfig({}).tableLimits, columns: 40 };
const tools: FeatureTools = {
  engine: wasmEngine(kernels, arena),
  space: arena,
  limits,
  warn: () => undefined,
  pointer: (parameter = '') => `/steps/0/${parameter}`,
};

const numbers = (name: string, step: number, gaps = false): Feature =>
  numberFeature(
    name,
    Float64Array.from({ length: ROWS }, (_, i) => (gaps && i % 7 === 3 ? NaN : 2 + Math.sin(i * step))),
  );
const texts = (name: string, list: readonly (string | null)[]): Feature =>
  featureOf(
    {
      name,
      type: 'string',
      missing: list.filter((one) => one === null).length,
      cells: () => list,
    },
    list.length,
    arena,
  );

const PLAIN = [numbers('a', 0.7), numbers('b', 1.9)];
const GAPPY = [numbers('a', 0.7, true), numbers('b', 1.9)];
const KINDS = [
  numberFeature(
    'c',
    Float64Array.from({ length: ROWS }, (_, i) => i % 4),
  ),
  texts(
    's',
    Array.from({ length: ROWS }, (_, i) => (i % 9 === 8 ? null : `k${i % 5}`)),
  ),
];
const DAYS = [
  texts(
    't',
    Array.from({ length: ROWS }, (_, i) => `2024-02-${String(1 + (i % 29)).padStart(2, '0')}`),
  ),
];

const STEPS: readonly (readonly [string, object, readonly Feature[]])[] = [
  ['standard_scaler', {}, GAPPY],
  ['min_max_scaler', { clip: true }, GAPPY],
  ['robust_scaler', {}, GAPPY],
  ['simple_imputer', { add_indicator: true }, GAPPY],
  ['simple_imputer', { strategy: 'most_frequent' }, KINDS],
  ['one_hot_encoder', { handle_unknown: 'ignore' }, KINDS],
  ['one_hot_encoder', { max_categories: 3, drop: 'first' }, KINDS],
  ['ordinal_encoder', { max_categories: 3 }, KINDS],
  ['k_bins_discretizer', { n_bins: 4 }, PLAIN],
  ['k_bins_discretizer', { encode: 'ordinal' }, PLAIN],
  ['polynomial_features', { degree: 3 }, PLAIN],
  ['power_transformer', {}, GAPPY],
  ['power_transformer', { method: 'box-cox', standardize: false }, GAPPY],
  ['quantile_transformer', { n_quantiles: 7, output_distribution: 'normal' }, GAPPY],
  ['pca', { whiten: true }, PLAIN],
  ['variance_threshold', {}, PLAIN],
  ['lag', { periods: [1, 2], append: true }, KINDS],
  ['diff', {}, PLAIN],
  ['rolling', { window: 3, agg: 'median' }, GAPPY],
  ['rolling', { window: 4, agg: 'max', append: true }, GAPPY],
  ['ewm', { span: 3 }, GAPPY],
  ['fft', { append: true }, PLAIN],
  ['date_parts', {}, DAYS],
];

test('every transformer can verify a state, and is looked at here', () => {
  expect([...new Set(STEPS.map(([name]) => name))].sort()).toEqual([...transformers.keys()].sort());
  for (const one of transformers.values()) expect(typeof one.verify).toBe('function');
});

describe.each(STEPS)('%s %j', (name, given, columns) => {
  const one = transformers.get(name)!;
  const table: FeatureTable = { rows: ROWS, columns };
  const parameters = withDefaults(one, given);
  const { fitted } = fitStep(table, one, undefined, parameters, 'propagate', tools);

  test('what a fit made passes, also written and read', () => {
    one.verify!(fitted.state, columns.length);
    one.verify!(JSON.parse(JSON.stringify(fitted.state)) as Json, columns.length);
  });

  test('a changed one is refused, or transforms all the same', () => {
    let passed = 0;
    fc.assert(
      fc.property(changes, (list) => {
        const state = changed(fitted.state, list) ?? null;
        if (
          !passes(() => {
            one.verify!(state, columns.length);
          })
        )
          return;
        passed++;
        arena.scratch(() => {
          try {
            const made = transformStep(table, { ...fitted, state }, tools);
            expect(made.columns.length).toBeLessThanOrEqual(limits.columns);
            one.attributes(state);
          } catch (error) {
            expect(error).toBeInstanceOf(Problem);
          }
        });
      }),
      { numRuns: 300 },
    );
    expect(passed).toBeGreaterThan(3);
  });
});

test('more columns than there may be are refused before they are made', () => {
  const [many, few] = [Array.from({ length: 500 }, (_, i) => i), [0]];
  const cases: readonly (readonly [string, Json])[] = [
    ['one_hot_encoder', { handle_unknown: 'ignore', categories_: [many], infrequent: null, dropped: null }],
    ['polynomial_features', { features: 1, terms: many.map((i) => new Array<number>(i).fill(0)) }],
    ['lag', { periods: many, append: false }],
    ['k_bins_discretizer', { encode: 'onehot-dense', bin_edges_: [many], n_bins_: [499] }],
  ];
  for (const [name, state] of cases) {
    const transformer = transformers.get(name)!;
    transformer.verify!(state, few.length);
    const { top } = arena;
    expect(() =>
      transformStep(
        { rows: ROWS, columns: PLAIN.slice(0, 1) },
        { transformer, columns: ['a'], state },
        tools,
      ),
    ).toThrow(/expected at most 40 columns/);
    expect(arena.top - top).toBeLessThan(ROWS * 8 * 10);
  }
});
