/** Which records are taken, into which windows, and what is said of the others. */
import fc from 'fast-check';
import { Problem } from '../../src/ports/problem.js';
import type { Table } from '../../src/ports/tables.js';
import { endpoints, laneEndpoints } from '../../src/domain/endpoints.js';
import { foldBatch } from '../../src/domain/streams/batch.js';
import type { Fold } from '../../src/domain/streams/fold.js';
import { HashSet } from '../../src/domain/streams/ids.js';
import { closedBefore } from '../../src/domain/streams/windows.js';
import { describeEngines } from '../contract/engines.js';
import { defined, folded, MINUTE, type Row, stream, tableOf } from './batches.js';

const spans = ({ windows }: Fold): unknown[] =>
  windows.map(({ key, start, end, records }) => [key, start, end, records]);
const faultsOf = (document: object): unknown => {
  try {
    defined(document);
  } catch (error) {
    if (error instanceof Problem) return error.faults.map(({ pointer, code }) => [pointer, code]);
    throw error;
  }
  return [];
};
const http = { name: 'a', source: { type: 'http' }, operations: [{ name: 'describe' }] };
const window = { type: 'tumbling', size: '1m', time: 't' };

test.each<[string, object, string[]]>([
  ['nothing wrong', { window }, []],
  ['tumbling without size', { window: { type: 'tumbling', time: 't' } }, ['/window/size']],
  ['tumbling with gap', { window: { ...window, gap: 5 } }, ['/window/gap']],
  ['hopping without every', { window: { type: 'hopping', size: 5, time: 't' } }, ['/window/every']],
  ['hopping too often', { window: { type: 'hopping', size: 1001, every: 1, time: 't' } }, ['/window/every']],
  ['hopping with gaps', { window: { type: 'hopping', size: 5, every: 6, time: 't' } }, ['/window/every']],
  ['session with size', { window: { type: 'session', size: 5, time: 't' } }, ['/window/size', '/window/gap']],
  ['a year and more', { window: { type: 'session', gap: '366d', time: 't' } }, ['/window/gap']],
  ['late by more than a year', { window: { ...window, lateness: '366d' } }, ['/window/lateness']],
  ['a size of a unit that is none', { window: { ...window, size: '5w' } }, ['/window/size']],
  ['kafka without topic', { window, source: { type: 'kafka' } }, ['/source/topic']],
  ['http with topic', { window, source: { type: 'http', topic: 'x' } }, ['/source/topic']],
  ['a sink without topic', { window, sink: { type: 'kafka' } }, ['/sink/topic']],
  ['key and time', { window, key: 't', id: 't' }, ['/key', '/id']],
  [
    'a column that is the time',
    { window, operations: [{ name: 'describe', columns: ['x', 't'] }] },
    ['/operations/0/columns/1'],
  ],
  [
    'two k-means',
    {
      window,
      operations: [
        { name: 'kmeans', n_clusters: 2 },
        { name: 'kmeans', n_clusters: 3 },
      ],
    },
    ['/operations/1/name'],
  ],
  [
    'a parameter of another operation',
    { window, operations: [{ name: 'describe', popmean: 1 }] },
    ['/operations/0/popmean'],
  ],
  ['no popmean', { window, operations: [{ name: 'ttest_1samp' }] }, ['/operations/0/popmean']],
  [
    'n_clusters of none',
    { window, operations: [{ name: 'kmeans', n_clusters: 0 }] },
    ['/operations/0/n_clusters'],
  ],
  [
    'percentiles beyond',
    { window, operations: [{ name: 'describe', percentiles: [1.5] }] },
    ['/operations/0/percentiles/0'],
  ],
])('a definition: %s', (_, more, pointers) => {
  const found = faultsOf({ ...http, ...more }) as [string, string][];
  expect(found.map(([pointer]) => pointer)).toEqual(pointers);
});

test('an operation that is none is told by its name', () => {
  const found = faultsOf({ ...http, window, operations: [{ name: 'median' }] }) as [string, string][];
  expect(found[0]).toEqual(['/operations/0/name', 'invalid_option']);
});

test('durations are milliseconds, defaults are filled in', () => {
  const source = { type: 'kafka', topic: 'readings' };
  const definition = stream({
    source,
    window: { ...window, lateness: '2m' },
    operations: [{ name: 'outliers' }],
  });
  expect(definition).toMatchObject({
    source: { type: 'kafka', topic: 'readings', format: 'json' },
    window: { type: 'tumbling', size: 60_000, every: 60_000 },
    lateness: 120_000,
    deadLetter: 'readings.dead-letter',
    operations: [{ name: 'outliers', rule: 'iqr', values: 10 }],
  });
  expect(closedBefore(definition, 300_000)).toBe(180_000);
  expect(closedBefore(definition, null)).toBeNull();
});

test('no path leads to what the service alone asks lanes', () => {
  const names = (list: typeof endpoints): string[] => list.map(({ name }) => name);
  expect(names(laneEndpoints).filter((name) => !names(endpoints).includes(name))).toEqual([
    'datasets.make',
    'datasets.read',
    'streams.fold',
    'streams.reference',
  ]);
});

test('a set of hashes knows what it has', () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((x) => x & 0xff000000ffn)),
      (hashes) => {
        const set = new HashSet(hashes.length);
        const known = new Set<bigint>();
        for (const hash of hashes) {
          expect(set.add(Number(hash & 0xffffffffn), Number(hash >> 32n))).toBe(!known.has(hash));
          known.add(hash);
        }
      },
    ),
  );
});

describeEngines((under) => {
  test('records that cannot be taken are told by row, the others are not touched by them', () => {
    const definition = stream({ key: 'k', id: 'i', operations: [{ name: 'describe', columns: ['x'] }] });
    const rows: Row[] = [
      { t: 0, k: 'a', i: 'r0', x: 1 },
      { k: 'a', i: 'r1', x: 1 },
      { t: 'soon', k: 'a', i: 'r2', x: 1 },
      { t: 8.64e15 + 2, k: 'a', i: 'r3', x: 1 },
      { t: 0, i: 'r4', x: 1 },
      { t: 0, k: 'a', x: 1 },
      { t: 0, k: 'a', i: 'r6', x: 'much' },
      { t: 0, k: 'a', i: 'r7', x: true },
      { t: 0, k: 'a', i: 'r8', x: null },
      { t: '1970-01-01T00:00:59.9999Z', k: 1, i: 9, x: 1 },
      { t: '1970-01-01T01:00:30+01:00', k: '1', i: 2 ** 53 + 2, x: 1 },
      { t: '1970-01-01T00:00:30', k: '1', i: 11, x: 1 },
      { t: true, k: 'a', i: 12, x: 1 },
      { t: 59_999.9, k: 1, i: 13, x: 1 },
      { t: 1, k: 'z'.repeat(600), i: 14, x: 1 },
    ];
    const fold = folded(rows, definition, under());
    expect(fold).toMatchObject({ rows: 15, accepted: 4, late: 0, duplicates: 0, maxTime: 59_999 });
    expect(fold.rejected.map(({ row }) => row)).toEqual([1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 14]);
    const said = fold.rejected.map(({ reason }) => reason);
    expect(said[1]).toBe('expected a time in column "t", got "soon"');
    expect(said[5]).toBe('expected a number in column "x", got "much"');
    expect(said[7]).toContain('send it as text');
    expect(spans(fold)).toEqual([
      ['1', 0, MINUTE, 2],
      ['a', 0, MINUTE, 2],
    ]);
    expect(fold.ids?.hashes).toHaveLength(4);
  });

  test('without the columns that it needs a batch is rejected record by record', () => {
    const fold = folded([{ a: 1 }, { a: 2 }], stream({ key: 'k' }), under());
    expect(fold).toMatchObject({ accepted: 0, maxTime: null, windows: [] });
    expect(fold.rejected[1]).toEqual({ row: 1, reason: 'expected a time in column "t", got no such column' });
  });

  test('a value that is no number in a column nobody named is no value, in whatever batch it comes', () => {
    const definition = stream();
    const rows = [
      { t: 1, x: 1, s: 'a' },
      { t: 2, x: 'high', s: 'b' },
      { t: 3, x: 3, s: 4 },
    ];
    const [whole] = folded(rows, definition, under()).windows;
    const apart = rows.map((row) => folded([row], definition, under()));
    expect(apart.every(({ rejected }) => rejected.length === 0)).toBe(true);
    expect(whole?.records).toBe(3);
    expect(apart.map(spans)).toEqual(rows.map(() => [[null, 0, MINUTE, 1]]));
  });

  test('windows begin at multiples since 1970, before it too, and hold their start but not their end', () => {
    const rows = [-1, 0, 59_999, 60_000, -60_000].map((t) => ({ t, x: 1 }));
    expect(spans(folded(rows, stream(), under()))).toEqual([
      [null, -60_000, 0, 2],
      [null, 0, 60_000, 2],
      [null, 60_000, 120_000, 1],
    ]);
  });

  test('hopping windows are those that a look at each record finds', () => {
    const times = fc.array(fc.integer({ min: -2000, max: 2000 }), { minLength: 1, maxLength: 30 });
    const sizes = fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 300 }));
    const property = fc.property(
      times,
      sizes,
      fc.integer({ min: -2500, max: 2500 }),
      (list, [a, b], closed) => {
        const [every, size] = [Math.min(a, b), Math.max(a, b)];
        const definition = stream({ window: { type: 'hopping', size, every, time: 't' } });
        const want = new Map<number, number>();
        let late = 0;
        for (const t of list) {
          let taken = false;
          for (let start = Math.floor(t / every) * every; start > t - size; start -= every) {
            if (start + size <= closed) continue;
            taken = true;
            want.set(start, (want.get(start) ?? 0) + 1);
          }
          if (!taken) late++;
        }
        const fold = folded(
          list.map((t) => ({ t, x: t })),
          definition,
          under(),
          { closedBefore: closed },
        );
        const records = [...want]
          .sort(([x], [y]) => x - y)
          .map(([start, count]) => [null, start, start + size, count]);
        expect([fold.late, fold.accepted, spans(fold)]).toEqual([late, list.length - late, records]);
      },
    );
    fc.assert(property, { numRuns: 40 });
  });

  test('late records are counted, not taken; an id is counted once, in a batch and over batches', () => {
    const definition = stream({ id: 'i' });
    const first = folded(
      [
        { t: 5, i: 1 },
        { t: MINUTE, i: 2 },
        { t: MINUTE, i: 2 },
        { t: MINUTE, i: 'two' },
      ].map((row) => ({ ...row, x: 1 })),
      definition,
      under(),
      { closedBefore: MINUTE },
    );
    expect(first).toMatchObject({ accepted: 2, late: 1, duplicates: 1, maxTime: MINUTE });
    expect([...first.ids!.ends]).toEqual([2 * MINUTE, 2 * MINUTE]);
    const again = folded(
      [
        { t: MINUTE, i: 'two', x: 1 },
        { t: MINUTE, i: 3, x: 1 },
      ],
      definition,
      under(),
      {
        seenIds: first.ids!.hashes,
      },
    );
    expect(again).toMatchObject({ accepted: 1, duplicates: 1 });
  });

  test('a batch that would open too many windows is refused as a whole', () => {
    const rows = Array.from({ length: 50 }, (_, i) => ({ t: i * MINUTE, x: 1 }));
    expect(() => folded(rows, stream(), under(), { mostWindows: 49 })).toThrow(/at most 49 windows/u);
    expect(folded(rows, stream(), under(), { mostWindows: 50 }).windows).toHaveLength(50);
    const session = stream({ window: { type: 'session', gap: 1, time: 't' } });
    expect(() => folded(rows, session, under(), { mostWindows: 49 })).toThrow(/at most 49 windows/u);
  });

  test('timestamps of Arrow are times as they are', () => {
    const { engine } = under();
    const numbers = tableOf([{ x: 1 }, { x: 2 }, { x: 3 }], under());
    const instants = Float64Array.of(1, NaN, MINUTE);
    const table: Table = {
      rows: 3,
      names: ['x', 't'],
      column: (name) =>
        name === 'x'
          ? numbers.column('x')
          : {
              name,
              type: 'timestamp',
              missing: 1,
              instants: () => instants,
              cells: () => [null, null, null],
            },
    };
    const space = {
      float64: (length: number) => new Float64Array(length),
      bytes: (length: number) => new Uint8Array(length),
      scratch: <T>(use: () => T): T => use(),
    };
    const options = {
      definition: stream(),
      closedBefore: -Infinity,
      seenIds: new BigUint64Array(0),
      mostWindows: 9,
    };
    const fold = foldBatch(table, options, { engine, space, checkpoint: () => undefined });
    expect(fold.rejected.map(({ row }) => row)).toEqual([1]);
    expect(spans(fold)).toEqual([
      [null, 0, MINUTE, 1],
      [null, MINUTE, 2 * MINUTE, 1],
    ]);
  });
});
