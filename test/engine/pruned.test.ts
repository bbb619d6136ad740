/** What looks in single precision first, and at bounds before that, against the kernels that compute every distance. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { KMeansOptions, KMeansResult } from '../../src/ports/engine.js';
import { kmeans, wasmSteps } from '../../src/engine/wasm/kmeans.js';
import type { KMeansSteps } from '../../src/engine/kmeans-steps.js';
import { MomentsOf } from '../../src/engine/wasm/moments.js';
import { Team } from '../../src/engine/wasm/team.js';
import { batchesOf, column, everyRows, noise } from '../contract/columns.js';
import { openKernels } from '../contract/engines.js';

interface FixtureCase {
  readonly name: string;
  readonly columns: readonly number[][];
  readonly options: Record<'n_clusters' | 'random_state' | 'n_init' | 'max_iter' | 'tol', number>;
  readonly expected: { readonly labels: readonly number[]; readonly n_iter: number };
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

/** Data that is easy, that has ties and duplicates, and whose scales leave single precision nothing to see. */
const KINDS: Record<string, (i: number, j: number, next: () => number) => number> = {
  noise: (_, __, next) => next(),
  clusters: (i, j, next) => ((i * (j + 3)) % 5) * 4 + next() + next(),
  'a grid': (_, __, next) => Math.floor(next() * 4),
  'three different rows': (i) => i % 3,
  'one row': () => 7,
  'columns of other scales': (_, j, next) => next() * (j === 0 ? 1e8 : 1e-8) + 1e6,
  'far from zero': (_, __, next) => 1e9 + next() * 1e-3,
  'two far groups of close rows': (i, _, next) => (i % 2) * 1e6 + next() * 1e-6,
  'an outlier': (i, _, next) => (i === 5 ? 1e9 : next()),
  'squares that vanish': (_, __, next) => next() * 1e-160,
  'squares that nearly vanish': (_, __, next) => next() * 1e-98,
  'squares at the end': (_, __, next) => next() * 1e150,
  'squares beyond the end': (_, __, next) => next() * 1e160,
};

describe.each(['release', 'debug'] as const)('single precision first, %s', (build) => {
  const { kernels, arena } = openKernels(build);
  const empty = arena.top;
  beforeEach(() => {
    arena.reset(empty);
  });
  const team = new Team(kernels, arena);
  const momentsOf = new MomentsOf(kernels, arena, team).of;
  const always = kmeans(kernels, arena, team, momentsOf, 0, 1);
  const never = kmeans(kernels, arena, team, momentsOf, Infinity);

  const tables = fc
    .record({
      rows: fc.integer({ min: 1, max: 700 }),
      d: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 11, max: 40 })),
      seed: fc.nat(),
      kind: fc.constantFrom(...Object.keys(KINDS)),
    })
    .map(({ rows, d, seed, kind }) => {
      const next = noise(seed);
      return Array.from({ length: d }, (_, j) =>
        Array.from({ length: rows }, (__, i) => KINDS[kind]!(i, j, next)),
      );
    });
  const ks = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 41, max: 300 }));
  /** Steps that look first, and that do not. `openAt`: 0 takes all distances every second time, 1 bounds always. */
  const both = (columns: readonly number[][], k: number, openAt: number): [KMeansSteps, KMeansSteps] => {
    const made = (first: boolean): KMeansSteps => {
      const labels = arena.take(columns[0]!.length * 4);
      return wasmSteps(
        kernels,
        arena,
        team,
        momentsOf,
        columns.map((rows) => column(rows)),
        labels,
        k,
        1,
        first,
        openAt,
      );
    };
    return [made(true), made(false)];
  };

  test('each label is the one that all distances give', () => {
    fc.assert(
      fc.property(tables, ks, fc.nat(), fc.constantFrom(0, 0.5, 1), (columns, most, seed, openAt) => {
        arena.reset(empty);
        const n = columns[0]!.length;
        const d = columns.length;
        const k = Math.min(n, most);
        const size = columns.flat().reduce((sum, x) => sum + Math.abs(x), 0);
        const steps = both(columns, k, openAt);
        const next = noise(seed);
        const centers = new Float64Array(k * d);
        for (let c = 0; c < k; c++) centers.set(steps[0].row(Math.floor(next() * n)), c * d);
        for (const one of steps) one.labels().fill(-1);
        for (let round = 0; round < 12; round++) {
          const [got, expected] = steps.map((one) => one.assign(centers, true));
          expect(Array.from(steps[0].labels())).toEqual(Array.from(steps[1].labels()));
          expect(got!.changed).toBe(expected!.changed);
          expect(Array.from(got!.weights)).toEqual(Array.from(expected!.weights));
          const off = expected!.sums.map((sum, i) => Math.abs(got!.sums[i]! - sum));
          expect(Math.max(...off)).toBeLessThanOrEqual(1e-12 * size);
          got!.sums.forEach((sum, i) => {
            const weight = got!.weights[Math.floor(i / d)]!;
            if (weight > 0) centers[i] = sum / weight;
          });
          // A centre that jumps, as one does whose cluster was empty.
          if (round % 5 === 4) centers.set(steps[0].row(Math.floor(next() * n)), Math.floor(next() * k) * d);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('labels without sums', () => {
    fc.assert(
      fc.property(tables, ks, fc.nat(), (columns, most, seed) => {
        arena.reset(empty);
        const n = columns[0]!.length;
        const k = Math.min(n, most);
        const steps = both(columns, k, 0);
        const next = noise(seed);
        for (let round = 0; round < 3; round++) {
          const centers = Float64Array.from(
            Array.from({ length: k }, () => Array.from(steps[0].row(Math.floor(next() * n)))).flat(),
          );
          for (const one of steps) one.assign(centers, round === 0);
          expect(Array.from(steps[0].labels())).toEqual(Array.from(steps[1].labels()));
        }
      }),
      { numRuns: 60 },
    );
  });

  test('k-means++ chooses the same rows, and keeps the same distances to the last bit', () => {
    fc.assert(
      fc.property(tables, fc.integer({ min: 4, max: 20 }), fc.nat(), (columns, k, seed) => {
        arena.reset(empty);
        const n = columns[0]!.length;
        const steps = both(columns, k, 1);
        const next = noise(seed);
        const first = Math.floor(next() * n);
        let [potential] = steps.map((one) => one.take(first, true));
        for (let c = 1; c < k; c++) {
          const trials = 2 + Math.floor(Math.log(k));
          const targets = Array.from({ length: trials }, () => next() * potential!);
          const [found, expected] = steps.map((one) =>
            one.search(targets).map((row) => Math.min(row, n - 1)),
          );
          expect(found).toEqual(expected);
          const [guess, exact] = steps.map((one) => {
            const totals = one.potentials(found!);
            return totals.indexOf(Math.min(...totals));
          });
          // The same row, drawn twice, is the same choice.
          if (!Number.isNaN(potential!) && potential !== Infinity)
            expect(found![guess!]).toBe(found![exact!]);
          const [taken, plainly] = steps.map((one) => one.take(found![exact!]!, false));
          expect(taken).toBe(plainly);
          potential = taken;
        }
      }),
      { numRuns: 150 },
    );
  });

  test('blocks, batches and tiles', () => {
    const next = noise(31);
    const length = 65536 + 4321;
    const columns = Array.from({ length: 9 }, (_, j) =>
      Array.from({ length }, (__, i) => ((i % 7) + j) * 3 + next() + next() + next()),
    );
    const more = options({ nClusters: 12, maxIter: 12, tol: 0 });
    const whole = always(
      columns.map((rows) => column(rows)),
      more,
    )!;
    const twin = never(
      columns.map((rows) => column(rows)),
      more,
    )!;
    expect(Array.from(whole.labels)).toEqual(Array.from(twin.labels));
    expect(whole.nIter).toBe(twin.nIter);
    expect(Math.abs(whole.inertia / twin.inertia - 1)).toBeLessThan(1e-12);
    for (const size of [97, 9973]) {
      const split = columns.map((rows) => column(rows, everyRows(length, size, { inPlace: true }), arena));
      expect(plain(always(split, more))).toEqual(plain(whole));
    }
  });

  test('the same bits whatever the batches', () => {
    const split = tables.chain((columns) => fc.tuple(fc.constant(columns), batchesOf(columns[0]!.length)));
    fc.assert(
      fc.property(split, ks, ([columns, batches], most) => {
        arena.reset(empty);
        const more = options({ nClusters: Math.min(most, columns[0]!.length), tol: 0, nInit: 2 });
        const whole = always(
          columns.map((rows) => column(rows)),
          more,
        );
        const parts = always(
          columns.map((rows) => column(rows, batches, arena)),
          more,
        );
        expect(plain(parts)).toEqual(plain(whole));
      }),
      { numRuns: 100 },
    );
  });

  test.each(fixtures.filter(unambiguous))('scikit-learn: $name', (one) => {
    const data = one.columns.map((rows) => column(rows));
    const got = always(data, optionsOf(one))!;
    expect(Array.from(got.labels)).toEqual(one.expected.labels);
    expect(got.nIter).toBe(one.expected.n_iter);
    const twin = never(data, optionsOf(one))!;
    const size = one.columns.flat().reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const off = got.centers.map((x, i) => Math.abs(x - twin.centers[i]!));
    expect(Math.max(...off)).toBeLessThanOrEqual(1e-12 * size);
  });
});
