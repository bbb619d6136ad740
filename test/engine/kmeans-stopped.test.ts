/** A fit that is watched has the bits of one that is not; one that is stopped those of a smaller `maxIter`. */
import fc from 'fast-check';
import type { KMeansOptions, KMeansProgress, KMeansResult } from '../../src/ports/engine.js';
import { Stopped } from '../../src/ports/progress.js';
import { column, noise, type Row } from '../contract/columns.js';
import { describeEngines } from '../contract/engines.js';
import { GOLDEN } from '../contract/golden.js';

const options = (more: Partial<KMeansOptions> = {}): KMeansOptions => ({
  nClusters: 3,
  randomState: 42,
  nInit: 1,
  maxIter: 300,
  tol: 1e-4,
  ...more,
});

/** Compared bit by bit. */
const plain = (result: KMeansResult | null): unknown =>
  result && { ...result, labels: Array.from(result.labels), centers: Array.from(result.centers) };

/** Rows of noise in three columns, a gap here and there. */
function table(seed: number, rows: number, gaps: boolean): Row[][] {
  const next = noise(seed);
  return Array.from({ length: 3 }, () =>
    Array.from({ length: rows }, (_, i) => (gaps && i % 37 === 5 ? null : next())),
  );
}

describeEngines((under) => {
  const run = (columns: readonly (readonly Row[])[], more: Partial<KMeansOptions>): KMeansResult | null =>
    under().engine.kmeans(
      columns.map((rows) => column(rows)),
      options(more),
    );

  /** Stopped once `iterations` of run `runs` were told. */
  const stopAt = (
    columns: readonly (readonly Row[])[],
    iterations: number,
    more: Partial<KMeansOptions>,
    runs = 1,
  ): KMeansResult | null => {
    let over = false;
    return run(columns, {
      ...more,
      onIteration({ run: at, iteration }) {
        over ||= at === runs && iteration === iterations;
      },
      stopping: () => over,
    });
  };

  test('watched or not, the same bits', () => {
    const watched = { onIteration: () => undefined, onSeed: () => undefined, stopping: () => false };
    for (const { rows, numeric, options: given, expected } of GOLDEN) {
      if (expected.kmeans === undefined) continue;
      const columns = numeric.map(rows);
      const asked = { nClusters: given.k, randomState: given.seed, nInit: 2 };
      expect(plain(run(columns, { ...asked, ...watched }))).toEqual(plain(run(columns, asked)));
    }
  });

  test('a stop after each iteration is that number of iterations at most', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 2, max: 9 }),
        fc.boolean(),
        (seed, nClusters, gaps) => {
          const columns = table(seed, 150, gaps);
          const more = { nClusters, randomState: seed, tol: 0 };
          const whole = run(columns, more)!;
          for (let iteration = 1; iteration < whole.nIter; iteration++) {
            const stopped = stopAt(columns, iteration, more);
            const short = run(columns, { ...more, maxIter: iteration });
            expect(plain(stopped)).toEqual({ ...(plain(short) as object), stopped: true });
          }
          expect(plain(stopAt(columns, whole.nIter, more))).toEqual(plain(whole));
        },
      ),
      { numRuns: 8 },
    );
  });

  test('enough rows for bounds: the same', () => {
    const columns = table(7, 20_000, false);
    const more = { nClusters: 12, tol: 0, maxIter: 9 };
    for (const iteration of [1, 2, 5, 8]) {
      const short = plain(run(columns, { ...more, maxIter: iteration })) as object;
      expect(plain(stopAt(columns, iteration, more))).toEqual({ ...short, stopped: true });
    }
  }, 60_000);

  test('of several runs the best so far', () => {
    const columns = table(11, 200, false);
    const more = { nClusters: 6, tol: 0 };
    const first = run(columns, more)!;
    const stopped = stopAt(columns, 1, { ...more, nInit: 5 }, 2)!;
    // The second run has gone one step: it is hardly ever better than one at its end.
    expect(stopped.stopped).toBe(true);
    expect(stopped.inertia).toBeLessThanOrEqual(first.inertia);
    if (stopped.inertia === first.inertia)
      expect(plain(stopped)).toEqual({ ...(plain(first) as object), stopped: true });
    const ended = run(columns, { ...more, nInit: 2 })!;
    const between = stopAt(columns, runsOf(columns, more), { ...more, nInit: 5 }, 2)!;
    expect(plain(between)).toEqual({ ...(plain(ended) as object), stopped: true });
  });

  /** Iterations of the second run. */
  const runsOf = (columns: readonly (readonly Row[])[], more: Partial<KMeansOptions>): number => {
    const told: KMeansProgress[] = [];
    run(columns, { ...more, nInit: 2, onIteration: (step) => void told.push(step) });
    return told.filter((step) => step.run === 2).length;
  };

  test('before the first iteration is over there is nothing', () => {
    expect(() => run(table(3, 100, false), { stopping: () => true })).toThrow(Stopped);
    let seeds = 0;
    const more = {
      onSeed() {
        seeds++;
      },
      stopping: () => seeds > 1,
    };
    expect(() => run(table(3, 100, false), { nClusters: 5, ...more })).toThrow(Stopped);
    expect(seeds).toBe(2);
  });

  test('seeds are told in order, run by run', () => {
    const told: number[][] = [];
    run(table(5, 100, false), { nClusters: 4, nInit: 2, onSeed: (taken, of) => void told.push([of, taken]) });
    const expected = [1, 2].flatMap((of) => [1, 2, 3, 4].map((taken) => [of, taken]));
    expect(told).toEqual(expected);
  });

  test('silhouettes that are not stopped are the same', () => {
    const columns = table(9, 300, false).map((rows) => column(rows));
    const { labels } = under().engine.kmeans(columns, options())!;
    const { silhouette } = under().engine;
    expect(silhouette(columns, [labels], () => false)).toEqual(silhouette(columns, [labels]));
  });
});
