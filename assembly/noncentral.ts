/** Non-central F and t, for the intervals of effect sizes: averages of central tails, all of it positive. */
import { lnIncompleteBeta } from './beta';
import { LN_SQRT_2PI, deviance, lnGammaFront, lnIncompleteGamma, stirling } from './gamma';
import { lnNormalTail } from './normal';

/** Beyond, float64 has no steps left between which to average: NaN. */
const MOST: f64 = 1e12;

/** ln of e^−mean mean^j / j!. */
function lnPoisson(j: f64, mean: f64): f64 {
  if (mean == 0) return j == 0 ? 0 : -Infinity;
  if (j == 0) return -mean;
  return -0.5 * Math.log(j) - LN_SQRT_2PI - stirling(j) - deviance(j, mean, j - mean);
}

/** ln of the Poisson mixture's term j. */
function lnMixed(upper: bool, j: f64, a: f64, b: f64, x: f64, y: f64, mean: f64): f64 {
  const c = a + j;
  const lambda = c * y - b * x;
  const tail = upper ? lnIncompleteBeta(b, c, y, x, -lambda) : lnIncompleteBeta(c, b, x, y, lambda);
  return lnPoisson(j, mean) + tail;
}

/** ln P(F > f) if `upper`, else ln P(F ≤ f); what is near 1 is the complement of the other tail. */
export function lnNoncentralF(upper: bool, f: f64, dfn: f64, dfd: f64, nc: f64): f64 {
  if (!(dfn > 0) || !(dfd > 0) || !(nc >= 0 && nc <= MOST) || f != f || dfn + dfd == Infinity) return NaN;
  if (f <= 0) return upper ? 0 : -Infinity;
  if (f == Infinity) return upper ? -Infinity : 0;
  const value = lnMixture(upper, f, dfn, dfd, nc);
  return value > -0.7 ? Math.log1p(-Math.exp(lnMixture(!upper, f, dfn, dfd, nc))) : value;
}

/**
 * The Poisson mixture of incomplete betas, from its largest term outwards. Of many terms only every `stride`-th is taken:
 * they are smooth in j over some √mean, of which the trapezoidal rule with sixteen steps misses nothing.
 */
function lnMixture(upper: bool, f: f64, dfn: f64, dfd: f64, nc: f64): f64 {
  const a = 0.5 * dfn;
  const b = 0.5 * dfd;
  const mean = 0.5 * nc;
  const ratio = (a / b) * f;
  const x = ratio <= 1 ? ratio / (1 + ratio) : 1 / (1 + 1 / ratio);
  const y = ratio <= 1 ? 1 / (1 + ratio) : 1 / ratio / (1 + 1 / ratio);
  // It lies below the mean for the lower tail, above it for the upper one.
  let peak = Math.floor(mean);
  let best = lnMixed(upper, peak, a, b, x, y, mean);
  for (let step = Math.ceil(0.25 * mean + 1); step >= 1; step = Math.floor(0.5 * step)) {
    for (let sign: f64 = -1; sign <= 1; sign += 2) {
      for (;;) {
        const next = peak + sign * step;
        if (next < 0) break;
        const value = lnMixed(upper, next, a, b, x, y, mean);
        if (!(value > best)) break;
        peak = next;
        best = value;
      }
    }
  }
  if (best == -Infinity) return -Infinity;
  const stride = max(1.0, Math.floor(Math.sqrt(min(mean, peak)) / 16));
  let sum: f64 = 1;
  for (let sign: f64 = -1; sign <= 1; sign += 2) {
    for (let j = peak + sign * stride; j >= 0; j += sign * stride) {
      const term = Math.exp(lnMixed(upper, j, a, b, x, y, mean) - best);
      sum += term;
      if (term < 1e-17 * sum) break;
    }
  }
  return best + Math.log(sum * stride);
}

/** ln P(T > t) if `upper`, else ln P(T ≤ t), T = (Z + nc) / √(χ²/df); what is near 1 is the other's complement. */
export function lnNoncentralT(upper: bool, t: f64, df: f64, nc: f64): f64 {
  if (!(df > 0) || t != t || !(abs(nc) <= MOST) || df == Infinity) return NaN;
  if (abs(t) == Infinity) return t > 0 == upper ? -Infinity : 0;
  if (t == 0) return lnNormalTail(upper ? -nc : nc);
  // −T has −nc: t > 0 from here on.
  const side = t > 0 ? upper : !upper;
  const shift = t > 0 ? nc : -nc;
  const value = lnAverage(side, abs(t), df, shift);
  return value > -0.7 ? Math.log1p(-Math.exp(lnAverage(!side, abs(t), df, shift))) : value;
}

/**
 * The average by the trapezoidal rule, whose error falls as e^(−1/h²) here: of the normal tail over u = ln(χ/√df), or,
 * where that tail is the steeper of the two, of the χ² tail over u = ln(Z + nc).
 */
function lnAverage(upper: bool, t: f64, df: f64, nc: f64): f64 {
  const steep = t * t > 2 * df;
  let peak: f64 = 0;
  let best = lnAveraged(steep, upper, peak, t, df, nc);
  for (let step: f64 = 1; step > 1e-14; step *= 0.5) {
    for (let sign: f64 = -1; sign <= 1; sign += 2) {
      for (;;) {
        const value = lnAveraged(steep, upper, peak + sign * step, t, df, nc);
        if (!(value > best)) break;
        peak += sign * step;
        best = value;
      }
    }
  }
  const size = (steep ? max(nc, 1.0) : 1) * Math.exp(peak);
  const width = steep ? size * size : 2 * df * max(size * size, 1.0) + t * size * (t * size);
  const h = 0.5 / Math.sqrt(width + 40);
  let sum: f64 = best == -Infinity ? 0 : 1;
  for (let sign: f64 = -1; sign <= 1 && sum > 0; sign += 2) {
    for (let i: f64 = 1; i < 1e5; i++) {
      const term = Math.exp(lnAveraged(steep, upper, peak + sign * i * h, t, df, nc) - best);
      sum += term;
      if (term < 1e-17 * sum) break;
    }
  }
  const average = sum > 0 ? best + Math.log(sum * h) : -Infinity;
  if (!steep || upper) return average;
  // Z + nc ≤ 0 has T ≤ 0 < t.
  const rest = lnNormalTail(nc);
  const most = max(average, rest);
  return most == -Infinity ? most : most + Math.log(Math.exp(average - most) + Math.exp(rest - most));
}

/** ln of what is integrated over u. */
function lnAveraged(steep: bool, upper: bool, u: f64, t: f64, df: f64, nc: f64): f64 {
  const a = 0.5 * df;
  // Where it is steep, u counts from ln nc, so that Z = e^u − nc keeps its digits.
  const unit: f64 = steep ? max(nc, 1.0) : 1;
  const size = unit * Math.exp(u);
  if (steep) {
    const z = unit - nc + unit * Math.expm1(u);
    const reach = size / t;
    // T > t where χ²/df < (Z + nc)²/t².
    return Math.log(unit) + u - 0.5 * z * z - LN_SQRT_2PI + lnIncompleteGamma(!upper, a, a * reach * reach);
  }
  const y = a * size * size;
  if (y == 0 || y == Infinity) return -Infinity;
  const front =
    abs(u) < 0.1
      ? 0.5 * Math.log(a) - LN_SQRT_2PI - deviance(a, y, -a * Math.expm1(2 * u)) - stirling(a)
      : lnGammaFront(a, y);
  const z = t * size - nc;
  return Math.LN2 + front + lnNormalTail(upper ? z : -z);
}
