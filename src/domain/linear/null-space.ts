import type { Choice } from './triangle.js';

/**
 * What may be added to coefficients without a change of the fit: orthonormal vectors, one for each dependent column.
 * `scales[j]` is what column j was multiplied by before it was factored.
 */
export function nullSpace(choice: Choice, scales: readonly number[]): Float64Array[] {
  const { chosen, dependent, norms } = choice;
  const unit = (j: number): number => scales[j]! / (norms[j]! > 0 ? norms[j]! : 1);
  const vectors: Float64Array[] = [];
  for (const { column, weights } of dependent) {
    const vector = new Float64Array(norms.length);
    vector[column] = unit(column);
    chosen.forEach((j, q) => {
      vector[j] = -weights[q]! * unit(j);
    });
    const largest = vector.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    for (let j = 0; j < vector.length; j++) vector[j]! /= largest;
    // Twice is enough (Kahan, Parlett): what the first round leaves of the others is rounding.
    for (let round = 0; round < 2; round++) takeOff(vectors, vector);
    const length = Math.sqrt(product(vector, vector));
    vectors.push(vector.map((x) => x / length));
  }
  return vectors;
}

/** Takes the part in the space of orthonormal vectors off a vector, in place. */
export function takeOff(vectors: readonly Float64Array[], from: Float64Array): void {
  for (const vector of vectors) {
    const share = product(vector, from);
    for (let j = 0; j < from.length; j++) from[j]! -= share * vector[j]!;
  }
}

function product(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return sum;
}
