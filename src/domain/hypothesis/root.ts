/**
 * x where a monotone function is 0: steps that double from `start` until they hold it between them, none below `floor`,
 * then Chandrupatla's method (Advances in Engineering Software 28, 1997), to twelve digits. NaN where the function is NaN
 * or no step reaches it.
 */
export function rootOf(f: (x: number) => number, start: number, step: number, floor = -Infinity): number {
  let low = Math.max(start - step, floor);
  let high = start + step;
  let atLow = f(low);
  let atHigh = f(high);
  for (let width = 2 * step; Math.sign(atLow) * Math.sign(atHigh) > 0; width *= 2) {
    if (!Number.isFinite(width)) return NaN;
    // Where it is flat, neither side is nearer: both.
    if (Math.abs(atLow) <= Math.abs(atHigh) && low > floor) {
      low = Math.max(low - width, floor);
      atLow = f(low);
    }
    if (Math.abs(atHigh) <= Math.abs(atLow) || low === floor) {
      high += width;
      atHigh = f(high);
    }
  }
  return Number.isNaN(atLow + atHigh) ? NaN : between(f, low, atLow, high, atHigh);
}

/** What functions are worth here. */
const PRECISION = 2 ** -40;
/** Most steps: bisection alone needs no more. */
const MOST_STEPS = 100;

function between(f: (x: number) => number, low: number, atLow: number, high: number, atHigh: number): number {
  // The newest point, the one that holds the root with it, and the one before.
  let [x, fx, other, fOther, old, fOld] = [high, atHigh, low, atLow, low, atLow];
  let share = 0.5;
  for (let i = 0; i < MOST_STEPS && fx !== 0; i++) {
    const next = x + share * (other - x);
    const value = f(next);
    if (Number.isNaN(value)) return NaN;
    if (Math.sign(value) === Math.sign(fx)) [old, fOld] = [x, fx];
    else [old, fOld, other, fOther] = [other, fOther, x, fx];
    [x, fx] = [next, value];
    const best = Math.abs(fx) < Math.abs(fOther) ? x : other;
    const tolerance = PRECISION * Math.abs(best) + Number.MIN_VALUE;
    const least = tolerance / Math.abs(other - x);
    if (fx === 0 || least > 0.5) return best;
    const xi = (x - other) / (old - other);
    const phi = (fx - fOther) / (fOld - fOther);
    const inverse =
      (fx / (fOther - fx)) * (fOld / (fOther - fOld)) +
      ((old - x) / (other - x)) * (fx / (fOld - fx)) * (fOther / (fOld - fOther));
    share = phi ** 2 < xi && (1 - phi) ** 2 < 1 - xi ? inverse : 0.5;
    share = Math.min(Math.max(share, least), 1 - least);
  }
  return x;
}
