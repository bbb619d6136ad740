/**
 * Mann and Whitney's U of many values: the generating function (1 − z^(n+1)) … (1 − z^(n+m)) / (1 − z) … (1 − z^m)
 * integrated over the circle through its saddle point. There the integrand is a hump a few standard deviations wide, so
 * that some dozens of points give the probability, or the tail (with 1/(1 − z)), to its last digits however small it is.
 * Source: Lugannani and Rice's setting; the trapezoidal rule instead of its expansion (Trefethen and Weideman 2014).
 */

const LN2_PI_HIGH = 6.283185307179586;
const LN2_PI_LOW = 2.4492935982947064e-16;

/** Real and imaginary part of the last complex result; of an instance, not of the shared memory. */
let re = 0;
let im = 0;

/** e^(x + iy) − 1 with all its digits where it is small. */
function complexExpm1(x: number, y: number): void {
  const turns = Math.round(y / LN2_PI_HIGH);
  const angle = y - turns * LN2_PI_HIGH - turns * LN2_PI_LOW;
  let halvings = 0;
  let a = x;
  let b = angle;
  while (a * a + b * b > 0.0625) {
    a *= 0.5;
    b *= 0.5;
    halvings++;
  }
  let termRe = a;
  let termIm = b;
  re = a;
  im = b;
  for (let k = 2; k < 14; k++) {
    const next = (termRe * a - termIm * b) / k;
    termIm = (termRe * b + termIm * a) / k;
    termRe = next;
    re += termRe;
    im += termIm;
  }
  for (; halvings > 0; halvings--) {
    const next = 2 * re + (re * re - im * im);
    im = 2 * im * (1 + re);
    re = next;
  }
}

/** a / (e^(sa) − 1). */
function slope(s: number, a: number): number {
  return a / Math.expm1(s * a);
}

/** a² / (4 sinh²(sa/2)). */
function curvature(s: number, a: number): number {
  const e = Math.expm1(-s * a);
  return (a * a * Math.exp(-s * a)) / (e * e);
}

/** Where k s + ln of the generating function at e^−s is least. */
function saddle(k: number, m: number, n: number, point: boolean): number {
  let low = 0;
  let high = 60;
  const deviation = Math.sqrt((m * n * (m + n + 1)) / 12);
  const least = 1e-3 / deviation;
  let s = 1 / deviation;
  for (let round = 0; round < 100; round++) {
    let first = k - (point ? 0 : slope(s, 1));
    let second = point ? 0 : curvature(s, 1);
    for (let j = 1; j <= m; j++) {
      first += slope(s, n + j) - slope(s, j);
      second += curvature(s, j) - curvature(s, n + j);
    }
    if (first < 0) low = s;
    else high = s;
    const step = first / second;
    const next = s - step;
    if (Math.abs(step) < 1e-4 * s) break;
    s = next > low && next < high ? next : 0.5 * (low + high);
    if (s < least) return least;
  }
  return Math.max(s, least);
}

/** ln P(U = k) if `point`, else ln P(U ≤ k); 0 ≤ k ≤ mn/2, 1 ≤ m ≤ n. */
export function lnMannWhitney(k: number, m: number, n: number, point: boolean): number {
  let lnChoose = 0;
  for (let j = 1; j <= m; j++) lnChoose += Math.log((n + j) / j);
  // One arrangement has U = 0, one U = 1, two U = 2.
  if (k <= 1) return (point ? 0 : k * Math.LN2) - lnChoose;
  const s = saddle(k, m, n, point);
  let height = k * s - lnChoose;
  let second = point ? 0 : curvature(s, 1);
  if (!point) height -= Math.log(-Math.expm1(-s));
  for (let j = 1; j <= m; j++) {
    height += Math.log(Math.expm1(-s * (n + j)) / Math.expm1(-s * j));
    second += curvature(s, j) - curvature(s, n + j);
  }
  const steps = Math.max(96, Math.ceil(7 * Math.PI * Math.sqrt(second)));
  const h = Math.PI / steps;
  let sum = 0.5;
  let small = 0;
  for (let i = 1; i <= steps; i++) {
    const term = integrand(k, m, n, point, s, i * h);
    sum += i === steps ? 0.5 * term : term;
    // Of few values the other roots of unity have humps too; of many nothing is left of them.
    small = Math.abs(term) < 1e-18 ? small + 1 : 0;
    if (small === 8 && steps > 4000) break;
  }
  return height + Math.log((sum * h) / Math.PI);
}

/** Real part of the integrand at e^(−s + iθ), divided by its value at e^−s. */
function integrand(k: number, m: number, n: number, point: boolean, s: number, theta: number): number {
  complexExpm1(0, -k * theta);
  let x = 1 + re;
  let y = im;
  complexExpm1(-s, theta);
  const oneRe = re;
  const oneIm = im;
  complexExpm1(-s * n, n * theta);
  let topRe = re;
  let topIm = im;
  let bottomRe = 0;
  let bottomIm = 0;
  if (!point) {
    const size = Math.expm1(-s) / (oneRe * oneRe + oneIm * oneIm);
    const next = size * (x * oneRe + y * oneIm);
    y = size * (y * oneRe - x * oneIm);
    x = next;
  }
  for (let j = 1; j <= m; j++) {
    // e^((j+1) w) − 1 from e^(j w) − 1.
    const t = topRe + oneRe + (topRe * oneRe - topIm * oneIm);
    topIm = topIm + oneIm + (topRe * oneIm + topIm * oneRe);
    topRe = t;
    const b = bottomRe + oneRe + (bottomRe * oneRe - bottomIm * oneIm);
    bottomIm = bottomIm + oneIm + (bottomRe * oneIm + bottomIm * oneRe);
    bottomRe = b;
    const size =
      Math.expm1(-s * j) / (Math.expm1(-s * (n + j)) * (bottomRe * bottomRe + bottomIm * bottomIm));
    const ratioRe = size * (topRe * bottomRe + topIm * bottomIm);
    const ratioIm = size * (topIm * bottomRe - topRe * bottomIm);
    const next = x * ratioRe - y * ratioIm;
    y = x * ratioIm + y * ratioRe;
    x = next;
  }
  return x;
}
