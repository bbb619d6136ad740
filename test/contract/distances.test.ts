/** Distances from a centre and differences of columns: against exact sums, whatever the batches and lanes. */
import fc from 'fast-check';
import {
  anyRows,
  batchesOf,
  column,
  everyRows,
  expectNear,
  extreme,
  measured,
  noise,
  type Row,
} from './columns.js';
import { describeEngines } from './engines.js';
import { exactSum } from './exact.js';

const valuesOf = (rows: readonly Row[]): number[] =>
  rows.filter((row): row is number => row !== null && !Number.isNaN(row));

describeEngines((under) => {
  test('missing values have no distance', () => {
    const { distances } = under().engine;
    expect(distances.sums([column([1, null, 5, NaN, -2])], [2])).toEqual([8]);
    expect(distances.sums([column([]), column([])], [2, NaN])).toEqual([0, 0]);
    expect(distances.sums([column([null, NaN])], [2])).toEqual([0]);
    expect(distances.sums([column([1, Infinity])], [0])).toEqual([Infinity]);
  });

  test('a difference is missing where one of the two is', () => {
    const { distances } = under().engine;
    const got = distances.differences(column([1, null, 5, NaN, -2, 0.1]), column([3, 1, null, 2, -2, 0.3]));
    expect(Array.from(got)).toEqual([-2, NaN, NaN, NaN, 0, 0.1 - 0.3]);
    expect(distances.differences(column([]), column([]))).toHaveLength(0);
  });

  test('sums are those of exact arithmetic', () => {
    fc.assert(
      fc.property(anyRows(200), measured(), (rows, center) => {
        const { engine, tolerance } = under();
        const terms = valuesOf(rows).map((x) => Math.abs(x - center));
        const [got] = engine.distances.sums([column(rows)], [center]);
        expectNear(got!, exactSum(terms), tolerance.moments);
      }),
      { numRuns: 300 },
    );
  });

  test('the same bits whatever the batches', () => {
    fc.assert(
      fc.property(
        anyRows(200, extreme()).chain((rows) =>
          fc.tuple(fc.constant(rows), batchesOf(rows.length), batchesOf(rows.length)),
        ),
        ([rows, first, second]) => {
          const { engine, arena } = under();
          const { distances } = engine;
          const shifted = [...rows.slice(1), ...rows.slice(0, 1)];
          const [a, b] = [column(rows, first, arena), column(shifted, second, arena)];
          expect(distances.sums([a], [0.25])).toEqual(distances.sums([column(rows)], [0.25]));
          expect(Array.from(distances.differences(a, b))).toEqual(
            rows.map((x, i) => (x === null || shifted[i] === null ? NaN : x - shifted[i]!)),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  test('several blocks of several columns', () => {
    const { engine, arena, tolerance } = under();
    const next = noise(13);
    const length = 2 * 65536 + 77;
    const columns = [3, 5].map((every) =>
      Array.from({ length }, (_, i): Row => (i % every === 0 ? null : next() * 10 ** (i % 4))),
    ) as [Row[], Row[]];
    const centers = [0.5, -0.25];
    const whole = engine.distances.sums(
      columns.map((rows) => column(rows)),
      centers,
    );
    columns.forEach((rows, i) => {
      expectNear(
        whole[i]!,
        exactSum(valuesOf(rows).map((x) => Math.abs(x - centers[i]!))),
        tolerance.moments,
      );
    });
    for (const size of [1000, 65536, 100003]) {
      const batches = everyRows(length, size, { bitOffset: 1, under: NaN, inPlace: true });
      const [a, b] = columns.map((rows) => column(rows, batches, arena));
      expect(engine.distances.sums([a!, b!], centers)).toEqual(whole);
      const differences = engine.distances.differences(a!, b!);
      for (let row = 0; row < length; row += 997) {
        const [x = null, y = null] = columns.map((rows) => rows[row]);
        expect(differences[row]).toBe(x === null || y === null ? NaN : x - y);
      }
    }
  });
});
