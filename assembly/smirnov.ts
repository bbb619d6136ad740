/** Kolmogorov's limit and Smirnov's one-sided distribution of n values. */
import { lnBinomialPoint } from './discrete';

const LN_SQRT_2PI: f64 = 0.91893853320467274178;

/** ln P(K > x) if `upper`, else ln P(K ≤ x), K the limit of √n D: whichever of its two series converges faster. */
export function lnKolmogorov(upper: bool, x: f64): f64 {
  if (x != x) return NaN;
  if (x <= 0) return upper ? 0 : -Infinity;
  if (x == Infinity) return upper ? -Infinity : 0;
  if (x < 0.82) {
    const rate = (Math.PI * Math.PI) / (8 * x * x);
    if (rate == Infinity) return upper ? 0 : -Infinity;
    let sum: f64 = 1;
    for (let k: f64 = 3; k < 20; k += 2) sum += Math.exp(-(k * k - 1) * rate);
    const lower = LN_SQRT_2PI - Math.log(x) - rate + Math.log(sum);
    return upper ? Math.log1p(-Math.exp(lower)) : lower;
  }
  const rate = 2 * x * x;
  let sum: f64 = 1;
  let sign: f64 = -1;
  for (let k: f64 = 2; k < 10; k++) {
    sum += sign * Math.exp(-(k * k - 1) * rate);
    sign = -sign;
  }
  const tail = Math.LN2 - rate + Math.log(sum);
  return upper ? tail : Math.log1p(-Math.exp(tail));
}

/** ln P(D⁺ ≤ x) for n x < 3: Birnbaum and Tingey's sum over the last terms, of alternating sign. */
function lnLower(n: f64, x: f64): f64 {
  const most = Math.floor(n * x);
  let sum: f64 = 0;
  let choose: f64 = 1;
  for (let i: f64 = 0; i <= most; i++) {
    let power: f64 = 1;
    for (let j: f64 = 0; j < i; j++) power *= i / n - x;
    sum += choose * power * Math.exp((n - i - 1) * Math.log1p(x - i / n));
    choose *= (n - i) / (i + 1);
  }
  return Math.log(x * sum);
}

/**
 * ln P(D⁺ > x) if `upper`, else ln P(D⁺ ≤ x), n ≥ 1 values: the sum of Birnbaum and Tingey (1951) over binomial
 * probabilities, all positive; above a million values their limit with Maag and Dicaire's correction, as SciPy has it.
 */
export function lnSmirnov(upper: bool, x: f64, n: f64): f64 {
  if (!(n >= 1) || n == Infinity || Math.floor(n) != n || x != x) return NaN;
  if (x <= 0) return upper ? 0 : -Infinity;
  if (x >= 1) return upper ? -Infinity : 0;
  const nx = n * x;
  if (nx < 3 && n > nx) {
    // The last of these terms would be 0 · ∞ at x = i / n only where it has no weight.
    const lower = lnLower(n, x);
    if (nx <= 1 || lower < -0.7) return upper ? Math.log1p(-Math.exp(lower)) : lower;
  }
  const tail = n > 1e6 && nx < n - 1 ? -((6 * nx + 1) * (6 * nx + 1)) / (18 * n) : lnUpper(n, x, nx);
  return upper ? tail : Math.log1p(-Math.exp(min(tail, 0.0)));
}

/**
 * Of many values only every `stride`-th term is taken: as a function of j / n the terms are e^(−c/(t (1 − t))), c = n x²/2,
 * smooth and flat at both ends, of which the trapezoidal rule with N points misses e^(−2 √(2π c N)).
 */
function lnUpper(n: f64, x: f64, nx: f64): f64 {
  if (nx >= n - 1) return n * Math.log1p(-x);
  const last = Math.floor(n - nx);
  const square = nx * x;
  const share = min(1.0 / 2000, min(square / 200, (0.06 * (1 - x)) / Math.sqrt(square)));
  const stride = nx > 200 && x < 0.9 ? max(1.0, Math.floor(n * (1 - x) * share)) : 1;
  let best: f64 = n * Math.log1p(-x);
  let sum: f64 = 1;
  for (let j = stride; j <= last; j += stride) {
    const p = (nx + j) / n;
    const q = (n - j - nx) / n;
    if (!(q > 0)) break;
    const term = Math.log(nx / (nx + j)) + lnBinomialPoint(j, n, p, q, -nx);
    if (term > best) {
      sum = sum * Math.exp(best - term) + 1;
      best = term;
    } else if (term > best - 45) {
      sum += Math.exp(term - best);
    } else if (2 * j > n) {
      // Behind the middle the terms only fall.
      break;
    }
  }
  return best + Math.log(sum * stride);
}
