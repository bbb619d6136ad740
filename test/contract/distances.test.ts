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

  test('χ² is the sum over the cells, expected counts given or those of independence', () => {
    const counts = (rows: number): fc.Arbitrary<Float64Array> =>
      fc
        .array(fc.integer({ min: 1, max: 1e6 }), { minLength: rows, maxLength: rows })
        .map((values) => Float64Array.from(values));
    fc.assert(
      fc.property(
        fc
          .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 5 }))
          .chain(([rows, width]) => fc.array(counts(rows), { minLength: width, maxLength: width })),
        (columns) => {
          const { engine, tolerance } = under();
          const sums = columns.map((column) => exactSum(Array.from(column)));
          const total = exactSum(sums);
          const expected = columns.map((column, i) =>
            column.map((_, row) => (exactSum(columns.map((each) => each[row]!)) * sums[i]!) / total),
          );
          const terms = columns.map((column, i) =>
            Array.from(column, (count, row) => (count - expected[i]![row]!) ** 2 / expected[i]![row]!),
          );
          const got = engine.distances.chiSquare(columns, { sums });
          expectNear(got.statistic, exactSum(terms.flat()), tolerance.moments);
          expect(got.least).toBe(Math.min(...expected.map((column) => Math.min(...column))));
          const one = engine.distances.chiSquare([columns[0]!], { expected: expected[0]! });
          expectNear(one.statistic, exactSum(terms[0]!), tolerance.moments);
          expect(one.least).toBe(Math.min(...expected[0]!));
        },
      ),
      { numRuns: 200 },
    );
  });

  test('χ² of no rows, of an empty row, of what is not finite', () => {
    const { chiSquare } = under().engine.distances;
    const of = (...columns: number[][]): Float64Array[] => columns.map((column) => Float64Array.from(column));
    expect(chiSquare(of([], []), { sums: [0, 0] })).toEqual({ statistic: 0, least: Infinity });
    expect(chiSquare(of([1, 0, 2], [3, 0, 4]), { sums: [3, 7] })).toEqual({ statistic: NaN, least: 0 });
    expect(chiSquare(of([1, Infinity], [3, 1]), { sums: [Infinity, 4] })).toEqual({
      statistic: NaN,
      least: NaN,
    });
    expect(chiSquare(of([2, 1]), { expected: Float64Array.of(0, 3) })).toEqual({
      statistic: Infinity,
      least: 0,
    });
  });

  test('χ² of several blocks, in the memory of the engine or beside it', () => {
    const { engine, arena, tolerance } = under();
    const next = noise(14);
    const length = 2 * 65536 + 77;
    const columns = Array.from({ length: 3 }, () => Float64Array.from({ length }, () => 5 + 20 * next()));
    const sums = columns.map((column) => exactSum(Array.from(column)));
    const total = exactSum(sums);
    const terms = Array.from({ length }, (_, row) => {
      const side = columns.reduce((sum, column) => sum + column[row]!, 0);
      return columns.map(
        (column, i) => (column[row]! - (side * sums[i]!) / total) ** 2 / ((side * sums[i]!) / total),
      );
    });
    const got = engine.distances.chiSquare(columns, { sums });
    expectNear(got.statistic, exactSum(terms.flat()), tolerance.moments);
    const placed = columns.map((column) => {
      const view = arena?.float64(length) ?? new Float64Array(length);
      view.set(column);
      return view;
    });
    expect(engine.distances.chiSquare(placed, { sums })).toEqual(got);
    const [first, second] = placed;
    const given = engine.distances.chiSquare([first!], { expected: second! });
    const exact = exactSum(Array.from(first!, (count, row) => (count - second![row]!) ** 2 / second![row]!));
    expectNear(given.statistic, exact, tolerance.moments);
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
