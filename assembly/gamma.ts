/**
 * The gamma function's logarithm and the regularised incomplete gamma functions, in logarithms and as tails.
 *
 * What a density has in front is kept as the deviance of its peak, not as a difference of large logarithms, so that
 * a = 5e8 costs no digits (Loader, Fast and Accurate Computation of Binomial Probabilities, 2000). Series and continued
 * fraction: DLMF 8.7.1 and 8.9.2; for a below 1: DiDonato and Morris, ACM TOMS 654.
 */

export const LN_SQRT_2PI: f64 = 0.91893853320467274178;
export const LN10: f64 = 2.302585092994045684;
export const EULER: f64 = 0.57721566490153286061;

/** ln Γ(x) − Stirling's main term, x ≥ 10 (DLMF 5.11.1). */
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
export function lnGamma(x: f64): f64 {
  let shift: f64 = 1;
  let z = x;
  while (z < 10) {
    shift *= z;
    z += 1;
  }
  return (z - 0.5) * Math.log(z) - z + LN_SQRT_2PI + stirlingRest(z) - Math.log(shift);
}

/** What `stirling` is at ½, 1, … 9½: halves of degrees of freedom. */
// prettier-ignore
const HALVES: usize = memory.data<f64>([
  0.15342640972002734529, 0.08106146679532725822, 0.054814121051917653896, 0.041340695955409294094,
  0.033162873519936287485, 0.027677925684998339149, 0.023746163656297495971, 0.020790672103765093112,
  0.018488450532673185231, 0.016644691189821192163, 0.015134973221917378874, 0.013876128823070747999,
  0.012810465242920226924, 0.011896709945891770095, 0.011104559758206917327, 0.010411265261972096497,
  0.0097994161261588032984, 0.0092554621827127329177, 0.008768700134139385463,
]);

/** ln Γ(x) − ((x − ½) ln x − x + ln √2π), x > 0. */
export function stirling(x: f64): f64 {
  if (x >= 10) return stirlingRest(x);
  const twice = <i32>(2 * x);
  if (2 * x == <f64>twice && twice > 0) return load<f64>(HALVES + ((<usize>(twice - 1)) << 3));
  // Steps of the recurrence, each the rest's own difference: (x + ½) ln(1 + 1/x) − 1.
  let sum: f64 = 0;
  let z = x;
  while (z < 10) {
    sum += (z + 0.5) * Math.log1p(1 / z) - 1;
    z += 1;
  }
  return sum + stirlingRest(z);
}

/** (−1)^k (ζ(k) − 1) / k, k = 2 … 29. */
// prettier-ignore
const ZETA: usize = memory.data<f64>([
  0.32246703342411321824, -0.067352301053198095133, 0.020580808427784547879,
  -0.0073855510286739852663, 0.0028905103307415232858, -0.0011927539117032609771,
  0.00050966952474304242234, -0.00022315475845357937976, 0.000099457512781808533715,
  -0.0000449262367381331417, 0.000020507212775670691553, -9.439488275268395904e-6,
  4.3748667899074878042e-6, -2.0392157538013662368e-6, 9.5514121304074198329e-7,
  -4.4924691987645660433e-7, 2.1207184805554665869e-7, -1.0043224823968099609e-7,
  4.7698101693639805658e-8, -2.271109460894316491e-8, 1.0838659214896954091e-8,
  -5.1834750419700466551e-9, 2.4836745438024783172e-9, -1.1921401405860912074e-9,
  5.7313672416788620133e-10, -2.7595228851242331452e-10, 1.3304764374244489481e-10,
  -6.4229645638381000221e-11,
]);

/** ln Γ(1 + a), 0 ≤ a ≤ 1, to relative precision: DLMF 5.7.3 with ln(1 + a) taken out. */
export function lnGamma1p(a: f64): f64 {
  if (a > 0.5) return lnGamma(1 + a);
  let sum: f64 = 0;
  for (let k = 27; k >= 0; k--) sum = sum * a + load<f64>(ZETA + ((<usize>k) << 3));
  return -Math.log1p(a) + a * (1 - EULER + a * sum);
}

/** x ln(x / mean) − (x − mean), given x − mean with all its digits; x ≥ 0, mean > 0. */
export function deviance(x: f64, mean: f64, difference: f64): f64 {
  if (abs(difference) < 0.1 * (x + mean)) {
    const v = difference / (x + mean);
    const square = v * v;
    let sum = difference * v;
    let power = 2 * x * v;
    for (let j: f64 = 3; j < 200; j += 2) {
      power *= square;
      const next = sum + power / j;
      if (next == sum) break;
      sum = next;
    }
    return sum;
  }
  if (x == 0) return mean;
  return x * Math.log(x / mean) - difference;
}

/** ln of x^a e^−x / Γ(a), a > 0, 0 < x < ∞. */
export function lnGammaFront(a: f64, x: f64): f64 {
  return 0.5 * Math.log(a) - LN_SQRT_2PI - deviance(a, x, a - x) - stirling(a);
}

/** P(a, x) Γ(a) / (x^a e^−x): the power series. */
function series(a: f64, x: f64): f64 {
  let term = 1 / a;
  let sum = term;
  for (let n: f64 = 1; n < 1e7; n++) {
    term *= x / (a + n);
    sum += term;
    if (term <= 1e-17 * sum) break;
  }
  return sum;
}

/** Q(a, x) Γ(a) / (x^a e^−x): Legendre's continued fraction by Lentz's method, x > a or so. */
function fraction(a: f64, x: f64): f64 {
  let b = x + 1 - a;
  let c: f64 = 1e300;
  let d = 1 / b;
  let h = d;
  for (let n: f64 = 1; n < 1e7; n++) {
    const an = -n * (n - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    const step = c * d;
    h *= step;
    if (abs(step - 1) <= 1e-16) break;
  }
  return h;
}

/**
 * ln of a tail of a distribution so narrow that Lugannani and Rice's formula (1980) leaves less than the last digit:
 * `half` is half the square of the signed root r, u what stands for the mean's distance in standard deviations, and
 * `limit` the value of 1/u − 1/r at u = 0.
 */
export function lnSaddlepoint(upper: bool, half: f64, u: f64, limit: f64): f64 {
  const r = u < 0 ? -Math.sqrt(2 * half) : Math.sqrt(2 * half);
  const z = upper ? r : -r;
  const tail =
    z >= 0
      ? lnIncompleteGamma(true, 0.5, half) - Math.LN2
      : Math.log1p(-0.5 * Math.exp(lnIncompleteGamma(true, 0.5, half)));
  const correction = abs(u) < 1e-4 ? limit : 1 / u - 1 / r;
  const density = Math.exp(-half - LN_SQRT_2PI - tail);
  return tail + Math.log1p(density * (upper ? correction : -correction));
}

/** Q(a, x) for a < 1 and x below 1.5 or so, where 1 − P would lose digits. */
function smallUpper(a: f64, x: f64): f64 {
  const u = a * Math.log(x) - lnGamma1p(a);
  let term: f64 = 1;
  let sum: f64 = 0;
  for (let n: f64 = 1; n < 200; n++) {
    term *= -x / n;
    const part = term / (a + n);
    sum += part;
    if (abs(part) <= 1e-17 * abs(sum)) break;
  }
  return -Math.expm1(u) - Math.exp(u) * a * sum;
}

/**
 * ln of the regularised incomplete gamma function: Q(a, x) if `upper`, else P(a, x). a > 0; x ≤ 0: as at 0; NaN for a NaN.
 */
export function lnIncompleteGamma(upper: bool, a: f64, x: f64): f64 {
  if (!(a > 0) || x != x || a == Infinity) return NaN;
  if (x <= 0) return upper ? 0 : -Infinity;
  if (x == Infinity) return upper ? -Infinity : 0;
  if (a > 1e10) return lnSaddlepoint(upper, deviance(a, x, a - x), (x - a) / Math.sqrt(a), -1 / (3 * Math.sqrt(a)));
  if (x < 1.5 && a < 1) {
    const q = smallUpper(a, x);
    if (q < 0.5) return upper ? Math.log(q) : Math.log1p(-q);
  }
  if (x < a + 1 || (x < 1.5 && a < 1)) {
    const lower = lnGammaFront(a, x) + Math.log(series(a, x));
    return upper ? Math.log1p(-Math.exp(lower)) : lower;
  }
  const tail = lnGammaFront(a, x) + Math.log(fraction(a, x));
  return upper ? tail : Math.log1p(-Math.exp(tail));
}
