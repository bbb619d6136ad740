/** The nearest rows, the nearest centres, and clusters by density: against their definitions, over all pairs. */
import fc from 'fast-check';
import type { Metric, NeighboursKernel } from '../../src/ports/neighbours.js';
import { expectNear, noise } from './columns.js';
import { describeEngines } from './engines.js';

type Rows = readonly (readonly number[])[];

const columnsOf = (rows: Rows, d: number): Float64Array[] =>
  Array.from({ length: d }, (_, j) => Float64Array.from(rows, (row) => row[j]!));

/** Summed in column order. */
function reduced(metric: Metric, a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  a.forEach((x, j) => {
    const apart = x - b[j]!;
    sum += metric === 'euclidean' ? apart * apart : Math.abs(apart);
  });
  return sum;
}

interface Answer {
  readonly rows: number[];
  readonly distances: number[];
}

/** All rows sorted by distance, and of equals by their number. */
function sorted(rows: Rows, queries: Rows, count: number, metric: Metric): Answer {
  const nearest = queries.flatMap((query) =>
    rows
      .map((row, i) => ({ i, distance: reduced(metric, query, row) }))
      .sort((a, b) => (a.distance === b.distance ? a.i - b.i : a.distance < b.distance ? -1 : 1))
      .slice(0, count),
  );
  return { rows: nearest.map(({ i }) => i), distances: nearest.map(({ distance }) => distance) };
}

/** In an order of the rows; blocks must follow each other. */
function found(
  kernel: NeighboursKernel,
  rows: Rows,
  order: Int32Array,
  queries: Rows,
  count: number,
  metric: Metric,
): Answer {
  const d = rows[0]!.length;
  const columns = columnsOf(
    Array.from(order, (row) => rows[row]!),
    d,
  );
  const answer: Answer = { rows: [], distances: [] };
  let next = 0;
  kernel.nearest({ columns, order }, columnsOf(queries, d), { count, metric }, (block) => {
    expect(block.first).toBe(next);
    next += block.queries;
    expect(block.rows).toHaveLength(block.queries * count);
    for (const row of block.rows) answer.rows.push(row);
    for (const distance of block.distances) answer.distances.push(distance);
  });
  expect(next).toBe(queries.length);
  return answer;
}

const metrics = fc.constantFrom<Metric>('euclidean', 'manhattan');
/** Few different values, so that many distances are equal, or any; as many columns as go another way. */
const drawn = fc
  .record({
    d: fc.constantFrom(1, 2, 3, 7, 8, 9, 17),
    n: fc.integer({ min: 1, max: 300 }),
    asked: fc.integer({ min: 0, max: 9 }),
    more: fc.nat(),
    metric: metrics,
    seed: fc.nat(),
    grid: fc.constantFrom(0, 3, 10),
    shuffled: fc.boolean(),
  })
  .map(({ n, d, asked, more, metric, seed, grid, shuffled }) => {
    const next = noise(seed);
    const value = (): number => (grid === 0 ? next() * 2 - 1 : Math.floor(next() * grid));
    const row = (): number[] => Array.from({ length: d }, value);
    return {
      rows: Array.from({ length: n }, row),
      queries: Array.from({ length: asked }, row),
      count: 1 + (more % Math.min(n, 40)),
      metric,
      order: shuffled
        ? Int32Array.from(
            Array.from({ length: n }, (_, i) => ({ i, at: next() }))
              .sort((a, b) => a.at - b.at)
              .map(({ i }) => i),
          )
        : null,
    };
  });

/** Rows about 0, in so many columns. */
function cloud(seed: number, n: number, d: number, scale = 1): number[][] {
  const next = noise(seed);
  return Array.from({ length: n }, () => Array.from({ length: d }, () => (next() + next() - 1) * scale));
}

describeEngines((under) => {
  test('an arrangement has every row once', () => {
    for (const [n, d] of [
      [0, 1],
      [1, 1],
      [32, 1],
      [33, 2],
      [1000, 3],
      [1000, 9],
    ] as const) {
      const order = under().engine.neighbours.arrange(columnsOf(cloud(5, n, d), d));
      expect(Array.from(order).sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
    }
    const same = new Float64Array(200).fill(3);
    expect(new Set(under().engine.neighbours.arrange([same, same])).size).toBe(200);
  });

  test('the nearest are those of sorting all rows, in whatever order they stand', () => {
    fc.assert(
      fc.property(drawn, ({ rows, queries, count, metric, order }) => {
        const { neighbours } = under().engine;
        const by = order ?? neighbours.arrange(columnsOf(rows, rows[0]!.length));
        expect(found(neighbours, rows, by, queries, count, metric)).toEqual(
          sorted(rows, queries, count, metric),
        );
      }),
      { numRuns: 120 },
    );
  });

  test.each([2, 9, 16])('a few thousand rows of %i columns, with rows and queries far outside', (d) => {
    const { neighbours } = under().engine;
    const rows = [...cloud(7, 1500, d), ...cloud(8, 5, d, 1e9), ...cloud(9, 3, d, 1e-9)];
    const queries = [...cloud(10, 8, d), ...cloud(11, 2, d, 1e7), ...cloud(12, 1, d, 1e300), rows[17]!];
    const order = neighbours.arrange(columnsOf(rows, d));
    for (const metric of ['euclidean', 'manhattan'] as const) {
      const hundred = sorted(rows, queries, 100, metric);
      expect(found(neighbours, rows, order, queries, 100, metric)).toEqual(hundred);
      const firstOf = <T>(list: readonly T[]): T[] => list.filter((_, i) => i % 100 < 5);
      expect(found(neighbours, rows, order, queries, 5, metric)).toEqual({
        rows: firstOf(hundred.rows),
        distances: firstOf(hundred.distances),
      });
    }
  });

  test('squares beyond float64 are as far as can be, and the first of them come first', () => {
    const { neighbours } = under().engine;
    const rows = Array.from({ length: 70 }, (_, i) => Array.from({ length: 9 }, () => (i % 2) * 1e200 + i));
    const order = neighbours.arrange(columnsOf(rows, 9));
    const answer = found(neighbours, rows, order, [rows[0]!, rows[1]!], 60, 'euclidean');
    expect(answer).toEqual(sorted(rows, [rows[0]!, rows[1]!], 60, 'euclidean'));
    expect(answer.distances[59]).toBe(Infinity);
  });

  test('more neighbours than are told at a time', () => {
    const { neighbours } = under().engine;
    const rows = cloud(13, 2600, 1);
    const queries = cloud(14, 500, 1);
    const order = neighbours.arrange(columnsOf(rows, 1));
    const answer = found(neighbours, rows, order, queries, 2400, 'euclidean');
    const last = answer.distances.slice(-2400);
    expect(last).toEqual(sorted(rows, queries.slice(-1), 2400, 'euclidean').distances);
  });

  test('the nearest centre is the first of the nearest', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 70 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(),
        (n, d, k, seed) => {
          const next = noise(seed);
          const row = (): number[] => Array.from({ length: d }, () => Math.floor(next() * 4));
          const [rows, centers] = [n, k].map((length) => Array.from({ length }, row));
          const columns = columnsOf(rows!, d);
          const { labels, inertia } = under().engine.neighbours.assign(
            columns,
            Float64Array.from(centers!.flat()),
          );
          const nearest = sorted(centers!, rows!, 1, 'euclidean');
          expect(Array.from(labels)).toEqual(nearest.rows);
          const alone = under().engine.neighbours.assign(columns, Float64Array.from(centers!.flat()), false);
          expect(alone).toEqual({ labels, inertia: NaN });
          expect(inertia).toBe(nearest.distances.reduce((sum, distance) => sum + distance, 0));
        },
      ),
      { numRuns: 150 },
    );
  });

  test('centres of many rows', () => {
    const rows = cloud(15, 20_001, 3);
    const centers = cloud(16, 11, 3);
    const { labels, inertia } = under().engine.neighbours.assign(
      columnsOf(rows, 3),
      Float64Array.from(centers.flat()),
    );
    const nearest = sorted(centers, rows, 1, 'euclidean');
    expect(Array.from(labels)).toEqual(nearest.rows);
    expectNear(
      inertia,
      nearest.distances.reduce((sum, distance) => sum + distance, 0),
      1e-12,
    );
  });

  test('clusters by density are those of the definition', () => {
    const rows = cloud(17, 250, 2).map((row) => row.map((x) => Math.round(x * 10)));
    for (const metric of ['euclidean', 'manhattan'] as const) {
      for (const least of [1, 4, 9]) {
        const options = { metric, eps: 1, least, checkpoint: () => undefined };
        const { labels, core, clusters } = under().engine.neighbours.density(columnsOf(rows, 2), options);
        const near = rows.map((a) => rows.flatMap((b, j) => (reduced(metric, a, b) <= 1 ? [j] : [])));
        const cores = rows.map((_, i) => i).filter((i) => near[i]!.length >= least);
        expect(Array.from(core)).toEqual(cores);
        expect(clusters).toBe(Math.max(-1, ...labels) + 1);
        cores.forEach((i) => {
          for (const j of near[i]!) if (cores.includes(j)) expect(labels[j]).toBe(labels[i]);
        });
        rows.forEach((_, i) => {
          const isReached = near[i]!.some((j) => cores.includes(j));
          expect(labels[i]! >= 0).toBe(isReached);
        });
      }
    }
  });
});
