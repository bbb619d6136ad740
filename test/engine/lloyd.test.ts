/** The loop around an engine's steps, seen from the steps: what is drawn, which candidate wins, when it ends. */
import type { KMeansSteps } from '../../src/engine/kmeans-steps.js';
import { lloyd } from '../../src/engine/lloyd.js';

interface Watched {
  readonly steps: KMeansSteps;
  /** Rows taken as centres, in order. */
  readonly taken: number[];
  /** Numbers of doubles asked for, in order. */
  readonly drawn: number[];
  assignments: number;
}

/** Steps over points on a line, centred by the caller, with the doubles the test wants drawn. */
function line(points: readonly number[], draws: readonly number[], more: Partial<KMeansSteps> = {}): Watched {
  const labels = new Int32Array(points.length);
  const closest = new Float64Array(points.length).fill(Infinity);
  const left = [...draws];
  const square = (i: number, x: number): number => (points[i]! - x) ** 2;
  const sum = (values: Iterable<number>): number => Array.from(values).reduce((total, x) => total + x, 0);
  const watched: Watched = { taken: [], drawn: [], assignments: 0, steps: undefined as never };
  const steps: KMeansSteps = {
    rows: points.length,
    columns: 1,
    means: Float64Array.of(0),
    meanVariance: 1,
    random(count) {
      watched.drawn.push(count);
      return Float64Array.from({ length: count }, () => left.shift() ?? 0);
    },
    row: (index) => Float64Array.of(points[index]!),
    potentials: (rows) =>
      rows.map((row) => sum(points.map((_, i) => Math.min(closest[i]!, square(i, points[row]!))))),
    take(index, first) {
      watched.taken.push(index);
      points.forEach((_, i) => {
        closest[i] = Math.min(first ? Infinity : closest[i]!, square(i, points[index]!));
      });
      return sum(closest);
    },
    search: (targets) =>
      targets.map((target) => {
        let total = 0;
        const found = closest.findIndex((value) => (total += value) >= target);
        return found < 0 ? points.length : found;
      }),
    assign(centers, wanted) {
      watched.assignments++;
      const sums = new Float64Array(centers.length);
      const weights = new Float64Array(centers.length);
      let changed = 0;
      points.forEach((x, i) => {
        let best = 0;
        centers.forEach((center, c) => {
          if (square(i, center) < square(i, centers[best]!)) best = c;
        });
        if (labels[i] !== best) changed++;
        labels[i] = best;
        if (wanted) sums[best]! += x;
        weights[best]!++;
      });
      return { changed, sums, weights };
    },
    distances: (centers) => Float64Array.from(points, (_, i) => square(i, centers[labels[i]!]!)),
    inertia: (centers) => sum(points.map((_, i) => square(i, centers[labels[i]!]!))),
    labels: () => labels,
    ...more,
  };
  return Object.assign(watched, { steps });
}

const options = { nClusters: 2, randomState: 0, nInit: 1, maxIter: 300, tol: 1e-4 };

describe('k-means++', () => {
  test.each([
    [1, [1]],
    [2, [1, 2]],
    [3, [1, 3, 3]],
    [8, [1, 4, 4, 4, 4, 4, 4, 4]],
  ])('%d clusters: one double, then 2 + ⌊ln k⌋ for each next centre', (nClusters, drawn) => {
    const points = [-9, -7, -5, -3, -1, 1, 3, 5, 7, 9];
    const watched = line(points, []);
    lloyd(watched.steps, { ...options, nClusters });
    expect(watched.drawn).toEqual(drawn);
  });

  test.each([
    [0, 0],
    [0.2499999, 0],
    [0.25, 1],
    [0.5, 2],
    [0.9999999999999999, 3],
  ])('the first centre for %d of four rows is row %d', (draw, row) => {
    const watched = line([0, 1, 2, 3], [draw]);
    lloyd(watched.steps, { ...options, nClusters: 1 });
    expect(watched.taken).toEqual([row]);
  });

  test('the candidate that leaves the least potential wins, the first among equals', () => {
    const points = [0, 10, 10, 20];
    // Squared distances to row 0: 0, 100, 100, 400 of 600; these doubles draw rows 3 and 1, then 2 and 1.
    const better = line(points, [0, 0.9, 0.1]);
    lloyd(better.steps, options);
    expect(better.taken).toEqual([0, 1]);
    const equal = line(points, [0, 0.3, 0.1]);
    lloyd(equal.steps, options);
    expect(equal.taken).toEqual([0, 2]);
  });

  test('a candidate beyond the last row is the last row', () => {
    const watched = line([0, 1, 2], [0], { search: (targets) => targets.map(() => 3) });
    lloyd(watched.steps, options);
    expect(watched.taken).toEqual([0, 2]);
  });
});

describe('the end', () => {
  // From centres −5 and −4 four iterations lead to the two groups.
  const slow = [-5, -4, -3.9, 1, 2, 3, 4];
  const draws = [0, 0.001, 0.001];

  test('equal labels end it without another assignment', () => {
    const watched = line(slow, draws);
    const { nIter, labels } = lloyd(watched.steps, { ...options, tol: 0 });
    expect(Array.from(labels)).toEqual([0, 0, 0, 1, 1, 1, 1]);
    expect(watched.assignments).toBe(nIter);
    expect(nIter).toBeGreaterThan(2);
  });

  test.each([1, 2])('max_iter %d ends it, with labels for the centres given out', (maxIter) => {
    const watched = line(slow, draws);
    const { nIter, labels, centers, sizes } = lloyd(watched.steps, { ...options, maxIter, tol: 0 });
    expect(nIter).toBe(maxIter);
    expect(watched.assignments).toBe(maxIter + 1);
    const nearest = slow.map((x) => (Math.abs(x - centers[0]!) <= Math.abs(x - centers[1]!) ? 0 : 1));
    expect(Array.from(labels)).toEqual(nearest);
    expect(sizes).toEqual([0, 1].map((c) => nearest.filter((label) => label === c).length));
  });

  test('small shifts end it, by the scale of the data', () => {
    const watched = line(slow, draws, { meanVariance: 1e6 });
    expect(lloyd(watched.steps, options).nIter).toBe(1);
    expect(watched.assignments).toBe(2);
  });

  test('no run, no answer', () => {
    expect(() => lloyd(line([1, 2], []).steps, { ...options, nInit: 0 })).toThrow(RangeError);
  });
});

describe('several runs', () => {
  test('the generator runs on, and the best run is given out with its labels', () => {
    // The second run begins where the first stopped drawing; its labels must not overwrite the better first ones.
    const points = [0, 0.1, 10, 10.1, 20, 20.1];
    const good = [0, 0.55, 0.55, 0.99, 0.99];
    const watched = line(points, [...good, 0, 1e-9, 1e-9, 1e-9, 1e-9]);
    const one = lloyd(line(points, good).steps, { ...options, nClusters: 3 });
    const two = lloyd(watched.steps, { ...options, nClusters: 3, nInit: 2 });
    expect(two.inertia).toBeLessThanOrEqual(one.inertia);
    expect(two.sizes.reduce((total, size) => total + size, 0)).toBe(6);
    expect(watched.drawn).toEqual([1, 3, 3, 1, 3, 3]);
  });

  test('the same clustering under other names does not win', () => {
    const points = [-10, -9, 9, 10];
    const first = lloyd(line(points, [0]).steps, options);
    // The second run starts at the other end: the same clusters, named the other way round, a hair better.
    let runs = 0;
    const watched = line(points, [0, 0.9, 0.9, 0.99, 0.9, 0.9], { inertia: () => 1 - 1e-9 * runs++ });
    const both = lloyd(watched.steps, { ...options, nInit: 2 });
    expect(runs).toBe(2);
    expect(both.inertia).toBe(1);
    expect(Array.from(both.labels)).toEqual(Array.from(first.labels));
  });
});

describe('empty clusters', () => {
  test('with every row on its centre none moves; the empty one goes where the largest is', () => {
    const { labels, centers, sizes, nIter } = lloyd(line([5, 0, 0, 0], [0, 0.5, 0.5, 0.5]).steps, {
      ...options,
      nClusters: 3,
    });
    expect(Array.from(centers)).toEqual([5, 0, 0]);
    expect(Array.from(labels)).toEqual([0, 1, 1, 1]);
    expect(sizes).toEqual([1, 3, 0]);
    expect(nIter).toBe(2);
  });

  test('an empty one takes the row farthest from its old centre', () => {
    // The second centre lies on the first, so that it gets no row.
    const watched = line([0, 1, 2, 9], [0], { search: (targets) => targets.map(() => 0) });
    const { labels, centers } = lloyd(watched.steps, { ...options, tol: 0 });
    expect(watched.taken).toEqual([0, 0]);
    expect(Array.from(labels)).toEqual([0, 0, 0, 1]);
    expect(Array.from(centers)).toEqual([1, 9]);
  });

  test('several empty ones take the farthest rows, farthest first', () => {
    const watched = line([0, 1, 20, 9], [0], { search: (targets) => targets.map(() => 0) });
    const { labels, centers } = lloyd(watched.steps, { ...options, nClusters: 3, tol: 0 });
    expect(Array.from(centers)).toEqual([0.5, 20, 9]);
    expect(Array.from(labels)).toEqual([0, 0, 1, 2]);
  });
});

test('centres get the mean of the columns back', () => {
  const { centers } = lloyd(line([-1, 1], [0], { means: Float64Array.of(100) }).steps, options);
  expect(Array.from(centers)).toEqual([99, 101]);
});
