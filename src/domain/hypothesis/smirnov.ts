/** Numbers below what a double holds are kept in units of 2^(−512 · exponent). */
const UNIT = 2 ** 512;
const SMALL = 2 ** -256;

/**
 * log10 of the probability that D⁺ of two samples of m and n values without ties is at least `steps` / lcm(m, n), also far
 * below the least double.
 *
 * Paths of a lattice from (0, 0) to (m, n), each as likely, that reach the line on their way: the share of those that end
 * in (i, j), by their last step, P(i, j) = (i · P(i − 1, j) + j · P(i, j − 1)) / (i + j), is 1 on the line and beyond and
 * has no subtraction in it (Viehmann, arXiv:2102.08037). Each share has an exponent of its own.
 */
export function log10CrossingOnce(first: number, second: number, steps: number): number {
  const [m, n] = [Math.max(first, second), Math.min(first, second)];
  const divisor = greatestDivisor(m, n);
  const [a, b] = [n / divisor, m / divisor];
  // Column i: shares of j = 0 … n. Reached where a·i − b·j ≥ steps.
  const share = new Float64Array(n + 1);
  const exponent = new Int32Array(n + 1);
  // Column 0 has not reached it, and never did.
  for (let i = 1; i <= m; i++) {
    const reached = Math.floor((a * i - steps) / b);
    for (let j = 0; j <= n; j++) {
      if (j <= reached) {
        share[j] = 1;
        exponent[j] = 0;
        continue;
      }
      const left = (share[j]! * i) / (i + j);
      if (j === 0) {
        // Only along the edge: it reached the line or it did not.
        share[j] = 0;
        exponent[j] = 0;
        continue;
      }
      const below = (share[j - 1]! * j) / (i + j);
      const [el, eb] = [exponent[j]!, exponent[j - 1]!];
      let value = left;
      let unit = el;
      if (left === 0) [value, unit] = [below, eb];
      else if (below !== 0) {
        if (el === eb) value = left + below;
        else if (el === eb + 1) [value, unit] = [below + left / UNIT, eb];
        else if (eb === el + 1) value = left + below / UNIT;
        else if (el > eb) [value, unit] = [below, eb];
      }
      if (value !== 0 && value < SMALL) {
        value *= UNIT;
        unit++;
      }
      share[j] = value;
      exponent[j] = unit;
    }
  }
  return Math.log10(share[n]!) - exponent[n]! * 512 * Math.log10(2);
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
