import type { GrowthTarget } from '../ports/trees.js';

/** Values of a leaf. */
export const leafWidth = (target: GrowthTarget): number =>
  target.criterion === 'squared_error' ? 1 : target.classes;

/**
 * Writes the values of the leaf of `samples[start]` … `samples[end − 1]` at `at`: the classes' shares, or the mean, whose
 * differences from the first value are added up in the order of the samples.
 */
export function writeLeaf(
  target: GrowthTarget,
  draws: Int32Array | null,
  samples: Int32Array,
  start: number,
  end: number,
  out: Float64Array,
  at: number,
): void {
  let weight = 0;
  if (target.criterion === 'squared_error') {
    const { values } = target;
    const first = values[samples[start]!]!;
    let total = 0;
    for (let i = start; i < end; i++) {
      const row = samples[i]!;
      const w = draws === null ? 1 : draws[row]!;
      weight += w;
      total += w * (values[row]! - first);
    }
    out[at] = first + total / weight;
    return;
  }
  const { codes, classes } = target;
  for (let i = start; i < end; i++) {
    const row = samples[i]!;
    const w = draws === null ? 1 : draws[row]!;
    weight += w;
    out[at + codes[row]!]! += w;
  }
  for (let c = 0; c < classes; c++) out[at + c]! /= weight;
}

/** Rows that were drawn. */
export function drawnRows(rows: number, draws: Int32Array | null): Int32Array {
  const samples = new Int32Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row++) if (draws === null || draws[row]! > 0) samples[count++] = row;
  return samples.subarray(0, count);
}

/** c log₂ c of the whole numbers up to `most`. */
export function logTable(most: number): Float64Array {
  return Float64Array.from({ length: most + 1 }, (_, c) => (c === 0 ? 0 : c * Math.log2(c)));
}
