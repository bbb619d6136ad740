/** Silhouettes of several labelings at once: against scikit-learn and the definition, whatever the batches. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { anyRows, batchesOf, column, everyRows, expectNear, noise, type Row } from './columns.js';
import { describeEngines } from './engines.js';

const { silhouette: CASES } = JSON.parse(
  readFileSync(join(__dirname, '..', 'fixtures', 'silhouette.json'), 'utf8'),
) as {
  silhouette: { name: string; columns: number[][]; labelings: number[][]; scores: number[] }[];
};

/** From the definition, row by row. */
function scoreOf(points: readonly (readonly number[])[], labels: readonly number[]): number {
  const clusters = [...new Set(labels)];
  if (clusters.length < 2 || clusters.length >= labels.length) return NaN;
  const meanTo = (i: number, cluster: number): number => {
    const others = points.filter((_, j) => labels[j] === cluster && j !== i);
    const distances = others.map((other) => Math.hypot(...other.map((x, c) => x - points[i]![c]!)));
    return distances.reduce((sum, x) => sum + x, 0) / others.length;
  };
  const each = points.map((_, i) => {
    if (labels.filter((label) => label === labels[i]).length === 1) return 0;
    const a = meanTo(i, labels[i]!);
    const b = Math.min(...clusters.filter((other) => other !== labels[i]).map((other) => meanTo(i, other)));
    return a === b ? 0 : (b - a) / Math.max(a, b);
  });
  return each.reduce((sum, s) => sum + s, 0) / each.length;
}

/** Far enough apart that squares do not underflow. */
const coordinate = fc.integer({ min: -1600, max: 1600 }).map((x) => x / 16);
const drawn = fc
  .tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 }))
  .chain(([rows, columns, labelings]) =>
    fc.record({
      columns: fc.array(
        anyRows(rows, coordinate).map((values): Row[] =>
          Array.from({ length: rows }, (_, row) => (row < values.length ? values[row]! : row * 1.5)),
        ),
        { minLength: columns, maxLength: columns },
      ),
      labelings: fc.array(fc.array(fc.integer({ min: -1, max: 6 }), { minLength: rows, maxLength: rows }), {
        minLength: labelings,
        maxLength: labelings,
      }),
      batches: batchesOf(rows),
    }),
  );

describeEngines((under) => {
  test.each(CASES.map((one) => [one.name, one] as const))('scikit-learn: %s', (_, one) => {
    const { engine, tolerance } = under();
    const columns = one.columns.map((rows) => column(rows));
    const labelings = one.labelings.map((labels) => Int32Array.from(labels));
    const got = engine.silhouette(columns, labelings);
    one.scores.forEach((score, i) => {
      // scikit-learn's distances are square roots of differences of squares: half of the digits where points are near.
      expectNear(got[i]!, score, 1e-9, 1);
      expectNear(engine.silhouette(columns, [labelings[i]!])[0]!, got[i]!, tolerance.silhouettes, 1);
    });
  });

  test('undefined for one cluster, and where every row is one', () => {
    const { engine } = under();
    const labelings = [Int32Array.of(1, 1, 1), Int32Array.of(0, 1, 2), Int32Array.of(0, 0, 5)];
    const [one, every, two] = engine.silhouette([column([1, 2, 9])], labelings);
    expect([one, every]).toEqual([NaN, NaN]);
    expectNear(two!, (7 / 8 + 6 / 7 + 0) / 3, 1e-14, 1);
  });

  test('no rows, no labelings', () => {
    const { engine } = under();
    expect(engine.silhouette([column([])], [new Int32Array(0)])).toEqual([NaN]);
    expect(engine.silhouette([column([1, 2])], [])).toEqual([]);
  });

  test('the definition; rows with a gap or without a label take no part', () => {
    fc.assert(
      fc.property(drawn, ({ columns, labelings, batches }) => {
        const { engine, arena, tolerance } = under();
        const taken = (columns[0] ?? [])
          .map((_, row) => row)
          .filter(
            (row) => columns.every((own) => own[row] !== null) && labelings.every((own) => own[row]! >= 0),
          );
        const points = taken.map((row) => columns.map((own) => own[row]!));
        const got = engine.silhouette(
          columns.map((rows) => column(rows, batches, arena)),
          labelings.map((labels) => Int32Array.from(labels)),
        );
        labelings.forEach((labels, i) => {
          const expected = scoreOf(
            points,
            taken.map((row) => labels[row]!),
          );
          expectNear(got[i]!, expected, tolerance.silhouettes, 1);
        });
      }),
      { numRuns: 200 },
    );
  });

  test('several units, the same bits whatever the batches', () => {
    const { engine, arena } = under();
    const next = noise(31);
    const length = 64 * 5 + 7;
    const rows = [0, 1, 2].map(() => Array.from({ length }, (): Row => (next() < 0.05 ? null : next() * 10)));
    const labelings = [2, 5].map((k) => Int32Array.from({ length }, () => Math.floor(next() * k)));
    const whole = engine.silhouette(
      rows.map((own) => column(own)),
      labelings,
    );
    for (const size of [50, 100]) {
      const batches = everyRows(length, size, { bitOffset: 3, under: 7, inPlace: true });
      expect(
        engine.silhouette(
          rows.map((own) => column(own, batches, arena)),
          labelings,
        ),
      ).toEqual(whole);
    }
  });
});
