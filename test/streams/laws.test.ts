/** What holds of states whatever the values, their order and their parts are. */
import fc from 'fast-check';
import {
  addExact,
  exactOf,
  exactSums,
  nearestRatio,
  NOTHING,
  reduced,
} from '../../src/domain/streams/exact.js';
import {
  mergeSketches,
  MOST_BUCKETS,
  relativeError,
  type Sketch,
  sketchOf,
  sketchRoom,
} from '../../src/domain/streams/sketch.js';
import { mergeStates } from '../../src/domain/streams/states.js';
import { quantilesOf } from '../../src/domain/streams/summaries.js';
import { type ColumnState, EMPTY_COLUMN } from '../../src/domain/streams/column-state.js';
import { readWindow } from '../../src/domain/streams/window-state.js';
import { readFold, writeFold } from '../../src/domain/streams/fold.js';
import { readModel, writeModel } from '../../src/domain/streams/online-kmeans.js';
import { describeEngines } from '../contract/engines.js';
import { folded, stream } from './batches.js';

const anything = fc.oneof(
  { arbitrary: fc.double(), weight: 3 },
  { arbitrary: fc.double({ min: -1000, max: 1000, noNaN: true }), weight: 5 },
  fc.constantFrom(
    0,
    -0,
    1,
    1e-320,
    -5e-324,
    1e308,
    -1.7e308,
    1e200,
    1e-200,
    2 ** 480,
    Infinity,
    -Infinity,
    NaN,
  ),
);
const finite = anything.filter(Number.isFinite);

test('sums and sums of squares have no error at all', () => {
  fc.assert(
    fc.property(fc.array(finite, { maxLength: 200 }), (values) => {
      let [sum, squares] = [NOTHING, NOTHING];
      for (const x of values) {
        const { m, e } = exactOf(x);
        sum = addExact(sum, { m, e });
        squares = addExact(squares, { m: m * m, e: 2 * e });
      }
      const got = exactSums(Float64Array.from([NaN, ...values]));
      expect(reduced(got.sum)).toEqual(reduced(sum));
      expect(reduced(got.squares)).toEqual(reduced(squares));
    }),
  );
});

test('a number goes there and back; a ratio is the nearest float64', () => {
  fc.assert(
    fc.property(finite, fc.integer({ min: 1, max: 1e9 }), (x, n) => {
      const { m, e } = exactOf(x);
      expect(nearestRatio(m * BigInt(n), BigInt(n), e)).toBe(x + 0);
    }),
  );
  // One quotient of float64 values that are whole is rounded once, as the division is.
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.integer({ min: 1, max: 2 ** 31 }), (a, b) => {
      expect(nearestRatio(BigInt(a), BigInt(b), 0)).toBe(a / b + 0);
    }),
  );
  const half = 2 ** -1074;
  expect(nearestRatio(1n, 2n, -1074)).toBe(0);
  expect(nearestRatio(3n, 2n, -1074)).toBe(2 * half);
  expect(nearestRatio(5n, 4n, -1074)).toBe(half);
  expect(nearestRatio(1n, 1n, 1024)).toBe(Infinity);
});

const room = sketchRoom();
const sketched = (values: readonly number[]): Sketch => sketchOf(Float64Array.from(values), room);
const many = fc
  .tuple(fc.integer({ min: 0, max: 6000 }), fc.integer(), fc.integer({ min: 1, max: 600 }))
  .map(([count, seed, spread]) => {
    let state = seed | 1;
    return Array.from({ length: count }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return (state % 2 === 0 ? 1 : -1) * 2 ** (((state >>> 8) / 2 ** 24 - 0.5) * spread);
    });
  });

test('sketches of any parts in any order are the same, to the bit', () => {
  fc.assert(
    fc.property(many, many, many, (a, b, c) => {
      const [x, y, z] = [sketched(a), sketched(b), sketched(c)];
      const whole = sketched([...c, ...a, ...b]);
      expect(mergeSketches(mergeSketches(x, y), z)).toEqual(whole);
      expect(mergeSketches(y, mergeSketches(z, x))).toEqual(whole);
      expect(whole.buckets.length).toBeLessThanOrEqual(MOST_BUCKETS);
    }),
    { numRuns: 25 },
  );
});

test('quantiles are within the error that a sketch states', () => {
  fc.assert(
    fc.property(many, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
      fc.pre(values.length > 0);
      const sorted = Float64Array.from(values).sort();
      const sketch = sketched(values);
      const [min, max] = [sorted[0]!, sorted.at(-1)!];
      const state: ColumnState = { ...EMPTY_COLUMN, finite: values.length, min, max, sketch };
      const [got] = quantilesOf(state, [q]);
      const place = (values.length - 1) * q;
      const [low, high] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
      const want = low + (high - low) * (place - Math.floor(place));
      const bound = relativeError(sketch) * Math.max(Math.abs(low), Math.abs(high));
      expect(Math.abs(got! - want)).toBeLessThanOrEqual(bound * (1 + 1e-9));
    }),
  );
});

test('values over the whole range of float64 fit into the buckets, at the error that is told', () => {
  const values = Array.from({ length: 20_000 }, (_, i) => (i % 2 === 0 ? 1 : -1) * 2 ** (i / 10 - 1000));
  const sketch = sketched(values);
  expect(sketch.buckets.length).toBeLessThanOrEqual(MOST_BUCKETS);
  // Two thousand octaves of each sign: two in a bucket.
  expect(sketch.level).toBe(8);
  expect(relativeError(sketch)).toBe(1.5);
  // A factor of 65,536 of one sign keeps the error that is stated.
  expect(sketched(Array.from({ length: 50_000 }, (_, i) => 2 ** (i / 3126))).level).toBe(0);
  expect(relativeError(sketched([1, 2, 3]))).toBe(0.00390625);
});

describeEngines((under) => {
  const definition = stream({ operations: [{ name: 'describe' }, { name: 'outliers', values: 3 }] });

  test('a window is the same to the bit in any order, any parts and any order of merging', () => {
    const rows = fc.array(
      fc.record({
        t: fc.constant(5),
        x: anything.filter((x) => Math.abs(x) !== Infinity),
        y: fc.constantFrom(1, 2, null),
      }),
      {
        minLength: 1,
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(rows, fc.array(fc.nat(100), { maxLength: 5 }), fc.boolean(), (given, cuts, isLeft) => {
        // What is no number in JSON is missing.
        const states = parts([...given].reverse(), cuts).map(
          (part) => folded(part, definition, under()).windows[0]!.state,
        );
        const merged = isLeft
          ? states.reduce((sum, one) => mergeStates(definition, sum, one))
          : states.reduceRight((sum, one) => mergeStates(definition, one, sum));
        const [whole] = folded(given, definition, under()).windows;
        expect(withoutHigher(merged)).toEqual(withoutHigher(whole!.state));
      }),
      { numRuns: 30 },
    );
  });

  test('third and fourth moments of parts are those of the whole, to 1e-12 of their size', () => {
    const rows = Array.from({ length: 3000 }, (_, i) => ({ t: 1, x: 1e4 + Math.sin(i * i) * 10 + (i % 7) }));
    const [whole] = folded(rows, definition, under()).windows;
    const pieces = Array.from({ length: 300 }, (_, i) => rows.slice(i * 10, i * 10 + 10))
      .map((part) => folded(part, definition, under()).windows[0]!.state)
      .reduce((sum, one) => mergeStates(definition, sum, one));
    const [x, y] = [whole!.state, pieces].map((state) => readWindow(state).columns.get('x')!);
    expect(Math.abs(x!.m4 - y!.m4)).toBeLessThanOrEqual(1e-12 * x!.m4);
    expect(Math.abs(x!.m3 - y!.m3)).toBeLessThanOrEqual(1e-12 * x!.m4 ** 0.75 * 3000 ** 0.25);
  });

  test('a damaged state, fold or model is an error, or another one: nothing else happens', () => {
    const clustered = stream({
      operations: [{ name: 'outliers' }, { name: 'kmeans', n_clusters: 2 }],
      id: 'i',
      key: 'k',
    });
    const rows = Array.from({ length: 30 }, (_, i) => ({ t: i, k: 'a', i, x: Math.cos(i), y: i }));
    const fold = folded(rows, clustered, under());
    const whole: readonly (readonly [Uint8Array, (bytes: Uint8Array) => unknown])[] = [
      [fold.windows[0]!.state, (bytes) => mergeStates(clustered, fold.windows[0]!.state, bytes)],
      [writeFold(fold), (bytes) => writeFold(readFold(bytes))],
      [fold.model!, (bytes) => writeModel(readModel(bytes))],
    ];
    for (const [document, read] of whole) {
      expect(read(document)).toBeInstanceOf(Uint8Array);
      const attempt = (bytes: Uint8Array): void => {
        try {
          read(bytes);
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
        }
      };
      for (let length = 0; length < document.length; length += 3)
        expect(() => read(document.subarray(0, length))).toThrow();
      let seed = 1;
      for (let run = 0; run < 400; run++) {
        const damaged = document.slice();
        for (let i = 0; i <= run % 3; i++) {
          seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
          damaged[(seed >>> 8) % damaged.length] = seed & 255;
        }
        attempt(damaged);
      }
    }
  });
});

function parts<T>(rows: readonly T[], cuts: readonly number[]): T[][] {
  const ends = [...new Set(cuts.map((cut) => cut % rows.length)), 0, rows.length].sort((a, b) => a - b);
  return ends
    .slice(1)
    .map((end, i) => rows.slice(ends[i], end))
    .filter((part) => part.length > 0);
}

/** All that is claimed to be exact. */
function withoutHigher(state: Uint8Array): unknown {
  const { records, columns } = readWindow(state);
  return [records, [...columns].map(([name, column]) => [name, { ...column, m3: 0, m4: 0 }])];
}
