import type { MomentsKernel } from '../../ports/engine.js';
import { eachPresent } from './cells.js';

// Jest's sandbox looks globals up through a proxy, which takes far longer than the sum.
const { abs } = Math;

/** Neumaier's sum. */
export class Sum {
  #total = 0;
  #error = 0;

  add(value: number): void {
    const total = this.#total;
    const next = total + value;
    this.#error += abs(total) >= abs(value) ? total - next + value : value - next + total;
    this.#total = next;
  }

  get value(): number {
    return Number.isFinite(this.#total) ? this.#total + this.#error : this.#total;
  }
}

/** Two passes: the mean, then powers of the deviations with the corrected two-pass term. All sums are compensated. */
export const moments: MomentsKernel = (column, order) => {
  let count = 0;
  let min = Infinity;
  let max = -Infinity;
  const total = new Sum();
  eachPresent(column, (value) => {
    total.add(value);
    count++;
    if (value < min) min = value;
    if (value > max) max = value;
  });
  const sum = total.value;
  const mean = sum / count;
  if (order === 1) return { count, sum, mean, m2: 0, m3: 0, m4: 0, min: min + 0, max: max + 0 };
  const powers = [new Sum(), new Sum(), new Sum(), new Sum()] as const;
  eachPresent(column, (value) => {
    const d = value - mean;
    const square = d * d;
    powers[0].add(d);
    powers[1].add(square);
    if (order === 4) {
      powers[2].add(square * d);
      powers[3].add(square * square);
    }
  });
  const [s1, s2, s3, s4] = powers.map(({ value }) => value) as [number, number, number, number];
  const e = count === 0 ? 0 : s1 / count;
  const m2 = Math.max(s2 - s1 * e, 0);
  const m3 = order === 4 ? s3 - 3 * e * s2 + 2 * count * e ** 3 : 0;
  const m4 = order === 4 ? s4 - 4 * e * s3 + 6 * e * e * s2 - 3 * count * e ** 4 : 0;
  // Adding zero turns −0 into 0.
  return { count, sum, mean, m2, m3, m4, min: min + 0, max: max + 0 };
};
