/** Columns for the contract suites: the same rows in any batches, with any bitmap, and the ways to compare answers. */
import fc from 'fast-check';
import type { Arena } from '../../src/engine/wasm/arena.js';
import type { Chunk, Numbers } from '../../src/ports/tables.js';

export type Row = number | null;

/** How one batch holds its rows. */
export interface Batch {
  readonly rows: number;
  /** First bit of the bitmap; null: no bitmap, missing values are NaN. */
  readonly bitOffset: number | null;
  /** What lies under a cleared bit. */
  readonly under: number;
  /** Whether missing values are NaN although there is a bitmap that could say so: all of them are. */
  readonly nan: boolean;
  /** Whether the batch lies in the engine's arena already, as an Arrow column does. */
  readonly inPlace: boolean;
}

const WHOLE = { bitOffset: null, under: 0, nan: false, inPlace: false } as const;

/** A column of the rows in the given batches; the last one takes what is left. */
export function column(rows: readonly Row[], batches: readonly Batch[] = [], arena?: Arena | null): Numbers {
  const chunks: Chunk[] = [];
  let start = 0;
  const rest = { ...WHOLE, ...batches.at(-1), rows: rows.length };
  for (const batch of [...batches, rest]) {
    const part = rows.slice(start, start + batch.rows);
    if (batch !== rest || part.length > 0 || chunks.length === 0)
      chunks.push(chunk(part, batch, arena ?? null));
    start += part.length;
  }
  return { length: rows.length, chunks };
}

function chunk(rows: readonly Row[], batch: Batch, arena: Arena | null): Chunk {
  const held = batch.inPlace ? arena : null;
  const values = held === null ? new Float64Array(rows.length) : held.float64(rows.length);
  const useBits = batch.bitOffset !== null;
  rows.forEach((row, i) => {
    values[i] = row ?? (useBits && !batch.nan ? batch.under : NaN);
  });
  if (batch.bitOffset === null) return { values, validity: null, bitOffset: 0 };
  const bytes = Math.ceil((batch.bitOffset + rows.length) / 8);
  // Bits outside the rows are noise.
  const validity =
    held === null ? new Uint8Array(bytes) : new Uint8Array(held.buffer, held.take(bytes), bytes);
  validity.fill(0x5a);
  rows.forEach((row, i) => {
    const bit = batch.bitOffset! + i;
    const mask = 1 << (bit & 7);
    if (row !== null || batch.nan) validity[bit >> 3]! |= mask;
    else validity[bit >> 3]! &= ~mask;
  });
  return { values, validity, bitOffset: batch.bitOffset };
}

export const present = (rows: readonly Row[]): number[] => rows.filter((row): row is number => row !== null);

/** Batches for a number of rows, empty ones among them. */
export const batchesOf = (rows: number): fc.Arbitrary<Batch[]> =>
  fc.array(
    fc.record({
      rows: fc.oneof(fc.constant(0), fc.nat(9), fc.nat(Math.max(rows, 1))),
      bitOffset: fc.option(fc.nat(70)),
      under: fc.constantFrom(0, NaN, Infinity, -Infinity, 1e300, -1),
      nan: fc.boolean(),
      inPlace: fc.boolean(),
    }),
    { maxLength: 8 },
  );

/** Batches of a length, for columns too long to draw. */
export function everyRows(rows: number, length: number, extra: Partial<Batch> = {}): Batch[] {
  return Array.from({ length: Math.ceil(rows / length) }, () => ({ ...WHOLE, rows: length, ...extra }));
}

/** Rows of any finite value with gaps. */
export const anyRows = (maxLength: number, value: fc.Arbitrary<number> = measured()): fc.Arbitrary<Row[]> =>
  fc.array(fc.option(value, { freq: 6, nil: null }), { maxLength });

/** Numbers as measurements are: of a size between 1e-6 and 1e6, zeros of both signs, repeated values. */
export const measured = (): fc.Arbitrary<number> =>
  fc.oneof(
    fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((x) => (Math.abs(x) < 1e-6 ? 0 : x)),
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom(0, -0),
  );

/** Any float64 but NaN. */
export const extreme = (): fc.Arbitrary<number> =>
  fc.oneof(
    fc.double({ noNaN: true }),
    fc.constantFrom(
      Infinity,
      -Infinity,
      0,
      -0,
      Number.MIN_VALUE,
      Number.MAX_VALUE,
      -Number.MAX_VALUE,
      2 ** -1022,
    ),
  );

/** A stream of numbers in [0, 1) for long columns, the same every time. */
export function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** |actual − expected| ≤ tolerance × scale; equal infinities and NaNs agree. */
export function expectNear(
  actual: number,
  expected: number,
  tolerance: number,
  scale = Math.abs(expected),
): void {
  if (Object.is(actual, expected) || actual === expected) return;
  const error = Math.abs(actual - expected);
  if (!(error <= tolerance * scale)) {
    throw new Error(
      `expected ${expected} within ${tolerance} of ${scale}, got ${actual}, off by ${error / scale} of it`,
    );
  }
}

/** Correct decimal digits, at most 15: what a certified value of 15 digits can tell. */
export function correctDigits(actual: number, certified: number): number {
  if (actual.toPrecision(15) === certified.toPrecision(15)) return 15;
  return Math.min(15, -Math.log10(Math.abs((actual - certified) / certified)));
}
