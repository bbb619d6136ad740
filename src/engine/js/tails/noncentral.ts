/** Non-central F and t: for the intervals of effect sizes. */
import { lnBetaFront, lnIncompleteBeta } from './beta.js';
import { LN_SQRT_2PI, deviance, lnGammaFront, stirling } from './gamma.js';
import { lnNormalTail } from './normal.js';

/** ln of e^−mean mean^j / j!. */
function lnPoisson(j: number, mean: number): number {
  if (mean === 0) return j === 0 ? 0 : -Infinity;
  if (j === 0) return -mean;
  return -0.5 * Math.log(j) - LN_SQRT_2PI - stirling(j) - deviance(j, mean, j - mean);
}

/** ln of the term j of the mixture. */
function lnTerm(upper: boolean, j: number, a: number, b: number, x: number, y: number, mean: number): number {
  const c = a + j;
  const lambda = c * y - b * x;
  return (
    lnPoisson(j, mean) +
    (upper ? lnIncompleteBeta(b, c, y, x, -lambda) : lnIncompleteBeta(c, b, x, y, lambda))
  );
}

/** ln P(F > f) if `upper`, else ln P(F ≤ f); what is near 1 is the complement of the other tail. */
export function lnNoncentralF(upper: boolean, f: number, dfn: number, dfd: number, nc: number): number {
  const value = lnMixed(upper, f, dfn, dfd, nc);
  return value > -0.7 ? Math.log1p(-Math.exp(lnMixed(!upper, f, dfn, dfd, nc))) : value;
}

/**
 * ln P(F > f) if `upper`, else ln P(F ≤ f): a Poisson mixture of incomplete betas. The sum runs in the direction in which
 * the recurrence of the beta adds (upwards for the upper tail), so that nothing cancels.
 */
function lnMixed(upper: boolean, f: number, dfn: number, dfd: number, nc: number): number {
  if (!(dfn > 0) || !(dfd > 0) || !(nc >= 0) || f !== f || dfn + dfd + nc === Infinity) return NaN;
  if (f <= 0) return upper ? 0 : -Infinity;
  if (f === Infinity) return upper ? -Infinity : 0;
  const a = 0.5 * dfn;
  const b = 0.5 * dfd;
  const mean = 0.5 * nc;
  const x = (a * f) / (b + a * f);
  const y = b / (b + a * f);
  // The largest term: it lies below the mean for the lower tail, above it for the upper one.
  let peak = Math.floor(mean);
  let best = lnTerm(upper, peak, a, b, x, y, mean);
  for (let step = Math.ceil(Math.sqrt(mean) + 1); step >= 1; step = Math.floor(0.5 * step)) {
    for (let sign = -1; sign <= 1; sign += 2) {
      for (;;) {
        const next = peak + sign * step;
        if (next < 0) break;
        const value = lnTerm(upper, next, a, b, x, y, mean);
        if (!(value > best)) break;
        peak = next;
        best = value;
      }
    }
  }
  if (best === -Infinity) return -Infinity;
  // Where it starts to count.
  const away = upper ? -1 : 1;
  let start = peak;
  let stride = Math.ceil(Math.sqrt(Math.max(mean, peak)) + 4);
  while (start + away * stride >= 0) {
    start += away * stride;
    if (!(lnTerm(upper, start, a, b, x, y, mean) > best - 42)) break;
    stride = Math.ceil(1.5 * stride);
  }
  if (upper && start - stride < 0 && lnTerm(upper, start, a, b, x, y, mean) > best - 42) start = 0;
  while (!upper && lnTerm(upper, start, a, b, x, y, mean) === -Infinity)
    start = Math.floor(0.5 * (start + peak));
  return mixture(upper, start, a, b, x, y, mean);
}

function mixture(
  upper: boolean,
  start: number,
  a: number,
  b: number,
  x: number,
  y: number,
  mean: number,
): number {
  const c = a + start;
  const lambda = c * y - b * x;
  const lnBeta = upper ? lnIncompleteBeta(b, c, y, x, -lambda) : lnIncompleteBeta(c, b, x, y, lambda);
  let base = lnPoisson(start, mean) + lnBeta;
  let step = Math.exp(lnBetaFront(c, b, x, y, lambda) - Math.log(c) - lnBeta);
  let beta = 1;
  let weight = 1;
  let sum = 1;
  let j = start;
  for (;;) {
    if (upper) {
      beta += step;
      step *= (x * (a + j + b)) / (a + j + 1);
      j++;
      weight *= mean / j;
    } else {
      if (j === 0) break;
      step *= (a + j) / (x * (a + j + b - 1));
      beta += step;
      weight *= j / mean;
      j--;
    }
    const term = weight * beta;
    const next = sum + term;
    // Before the largest term the sum still doubles.
    if (term < 1e-18 * next || j > 1e8) break;
    sum = next;
    if (sum > 1e200) {
      sum *= 1e-200;
      weight *= 1e-200;
      base += 200 * 2.302585092994045684;
    }
    if (beta > 1e200) {
      beta *= 1e-200;
      step *= 1e-200;
      weight *= 1e200;
    }
  }
  return base + Math.log(sum);
}

/** ln of what is integrated: the density of u = ln(χ/√df) times the normal tail behind t e^u − nc. */
function lnIntegrand(upper: boolean, u: number, t: number, df: number, nc: number): number {
  const a = 0.5 * df;
  const y = a * Math.exp(2 * u);
  if (y === 0 || y === Infinity) return -Infinity;
  const front =
    Math.abs(u) < 0.1
      ? 0.5 * Math.log(a) - LN_SQRT_2PI - deviance(a, y, -a * Math.expm1(2 * u)) - stirling(a)
      : lnGammaFront(a, y);
  const z = t * Math.exp(u) - nc;
  return Math.LN2 + front + lnNormalTail(upper ? z : -z);
}

/** ln P(T > t) if `upper`, else ln P(T ≤ t); what is near 1 is the complement of the other tail. */
export function lnNoncentralT(upper: boolean, t: number, df: number, nc: number): number {
  const value = lnAveraged(upper, t, df, nc);
  return value > -0.7 ? Math.log1p(-Math.exp(lnAveraged(!upper, t, df, nc))) : value;
}

/**
 * ln P(T > t) if `upper`, else ln P(T ≤ t), T = (Z + nc) / √(χ²/df): the normal tail averaged over ln χ by the
 * trapezoidal rule, whose error falls as e^(−1/h²) here. All of it is positive, so no sign of nc costs digits.
 */
function lnAveraged(upper: boolean, t: number, df: number, nc: number): number {
  if (!(df > 0) || t !== t || !(Math.abs(nc) < Infinity) || df === Infinity) return NaN;
  if (Math.abs(t) === Infinity) return t > 0 === upper ? -Infinity : 0;
  let peak = 0;
  let best = lnIntegrand(upper, peak, t, df, nc);
  const finest = 0.05 / Math.sqrt(2 * df + t * t + 40);
  for (let step = 1; step > finest; step *= 0.5) {
    for (let sign = -1; sign <= 1; sign += 2) {
      for (;;) {
        const value = lnIntegrand(upper, peak + sign * step, t, df, nc);
        if (!(value > best)) break;
        peak += sign * step;
        best = value;
      }
    }
  }
  if (best === -Infinity) return -Infinity;
  const scale = t * Math.exp(peak);
  const h = 0.5 / Math.sqrt(2 * df * Math.exp(2 * Math.max(peak, 0)) + scale * scale + 40);
  let sum = 1;
  for (let sign = -1; sign <= 1; sign += 2) {
    for (let i = 1; i < 2e5; i++) {
      const term = Math.exp(lnIntegrand(upper, peak + sign * i * h, t, df, nc) - best);
      sum += term;
      if (term < 1e-18 * sum) break;
    }
  }
  return Math.min(0, best + Math.log(sum * h));
}
