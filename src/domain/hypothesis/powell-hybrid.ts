/**
 * Powell's hybrid method for two equations in two unknowns, with MINPACK's decisions (`hybrd`: Moré, Garbow, Hillstrom,
 * ANL-80-74), which SciPy's `fsolve` calls: the same steps, so the same root where it stops before the last digits.
 */
type Pair = readonly [number, number];
/** Row by row. */
type Matrix = readonly [Pair, Pair];
type Equations = (x: Pair) => Pair;

const EPSILON = 2 ** -52;
const MOST_CALLS = 600;

const norm = ([a, b]: Pair): number => Math.hypot(a, b);
const times = ([a, b]: Pair, [c, d]: Pair): Pair => [a * c, b * d];
const plus = ([a, b]: Pair, [c, d]: Pair): Pair => [a + c, b + d];
const scaled = (factor: number, [a, b]: Pair): Pair => [factor * a, factor * b];
const apply = ([r, s]: Matrix, x: Pair): Pair => [r[0] * x[0] + r[1] * x[1], s[0] * x[0] + s[1] * x[1]];
const column = (matrix: Matrix, j: 0 | 1): Pair => [matrix[0][j], matrix[1][j]];

/** A root near `start`, to the relative step `tolerance`; where it makes no more headway, the best that was found. */
export function findRoot(equations: Equations, start: Pair, tolerance: number): Pair {
  let x = start;
  let f = equations(x);
  let calls = 1;
  let diagonal: Pair = [0, 0];
  let delta = 0;
  let length = 0;
  let accepted = 0;
  let slow = 0;
  let slowJacobians = 0;
  for (;;) {
    let jacobian = differences(equations, x, f);
    calls += 2;
    const norms: Pair = [norm(column(jacobian, 0)), norm(column(jacobian, 1))];
    if (accepted === 0 && length === 0) {
      diagonal = [norms[0] || 1, norms[1] || 1];
      length = norm(times(diagonal, x));
      delta = 100 * length || 100;
    }
    diagonal = [Math.max(diagonal[0], norms[0]), Math.max(diagonal[1], norms[1])];
    let [good, bad] = [0, 0];
    let fresh = true;
    while (bad < 2) {
      const step = scaled(-1, dogleg(jacobian, f, diagonal, delta));
      const reach = norm(times(diagonal, step));
      if (accepted === 0) delta = Math.min(delta, reach);
      const next = plus(x, step);
      const fNext = equations(next);
      calls++;
      const linear = plus(f, apply(jacobian, step));
      const size = norm(f);
      const actual = norm(fNext) < size ? 1 - (norm(fNext) / size) ** 2 : -1;
      const predicted = norm(linear) < size ? 1 - (norm(linear) / size) ** 2 : 0;
      const ratio = predicted > 0 ? actual / predicted : 0;
      if (ratio < 0.1) {
        good = 0;
        bad++;
        delta /= 2;
      } else {
        bad = 0;
        good++;
        if (ratio >= 0.5 || good > 1) delta = Math.max(delta, reach * 2);
        if (Math.abs(ratio - 1) <= 0.1) delta = reach * 2;
      }
      // Broyden's update, by the old f and the new one.
      const away = scaled(1 / reach, plus(fNext, scaled(-1, linear)));
      const along = scaled(1 / reach, times(times(diagonal, diagonal), step));
      if (ratio >= 1e-4) {
        x = next;
        f = fNext;
        length = norm(times(diagonal, x));
        accepted++;
      }
      slow = actual >= 1e-3 ? 0 : slow + 1;
      if (fresh) slowJacobians++;
      if (actual >= 0.1) slowJacobians = 0;
      if (delta <= tolerance * length || norm(f) === 0) return x;
      const stuck = 0.1 * Math.max(0.1 * delta, reach) <= EPSILON * length;
      if (calls >= MOST_CALLS || stuck || slow === 10 || slowJacobians === 5 || !Number.isFinite(reach))
        return x;
      jacobian = [plus(jacobian[0], scaled(away[0], along)), plus(jacobian[1], scaled(away[1], along))];
      fresh = false;
    }
  }
}

/** The Jacobian by forward differences. */
function differences(equations: Equations, x: Pair, f: Pair): Matrix {
  const root = Math.sqrt(EPSILON);
  const [h, k] = [root * Math.abs(x[0]) || root, root * Math.abs(x[1]) || root];
  const a = scaled(1 / h, plus(equations([x[0] + h, x[1]]), scaled(-1, f)));
  const b = scaled(1 / k, plus(equations([x[0], x[1] + k]), scaled(-1, f)));
  return [
    [a[0], b[0]],
    [a[1], b[1]],
  ];
}

/** The step within `delta`, in the scaled norm, that is best along the dogleg from the gradient's to Newton's. */
function dogleg(jacobian: Matrix, f: Pair, diagonal: Pair, delta: number): Pair {
  const [[a, b], [c, d]] = jacobian;
  const determinant = a * d - b * c;
  const newton: Pair = [(d * f[0] - b * f[1]) / determinant, (a * f[1] - c * f[0]) / determinant];
  const far = norm(times(diagonal, newton));
  if (far <= delta) return newton;
  const inverse: Pair = [1 / diagonal[0], 1 / diagonal[1]];
  const gradient = times([a * f[0] + c * f[1], b * f[0] + d * f[1]], inverse);
  const steepness = norm(gradient);
  if (steepness === 0) return scaled(delta / far, newton);
  const downhill = times(scaled(1 / steepness, gradient), inverse);
  const rise = norm(apply(jacobian, downhill));
  const cauchy = steepness / rise / rise;
  const alpha = cauchy < delta ? between(norm(f) / steepness, norm(f), far, cauchy, delta) : 0;
  return plus(scaled((1 - alpha) * Math.min(cauchy, delta), downhill), scaled(alpha, newton));
}

function between(slope: number, size: number, far: number, cauchy: number, delta: number): number {
  const short = delta / far;
  const part = cauchy / delta;
  const base = slope * (size / far) * part;
  const root = Math.sqrt((base - short) ** 2 + (1 - short * short) * (1 - part * part));
  return (short * (1 - part * part)) / (base - short * part * part + root);
}
