/** scikit-learn's clusters: labels and iterations exactly, centres and inertia within the engine's tolerance. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { KMeansOptions, KMeansProgress, KMeansResult } from '../../src/ports/engine.js';
import { batchesOf, column, everyRows, expectNear, measured, noise, type Row } from './columns.js';
import { describeEngines, type UnderTest } from './engines.js';
import { GOLDEN } from './golden.js';

interface FixtureCase {
  readonly name: string;
  readonly columns: readonly number[][];
  readonly options: {
    readonly n_clusters: number;
    readonly random_state: number;
    readonly n_init: number;
    readonly max_iter: number;
    readonly tol: number;
  };
  readonly expected: {
    readonly labels: readonly number[];
    readonly centers: readonly (readonly number[])[];
    readonly inertia: number;
    readonly n_iter: number;
  };
  /** Whether scikit-learn gives the same labels when the data is disturbed in the twelfth digit. */
  readonly stable: boolean;
  readonly lloyd_elkan_agree: boolean;
  readonly threads_agree: boolean;
}

const { kmeans: fixtures } = JSON.parse(
  readFileSync(join(__dirname, '..', 'fixtures', 'kmeans.json'), 'utf8'),
) as { kmeans: FixtureCase[] };

const unambiguous = (one: FixtureCase): boolean => one.stable && one.lloyd_elkan_agree && one.threads_agree;

const options = (more: Partial<KMeansOptions> = {}): KMeansOptions => ({
  nClusters: 3,
  randomState: 42,
  nInit: 1,
  maxIter: 300,
  tol: 1e-4,
  ...more,
});

const optionsOf = (one: FixtureCase): KMeansOptions => ({
  nClusters: one.options.n_clusters,
  randomState: one.options.random_state,
  nInit: one.options.n_init,
  maxIter: one.options.max_iter,
  tol: one.options.tol,
});

/** The answer with plain arrays, so that two of them compare bit by bit. */
const plain = (result: KMeansResult | null): unknown =>
  result && { ...result, labels: Array.from(result.labels), centers: Array.from(result.centers) };

/**
 * What holds of any answer: sizes and inertia are those of the labels, and no row is nearer to another centre. The last
 * only where there are as many different rows as clusters: else scikit-learn moves rows for a distance that is nothing
 * but rounding, and so do we.
 */
function expectSound(columns: readonly (readonly Row[])[], result: KMeansResult, k: number): void {
  const d = columns.length;
  const rows = columns[0]!.map((_, row) => columns.map((cells) => cells[row] ?? NaN));
  const size = rows.flat().reduce((most, x) => (Math.abs(x) > most ? Math.abs(x) : most), 0);
  // Squares of coordinates, and what centring them rounds off.
  const slack = 1e-12 * size * size * d;
  const sizes = new Array<number>(k).fill(0);
  const different = new Set(rows.filter((row) => !row.some((x) => x !== x)).map(String)).size;
  const wrong: number[] = [];
  let inertia = 0;
  rows.forEach((row, i) => {
    const label = result.labels[i]!;
    if (row.some((x) => x !== x)) {
      if (label !== -1) wrong.push(i);
      return;
    }
    const distances = sizes.map((_, c) =>
      row.reduce((sum, x, j) => sum + (x - result.centers[c * d + j]!) ** 2, 0),
    );
    if (different >= k && !(distances[label]! <= Math.min(...distances) + slack)) wrong.push(i);
    sizes[label]!++;
    inertia += distances[label]!;
  });
  expect(wrong).toEqual([]);
  expect(result.sizes).toEqual(sizes);
  expectNear(result.inertia, inertia, 1e-9, inertia + slack * rows.length * 1e3);
}

describeEngines((under) => {
  const run = (
    columns: readonly (readonly Row[])[],
    more: Partial<KMeansOptions> = {},
  ): KMeansResult | null =>
    under().engine.kmeans(
      columns.map((rows) => column(rows)),
      options(more),
    );

  const expectCentres = (
    { tolerance }: UnderTest,
    got: KMeansResult,
    expected: FixtureCase['expected'],
    size: number,
  ): void => {
    const centres = expected.centers.flat();
    expect(got.centers).toHaveLength(centres.length);
    // A centre is a mean: its digits are those of the column.
    centres.forEach((x, i) => {
      expectNear(got.centers[i]!, x, tolerance.clusters, Math.max(Math.abs(x), 1e-3 * size));
    });
    expectNear(got.inertia, expected.inertia, tolerance.clusters, expected.inertia + 1e-14 * size * size);
  };

  test('progress is told after every iteration of every run', () => {
    const next = noise(12);
    const columns = Array.from({ length: 3 }, () =>
      Array.from({ length: 300 }, (_, i) => (i % 3) * 5 + next()),
    );
    const told: KMeansProgress[] = [];
    const more = {
      nInit: 2,
      tol: 0,
      onIteration: (progress: KMeansProgress): void => void told.push(progress),
    };
    const result = run(columns, more)!;
    const runs = [1, 2].map((wanted) => told.filter((progress) => progress.run === wanted));
    expect(told).toHaveLength(runs.flat().length);
    for (const iterations of runs) {
      expect(iterations.map(({ iteration }) => iteration)).toEqual(iterations.map((_, i) => i + 1));
      expect(iterations.at(-1)!.shift).toBe(0);
      iterations.slice(1).forEach(({ inertia }, i) => {
        expect(inertia).toBeLessThanOrEqual(iterations[i]!.inertia * (1 + 1e-9));
      });
    }
    expect(runs.some((iterations) => iterations.length === result.nIter)).toBe(true);
    const last = Math.min(...runs.map((iterations) => iterations.at(-1)!.inertia));
    expectNear(last, result.inertia, 1e-9, result.inertia);
  });

  test.each(GOLDEN.filter(({ expected }) => expected.kmeans !== undefined))(
    'scikit-learn: $name',
    ({ rows, numeric, options: { k, seed }, expected }) => {
      const columns = numeric.map(rows);
      const got = run(columns, { nClusters: k, randomState: seed })!;
      expect(Array.from(got.labels)).toEqual(expected.kmeans!.labels);
      expect(got.nIter).toBe(expected.kmeans!.n_iter);
      expectCentres(under(), got, expected.kmeans!, 1);
      expectSound(columns, got, k);
    },
  );

  test.each(fixtures.filter(unambiguous))('scikit-learn: $name', (one) => {
    const got = run(one.columns, optionsOf(one))!;
    expect(Array.from(got.labels)).toEqual(one.expected.labels);
    expect(got.nIter).toBe(one.expected.n_iter);
    const size = one.columns.flat().reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    expectCentres(under(), got, one.expected, size);
  });

  test.each(fixtures.filter((one) => !unambiguous(one)))('a sound answer where ties decide: $name', (one) => {
    expectSound(one.columns, run(one.columns, optionsOf(one))!, one.options.n_clusters);
  });

  test('fewer complete rows than clusters', () => {
    expect(run([[1, 2]])).toBeNull();
    expect(run([[]], { nClusters: 1 })).toBeNull();
    expect(
      run([
        [1, 2, null, 4],
        [1, null, 3, 4],
      ]),
    ).toBeNull();
    expect(run([[null, null, null]], { nClusters: 1 })).toBeNull();
    expect(run([[1, 2, 3]])?.sizes).toEqual([1, 1, 1]);
  });

  test('a row with a missing value gets -1 and takes no part', () => {
    const {
      rows,
      numeric,
      options: { k, seed },
    } = GOLDEN.find(({ name }) => name === 'iris')!;
    const columns = numeric.map(rows);
    const whole = run(columns, { nClusters: k, randomState: seed })!;
    // A gap before each seventh row, in another column each time.
    const gaps = columns.map((cells, j) =>
      cells.flatMap((cell, i) =>
        i % 7 === 0 ? [(i / 7) % columns.length === j ? null : 1e6, cell] : [cell],
      ),
    );
    const got = run(gaps, { nClusters: k, randomState: seed })!;
    expect(Array.from(got.labels).filter((label) => label >= 0)).toEqual(Array.from(whole.labels));
    expect(Array.from(got.labels).filter((label) => label < 0)).toHaveLength(
      Math.ceil(columns[0]!.length / 7),
    );
    expect(plain({ ...got, labels: whole.labels })).toEqual(plain(whole));
  });

  test('one column may stand for several', () => {
    const rows = column([1, 2, 10, 11, null, 30]);
    const got = under().engine.kmeans([rows, rows], options())!;
    const twin = run([
      [1, 2, 10, 11, null, 30],
      [1, 2, 10, 11, null, 30],
    ]);
    expect(plain(got)).toEqual(plain(twin));
  });

  test('labels stay when the engine goes on', () => {
    const { engine } = under();
    const first = run([[1, 2, 10, 11, 30]])!;
    const labels = Array.from(first.labels);
    run([[30, 11, 10, 2, 1]]);
    engine.groups(column([5, 5, 5, 5, 5]), first.labels, 3);
    engine.random(1, 1000);
    expect(Array.from(first.labels)).toEqual(labels);
  });

  test('more initial centres never make it worse', () => {
    const next = noise(19);
    const columns = [0, 1].map(() => Array.from({ length: 300 }, () => next()));
    const runs = [1, 2, 5, 12].map((nInit) => run(columns, { nClusters: 9, nInit })!.inertia);
    expect(runs).toEqual([...runs].sort((a, b) => b - a));
    expect(runs[3]).toBeLessThan(runs[0]!);
  });

  const tables = fc
    .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 4 }))
    .chain(([rows, columns]) =>
      fc.array(
        fc.array(fc.option(measured(), { freq: 20, nil: null }), { minLength: rows, maxLength: rows }),
        {
          minLength: columns,
          maxLength: columns,
        },
      ),
    );
  const anyOptions = fc.record({
    nClusters: fc.integer({ min: 1, max: 9 }),
    randomState: fc.nat(0xffffffff),
    nInit: fc.integer({ min: 1, max: 3 }),
    maxIter: fc.constantFrom(1, 2, 300),
    tol: fc.constantFrom(0, 1e-4, 0.1),
  });

  test('any table: a sound answer', () => {
    fc.assert(
      fc.property(tables, anyOptions, (columns, more) => {
        const got = run(columns, more);
        const complete = columns[0]!.filter((_, row) => columns.every((cells) => cells[row] !== null)).length;
        if (complete < more.nClusters) expect(got).toBeNull();
        else expectSound(columns, got!, more.nClusters);
      }),
      { numRuns: 150 },
    );
  });

  test('the same bits whatever the batches, shared by the columns or not', () => {
    const split = tables.chain((columns) =>
      fc.tuple(
        fc.constant(columns),
        fc.array(batchesOf(columns[0]!.length), { minLength: columns.length, maxLength: columns.length }),
      ),
    );
    fc.assert(
      fc.property(split, anyOptions, fc.boolean(), ([columns, batches], more, shared) => {
        const { engine, arena } = under();
        const chunked = columns.map((rows, j) => {
          // The same rows a batch, each with a bitmap of its own.
          const own = shared
            ? batches[0]!.map((batch, b) => ({ ...(batches[j]![b] ?? batch), rows: batch.rows }))
            : batches[j]!;
          return column(rows, own, arena);
        });
        expect(plain(engine.kmeans(chunked, more))).toEqual(plain(run(columns, more)));
      }),
      { numRuns: 150 },
    );
  });

  test('columns of several blocks', () => {
    const next = noise(23);
    const length = 65536 + 4321;
    const columns = [0, 1, 2].map((j) =>
      Array.from({ length }, (_, i) => ((i % 4) + j) * 10 + (next() + next() + next())),
    );
    const more = { nClusters: 4, maxIter: 20 };
    const whole = run(columns, more)!;
    expectSound(columns, whole, 4);
    expect([...whole.sizes].sort()).toEqual([17464, 17464, 17464, 17465]);
    const { engine, arena } = under();
    for (const size of [9973, 65536]) {
      const split = columns.map((rows) => column(rows, everyRows(length, size, { inPlace: true }), arena));
      expect(plain(engine.kmeans(split, options(more)))).toEqual(plain(whole));
    }
  });

  test('a wide table, and more clusters than a register holds', () => {
    const next = noise(29);
    const columns = Array.from({ length: 70 }, () => Array.from({ length: 130 }, () => next()));
    expectSound(columns, run(columns, { nClusters: 40 })!, 40);
  });
});
