/**
 * Student's t by the regularised incomplete beta function: tails as tails, never as one minus something.
 *
 * Sources: continued fraction of DLMF 8.17.22 and log-beta with Stirling corrections for large arguments (DLMF 5.11.1),
 * both arranged as in Didonato and Morris, ACM TOMS 708, so that a = 5e6 costs no digits.
 */

const LN_SQRT_2PI: f64 = 0.91893853320467274178;
const LN10: f64 = 2.302585092994045684;

/** ln Γ(x) − Stirling's main term, x ≥ 10. */
function stirlingRest(x: f64): f64 {
  const y = 1 / (x * x);
  return (
    (1.0 / 12 -
      y *
        (1.0 / 360 -
          y * (1.0 / 1260 - y * (1.0 / 1680 - y * (1.0 / 1188 - y * (691.0 / 360360 - y * (1.0 / 156))))))) /
    x
  );
}

/** ln Γ(x), x > 0; absolute error below 1e-15 for x < 10. */
function lnGamma(x: f64): f64 {
  let shift: f64 = 1;
  let z = x;
  while (z < 10) {
    shift *= z;
    z += 1;
  }
  return (z - 0.5) * Math.log(z) - z + LN_SQRT_2PI + stirlingRest(z) - Math.log(shift);
}

/** ln B(a, b), a > 0, b > 0. */
export function student_ln_beta(a: f64, b: f64): f64 {
  const p = min(a, b);
  const q = max(a, b);
  const ratio = p / (p + q);
  if (p >= 10) {
    const rest = stirlingRest(p) + stirlingRest(q) - stirlingRest(p + q);
    return -0.5 * Math.log(q) + LN_SQRT_2PI + rest + (p - 0.5) * Math.log(ratio) + q * Math.log1p(-ratio);
  }
  if (q >= 10) {
    const rest = stirlingRest(q) - stirlingRest(p + q);
    return lnGamma(p) + rest + p - p * Math.log(p + q) + (q - 0.5) * Math.log1p(-ratio);
  }
  return lnGamma(p) + lnGamma(q) - lnGamma(p + q);
}

/**
 * I_x(a, b) B(a, b) / (x^a y^b) by a continued fraction that converges for x < (a + 1) / (a + b + 2), y = 1 − x.
 * It is the even part of DLMF 8.17.22, with each difference of the two near a = 1e6 taken out (TOMS 708, BFRAC).
 */
function fraction(a: f64, b: f64, x: f64, y: f64): f64 {
  const lambda = a > b ? (a + b) * y - b : a - (a + b) * x;
  const c = 1 + lambda;
  const c1 = 1 + 1 / a;
  let p: f64 = 1;
  let s = a + 1;
  let above: f64 = 0;
  let below: f64 = 1;
  let aboveNext: f64 = 1;
  let belowNext = c / c1;
  let ratio = c1 / c;
  for (let n: f64 = 1; n <= 200000; n++) {
    const t = n / a;
    const w = n * (b - n) * x;
    const e = a / s;
    const alpha = p * (p + b / a) * e * e * (w * x);
    const beta = n + w / s + ((1 + t) / (c1 + t + t)) * (c + n * (1 + y));
    p = 1 + t;
    s += 2;
    const up = alpha * above + beta * aboveNext;
    const down = alpha * below + beta * belowNext;
    const next = up / down;
    if (abs(next - ratio) <= 1e-16 * next) return next;
    // Numerator and denominator are scaled to keep the latter at 1.
    above = aboveNext / down;
    below = belowNext / down;
    aboveNext = next;
    belowNext = 1;
    ratio = next;
  }
  return ratio;
}

/**
 * ln I_x(a, b), the regularised incomplete beta function, given x and its complement y = 1 − x, each to full precision.
 * a > 0, b > 0, 0 ≤ x ≤ 1; NaN otherwise.
 */
export function student_ln_beta_incomplete(a: f64, b: f64, x: f64, y: f64): f64 {
  if (!(a > 0) || !(b > 0) || !(x >= 0) || !(y >= 0)) return NaN;
  if (x == 0) return -Infinity;
  if (y == 0) return 0;
  const lnX = x < 0.5 ? Math.log(x) : Math.log1p(-y);
  const lnY = y < 0.5 ? Math.log(y) : Math.log1p(-x);
  const front = a * lnX + b * lnY - student_ln_beta(a, b);
  if (x < (a + 1) / (a + b + 2)) return front + Math.log(fraction(a, b, x, y));
  return Math.log1p(-Math.exp(front) * fraction(b, a, y, x));
}

/** ln P(|T| ≥ |t|), T Student with `df` degrees of freedom; df > 0. −∞ for infinite t, NaN for a NaN. */
export function student_ln_tail(t: f64, df: f64): f64 {
  const square = t * t;
  if (square == Infinity) {
    if (abs(t) == Infinity) return -Infinity;
    // t² overflows: I_x(df/2, 1/2) with x = df / t² is its leading term.
    return (
      0.5 * df * (Math.log(df) - 2 * Math.log(abs(t))) - student_ln_beta(0.5 * df, 0.5) - Math.log(0.5 * df)
    );
  }
  const total = df + square;
  return student_ln_beta_incomplete(0.5 * df, 0.5, df / total, square / total);
}

/** P(|T| ≥ |t|): the two-sided p-value. */
export function student_tail(t: f64, df: f64): f64 {
  return Math.exp(student_ln_tail(t, df));
}

/** log10 P(|T| ≥ |t|), right where the probability itself underflows. */
export function student_log10_tail(t: f64, df: f64): f64 {
  return student_ln_tail(t, df) / LN10;
}

/** ln of twice the density at |t|: the slope of the two-sided tail, with its sign turned. */
function lnTwiceDensity(t: f64, df: f64): f64 {
  return (
    Math.LN2 - 0.5 * Math.log(df) - student_ln_beta(0.5 * df, 0.5) - 0.5 * (df + 1) * Math.log1p((t * t) / df)
  );
}

/**
 * Quantile: t with P(T ≤ t) = p, df > 0. ∓∞ at p = 0 and 1, NaN outside.
 *
 * Newton's method in ln t on the log of the smaller of the tail and the central probability, kept inside a bracket.
 */
export function student_quantile(p: f64, df: f64): f64 {
  if (!(p >= 0 && p <= 1) || !(df > 0)) return NaN;
  if (p == 0) return -Infinity;
  if (p == 1) return Infinity;
  if (p == 0.5) return 0;
  const sign: f64 = p < 0.5 ? -1 : 1;
  const central = abs(p - 0.5) < 0.25;
  const goal = Math.log(central ? 2 * abs(p - 0.5) : 2 * min(p, 1 - p));
  let low: f64 = -745;
  let high: f64 = 709;
  let u: f64 = 0;
  for (let i = 0; i < 200; i++) {
    const t = Math.exp(u);
    const square = t * t;
    const total = df + square;
    const value = central
      ? student_ln_beta_incomplete(0.5, 0.5 * df, square / total, df / total)
      : student_ln_tail(t, df);
    const error = value - goal;
    // The central probability grows with t, the tail falls.
    if (central ? error > 0 : error < 0) high = u;
    else low = u;
    const slope = Math.exp(lnTwiceDensity(t, df) + u - value) * (central ? 1.0 : -1.0);
    const step = error / slope;
    const next = u - step;
    // Newton's steps square: after one of 1e-9 what is left is below the last bit of t.
    if (abs(step) <= 1e-9) {
      u = next;
      break;
    }
    u = next > low && next < high ? next : 0.5 * (low + high);
  }
  return sign * Math.exp(u);
}
