/** Means per label: against pandas and exact arithmetic, whatever the batches. */
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
import { GOLDEN, goldenNumber } from './golden.js';

const GROUPS = 5;
const labelled = (rows: readonly Row[]): fc.Arbitrary<Int32Array> =>
  fc
    .array(fc.integer({ min: -1, max: GROUPS - 1 }), { minLength: rows.length, maxLength: rows.length })
    .map((labels) => Int32Array.from(labels));

const members = (rows: readonly Row[], labels: Int32Array, group: number): number[] =>
  rows.filter((row, i): row is number => row !== null && labels[i] === group);

describeEngines((under) => {
  test('rows without a label and missing values belong to no group', () => {
    const { engine } = under();
    const labels = Int32Array.of(0, 0, -1, 2, 2, 0, -2);
    const means = engine.groups(column([1, null, 100, 5, NaN, 3, 7]), labels, 4);
    expect(Array.from(means)).toEqual([2, NaN, 5, NaN]);
  });

  test('no rows, no groups', () => {
    const { engine } = under();
    expect(Array.from(engine.groups(column([]), new Int32Array(0), 2))).toEqual([NaN, NaN]);
    expect(engine.groups(column([1]), Int32Array.of(-1), 0)).toHaveLength(0);
  });

  test('infinities are values', () => {
    const rows = [Infinity, 1, -Infinity, 2, Infinity, -Infinity, -0];
    const means = under().engine.groups(column(rows), Int32Array.of(0, 0, 1, 1, 2, 2, 3), 4);
    expect(Array.from(means)).toEqual([Infinity, -Infinity, NaN, 0]);
  });

  test.each(GOLDEN.filter(({ expected }) => expected.kmeans !== undefined))(
    'pandas: $name',
    ({ rows, expected }) => {
      const { engine, tolerance } = under();
      const labels = Int32Array.from(expected.kmeans!.labels);
      for (const [name, means] of Object.entries(expected.clusters ?? {})) {
        const got = engine.groups(column(rows(name)), labels, expected.kmeans!.centers.length);
        for (const [label, mean] of Object.entries(means)) {
          expectNear(got[Number(label)]!, goldenNumber(mean), tolerance.moments);
        }
      }
    },
  );

  test('means are those of exact arithmetic', () => {
    fc.assert(
      fc.property(
        anyRows(200, fc.oneof(measured(), fc.constantFrom(1e16, -1e16, 1e100, -1e100))).chain((rows) =>
          fc.tuple(fc.constant(rows), labelled(rows)),
        ),
        ([rows, labels]) => {
          const got = under().engine.groups(column(rows), labels, GROUPS);
          got.forEach((mean, group) => {
            const own = members(rows, labels, group);
            if (own.length === 0) expect(mean).toBeNaN();
            else {
              const sum = exactSum(own);
              const second = own.length * 2 ** -104 * own.reduce((total, x) => total + Math.abs(x), 0);
              expectNear(mean, sum / own.length, 1, 2 ** -51 * Math.abs(sum / own.length) + second);
            }
          });
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('the same bits whatever the batches', () => {
    fc.assert(
      fc.property(
        anyRows(200, extreme()).chain((rows) =>
          fc.tuple(fc.constant(rows), labelled(rows), batchesOf(rows.length)),
        ),
        ([rows, labels, batches]) => {
          const { engine, arena } = under();
          const whole = engine.groups(column(rows), labels, GROUPS);
          const split = engine.groups(column(rows, batches, arena), labels, GROUPS);
          expect(Array.from(split)).toEqual(Array.from(whole));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('columns of several blocks', () => {
    const { engine, arena } = under();
    const next = noise(13);
    const length = 2 * 65536 + 77;
    const labels = Int32Array.from({ length }, () => Math.floor(next() * 4) - 1);
    // Each group's sum cancels across the blocks.
    const rows: Row[] = Array.from({ length }, (_, i) =>
      i % 3 === 0 ? null : (i < 65536 ? 1e16 : -1e16) + next(),
    );
    const whole = engine.groups(column(rows), labels, 3);
    for (let group = 0; group < 3; group++) {
      const own = members(rows, labels, group);
      expectNear(whole[group]!, exactSum(own) / own.length, under().tolerance.moments);
    }
    for (const size of [1000, 65536, 100003]) {
      const split = column(rows, everyRows(length, size, { bitOffset: 1, under: NaN, inPlace: true }), arena);
      expect(Array.from(engine.groups(split, labels, 3))).toEqual(Array.from(whole));
    }
  });
});
