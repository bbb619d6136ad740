/**
 * Densities by Loader's saddle point (Fast and accurate computation of binomial probabilities, 2000): no logarithms of
 * large numbers are subtracted, so that fourteen digits stay whatever the parameters.
 */

/** μ^x e^−μ / Γ(x + 1), x ≥ 0 also fractional, μ > 0. */
export function poissonDensity(x: number, mu: number): number {
  if (x === 0) return Math.exp(-mu);
  return Math.exp(-stirlingError(x) - deviance(x, mu)) / Math.sqrt(2 * Math.PI * x);
}

/** ln Γ(x + 1) − (x + ½) ln x + x − ½ ln 2π, x > 0. */
export function stirlingError(x: number): number {
  if (x < 16) return stirlingError(x + 1) + (x + 0.5) * Math.log1p(1 / x) - 1;
  const square = x * x;
  let sum = 0;
  for (const coefficient of STIRLING) sum = coefficient + sum / square;
  return sum / x;
}

/** 1/12, −1/360, … of Stirling's series, the last first. */
const STIRLING = [-691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12];

/** x ln(x/μ) + μ − x, which is small against x where they are near. */
export function deviance(x: number, mu: number): number {
  const difference = x - mu;
  if (Math.abs(difference) >= 0.1 * (x + mu)) return x * Math.log(x / mu) + mu - x;
  const v = difference / (x + mu);
  const square = v * v;
  let sum = difference * v;
  let term = 2 * x * v;
  for (let j = 1; j < 1000; j++) {
    term *= square;
    const next = sum + term / (2 * j + 1);
    if (next === sum) break;
    sum = next;
  }
  return sum;
}
