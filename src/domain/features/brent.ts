/**
 * Least point of a function of one number by Brent's method from a bracket that is found downhill from −2 and 2; null
 * where there is none. The steps are SciPy's, so that it stops where SciPy stops.
 * Source: SciPy 1.13 `optimize.brent`, `optimize.bracket`; R. P. Brent, "Algorithms for Minimization Without
 * Derivatives" (1973), ch. 5.
 */
export function brent(f: (x: number) => number): number | null {
  const found = bracket(f, -2, 2);
  if (found === null) return null;
  let [a, b] = found.xa < found.xc ? [found.xa, found.xc] : [found.xc, found.xa];
  let [x, w, v] = [found.xb, found.xb, found.xb];
  let [fx, fw, fv] = [found.fb, found.fb, found.fb];
  let [delta, step] = [0, 0];
  for (let iteration = 0; iteration < 500; iteration++) {
    const tol1 = 1.48e-8 * Math.abs(x) + 1e-11;
    const tol2 = 2 * tol1;
    const middle = 0.5 * (a + b);
    if (Math.abs(x - middle) < tol2 - 0.5 * (b - a)) break;
    let isGolden = true;
    if (Math.abs(delta) > tol1) {
      const r = (x - w) * (fx - fv);
      const s = (x - v) * (fx - fw);
      let p = (x - v) * s - (x - w) * r;
      let q = 2 * (s - r);
      if (q > 0) p = -p;
      q = Math.abs(q);
      const before = delta;
      delta = step;
      if (p > q * (a - x) && p < q * (b - x) && Math.abs(p) < Math.abs(0.5 * q * before)) {
        isGolden = false;
        step = p / q;
        const u = x + step;
        if (u - a < tol2 || b - u < tol2) step = middle - x >= 0 ? tol1 : -tol1;
      }
    }
    if (isGolden) {
      delta = x >= middle ? a - x : b - x;
      step = GOLDEN_SECTION * delta;
    }
    const u = x + (Math.abs(step) >= tol1 ? step : step >= 0 ? tol1 : -tol1);
    const fu = f(u);
    if (fu > fx) {
      if (u < x) a = u;
      else b = u;
      if (fu <= fw || w === x) [v, w, fv, fw] = [w, u, fw, fu];
      else if (fu <= fv || v === x || v === w) [v, fv] = [u, fu];
    } else {
      if (u >= x) a = x;
      else b = x;
      [v, w, x, fv, fw, fx] = [w, x, u, fw, fx, fu];
    }
  }
  return x;
}

const GOLDEN_SECTION = 0.381966;
const GOLDEN = 1.618034;
const TINY = 1e-21;
const GROWTH = 110;

interface Bracket {
  readonly xa: number;
  readonly xb: number;
  readonly xc: number;
  readonly fb: number;
}

/** Three points, the middle one lowest. */
function bracket(f: (x: number) => number, x0: number, x1: number): Bracket | null {
  let [xa, xb] = [x0, x1];
  let [fa, fb] = [f(xa), f(xb)];
  if (fa < fb) [xa, xb, fa, fb] = [xb, xa, fb, fa];
  let xc = xb + GOLDEN * (xb - xa);
  let fc = f(xc);
  for (let iteration = 0; fc < fb; iteration++) {
    if (iteration > 1000) return null;
    const s = (xb - xa) * (fb - fc);
    const t = (xb - xc) * (fb - fa);
    const difference = t - s;
    const denominator = Math.abs(difference) < TINY ? 2 * TINY : 2 * difference;
    let w = xb - ((xb - xc) * t - (xb - xa) * s) / denominator;
    const limit = xb + GROWTH * (xc - xb);
    let fw: number;
    if ((w - xc) * (xb - w) > 0) {
      fw = f(w);
      if (fw < fc) {
        [xa, xb, fa, fb] = [xb, w, fb, fw];
        break;
      }
      if (fw > fb) {
        [xc, fc] = [w, fw];
        break;
      }
      w = xc + GOLDEN * (xc - xb);
      fw = f(w);
    } else if ((w - limit) * (limit - xc) >= 0) {
      w = limit;
      fw = f(w);
    } else if ((w - limit) * (xc - w) > 0) {
      fw = f(w);
      if (fw < fc) {
        [xb, xc, fb, fc] = [xc, w, fc, fw];
        w = xc + GOLDEN * (xc - xb);
        fw = f(w);
      }
    } else {
      w = xc + GOLDEN * (xc - xb);
      fw = f(w);
    }
    [xa, xb, xc, fa, fb, fc] = [xb, xc, w, fb, fc, fw];
  }
  const isLowest = (fb < fc && fb <= fa) || (fb < fa && fb <= fc);
  const isBetween = (xa < xb && xb < xc) || (xc < xb && xb < xa);
  const isFinite = [xa, xb, xc].every(Number.isFinite);
  return isLowest && isBetween && isFinite ? { xa, xb, xc, fb } : null;
}
