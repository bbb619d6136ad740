/** Windows of folded batches against pandas, SciPy and scikit-learn on the same rows: windows.py. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RandomState } from '../../src/domain/random-state.js';
import { windowResult, mergeStates } from '../../src/domain/streams/states.js';
import { mergeSessions } from '../../src/domain/streams/windows.js';
import { begun, partialFit, readModel, writeModel } from '../../src/domain/streams/online-kmeans.js';
import type { Definition } from '../../src/domain/streams/definition.js';
import type { FoldedWindow } from '../../src/domain/streams/fold.js';
import { describeEngines } from '../contract/engines.js';
import { distributions } from '../../src/engine/js/distributions.js';
import { folded, plain, type Row, stream } from './batches.js';

interface Column {
  readonly describe: Readonly<Record<string, number | null>>;
  readonly extended: Readonly<Record<string, number | null>>;
  readonly ttest: readonly (number | null)[];
}
interface Window {
  readonly key: string | null;
  readonly start: number;
  readonly end: number;
  readonly records: number;
  readonly columns: Readonly<Record<string, Column>>;
}
interface Fits {
  readonly n_clusters: number;
  readonly random_state: number;
  readonly reassignment_ratio: number;
  readonly batches: readonly (readonly (readonly number[])[])[];
  readonly states: readonly { readonly centers: readonly number[][]; readonly counts: readonly number[] }[];
}
type Golden = Readonly<Record<'tumbling' | 'keyed' | 'hopping' | 'uneven', readonly Window[]>> & {
  readonly records: readonly Row[];
  readonly sessions: readonly { key: string; start: number; end: number; records: number; sum: number }[];
  readonly kmeans: readonly Fits[];
};
const golden = JSON.parse(readFileSync(join(__dirname, 'windows.json'), 'utf8')) as Golden;

const OPERATIONS = [
  { name: 'describe', columns: ['x', 'y'], extended: true },
  { name: 'ttest_1samp', columns: ['x', 'y'], popmean: 95, alternative: 'less', confidence_level: 0.9 },
];
const cut = (type: string, size: string, every?: string): object => ({
  window: { type, size, time: 't', ...(every !== undefined && { every }) },
  operations: OPERATIONS,
});
const KINDS = [
  ['tumbling', stream(cut('tumbling', '1m'))],
  ['keyed', stream({ ...cut('tumbling', '1m'), key: 'k' })],
  ['hopping', stream(cut('hopping', '1m', '20s'))],
  ['uneven', stream(cut('hopping', '50s', '20s'))],
] as const;

/** Batches of one stream, merged window by window as a store does it. */
function merged(definition: Definition, batches: readonly (readonly FoldedWindow[])[]): FoldedWindow[] {
  const windows = new Map<string, FoldedWindow>();
  for (const one of batches.flat()) {
    const place = JSON.stringify([one.start, one.end, one.key]);
    const own = windows.get(place);
    windows.set(place, {
      ...one,
      records: one.records + (own?.records ?? 0),
      state: mergeStates(definition, own?.state ?? null, one.state),
    });
  }
  const text = (key: string | null): string => key ?? '';
  return [...windows.values()].sort((a, b) => a.start - b.start || (text(a.key) < text(b.key) ? -1 : 1));
}

/** Relative. */
const close = (got: unknown, want: number | null, tolerance: number): void => {
  if (want === null) expect(got).toBeNull();
  else
    expect(Math.abs((got as number) - want)).toBeLessThanOrEqual(tolerance * Math.max(Math.abs(want), 1e-3));
};

describeEngines((under) => {
  test.each(KINDS)(
    '%s windows, in batches of any order, are those of pandas in one pass',
    (kind, definition) => {
      const rows = golden.records.map((row, i) => ({ row, at: (i * 379) % 600 })).sort((a, b) => a.at - b.at);
      const batches = [0, 17, 18, 300, 600]
        .slice(1)
        .map((end, i) => rows.slice([0, 17, 18, 300][i], end).map(({ row }) => row))
        .map((batch) => folded(batch, definition, under()).windows);
      const windows = merged(definition, batches);
      const want = golden[kind];
      expect(windows.map(({ key, start, end, records }) => [key, start, end, records])).toEqual(
        want.map(({ key, start, end, records }) => [key, start, end, records]),
      );
      windows.forEach((window, i) => {
        const { operations } = plain(windowResult(definition, window.state, window, distributions)) as {
          operations: { results: Record<string, Record<string, unknown>> }[];
        };
        for (const [name, { describe, extended, ttest }] of Object.entries(want[i]!.columns)) {
          const got = operations[0]!.results[name]!;
          for (const [figure, value] of Object.entries(describe)) {
            const tolerance = figure.endsWith('%') ? (got['percentiles_relative_error'] as number) : 1e-14;
            close(got[figure], value, tolerance);
          }
          for (const [figure, value] of Object.entries(extended)) close(got[figure], value, 1e-12);
          const t = operations[1]!.results[name]!;
          [t['statistic'], t['p_value'], t['df']].forEach((figure, j) => {
            close(figure, ttest[j]!, 1e-12);
          });
          // SciPy's own quantile of t has about ten digits.
          const [low, high] = t['confidence_interval'] as unknown[];
          expect(low).toBeNull();
          close(high, ttest[4]!, 1e-9);
        }
      });
    },
  );

  test('sessions of batches of any order are those of pandas in one pass', () => {
    const definition = stream({ key: 'k', window: { type: 'session', gap: 1500, time: 't' } });
    const mixed = golden.records.map((_, i) => golden.records[(i * 7) % 600]!);
    let open: FoldedWindow[] = [];
    for (let from = 0; from < 600; from += 50) {
      const { windows } = folded(mixed.slice(from, from + 50), definition, under());
      open = [...mergeSessions(definition, [...open, ...windows])];
    }
    expect(open).toHaveLength(golden.sessions.length);
    open.forEach((window, i) => {
      const { sum, ...want } = golden.sessions[i]!;
      expect(window).toMatchObject(want);
      const result = plain(windowResult(definition, window.state, window, distributions)) as {
        operations: { results: { y: { mean: number; count: number } } }[];
      };
      const { mean, count } = result.operations[0]!.results.y;
      close(mean * count, sum, 1e-14);
    });
  });

  test.each(golden.kmeans.map((fits, i) => [i, fits] as const))(
    'online k-means %i is a sequence of partial_fit, over states written and read',
    (_, { batches, states, ...options }) => {
      const d = batches[0]![0]!.length;
      let model = begun(
        Array.from({ length: d }, (__, j) => `c${j}`),
        options.random_state,
      );
      batches.forEach((batch, i) => {
        const columns = Array.from({ length: d }, (__, j) => Float64Array.from(batch, (row) => row[j]!));
        const fitted = partialFit(
          model,
          columns,
          options,
          under().engine,
          (length) => new Float64Array(length),
        );
        model = readModel(writeModel(fitted.model));
        const { centers, counts } = states[i]!;
        expect([...model.counts]).toEqual(counts);
        centers.flat().forEach((value, j) => {
          close(model.centers[j], value, 1e-9);
        });
        expect(fitted.assignment?.labels).toHaveLength(batch.length);
      });
    },
  );
});

test('random draws go on from where they were kept', () => {
  const random = new RandomState(3);
  for (let i = 0; i < 1000; i++) random.word();
  const kept = RandomState.from(random.state());
  expect(Array.from({ length: 700 }, () => kept.word())).toEqual(
    Array.from({ length: 700 }, () => random.word()),
  );
});
