import type { Chunk, Numbers } from '../src/ports/tables.js';

/** Uniform in [0, 1) with 32 bits, the same on every machine. Source: Tommy Ettinger's mulberry32. */
export function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function uniform(seed: number, rows: number): Float64Array {
  const next = mulberry32(seed);
  return Float64Array.from({ length: rows }, () => next());
}

/** Standard normal values (Box and Muller), so that no column is a grid. */
export function normal(seed: number, rows: number): Float64Array {
  const next = mulberry32(seed);
  return Float64Array.from(
    { length: rows },
    () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  );
}

/** Columns of `groups` normal clusters of unit width, their middles uniform in a cube of 20. */
export function blobs(seed: number, rows: number, columns: number, groups: number): Float64Array[] {
  const next = mulberry32(seed);
  const middles = Array.from({ length: groups * columns }, () => 20 * next());
  const group = Int32Array.from({ length: rows }, () => Math.floor(next() * groups));
  return Array.from({ length: columns }, (_, column) => {
    const noise = normal(seed + 1 + column, rows);
    return noise.map((value, row) => value + middles[group[row]! * columns + column]!);
  });
}

/** A validity bitmap in which about `share` of the rows is missing. */
export function bitmap(seed: number, rows: number, share: number): Uint8Array {
  const next = mulberry32(seed);
  const bits = new Uint8Array(Math.ceil(rows / 8));
  for (let row = 0; row < rows; row++) if (next() >= share) bits[row >> 3]! |= 1 << (row & 7);
  return bits;
}

/** A column in one chunk. */
export function column(values: Float64Array, validity: Uint8Array | null = null): Numbers {
  const chunk: Chunk = { values, validity, bitOffset: 0 };
  return { length: values.length, chunks: [chunk] };
}

/** The same column as a new object: the wasm engine remembers the moments of those that it has seen. */
export function unseen(numbers: Numbers): Numbers {
  return { ...numbers };
}
