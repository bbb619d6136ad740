import { jStat } from 'jstat';
import type { StudentKernel } from '../../ports/engine.js';

/** jstat's incomplete beta, not its CDF: the CDF is one minus a tail and loses it. */
const tail = (t: number, df: number): number => {
  const square = t * t;
  if (square !== square) return NaN;
  if (square === 0) return 1;
  if (square === Infinity) return 10 ** log10Tail(t, df);
  // Near 1 the complement has the digits: x would round to 1.
  if (square < 0.25) return 1 - jStat.ibeta(square / (df + square), 0.5, df / 2);
  const p = jStat.ibeta(df / (df + square), df / 2, 0.5);
  return p > 1e-290 ? p : 10 ** log10Tail(t, df);
};

/** The same in logarithms: front factor and continued fraction apart. */
const log10Tail = (t: number, df: number): number => {
  const ratio = t / Math.sqrt(df);
  const square = ratio * ratio;
  if (Math.abs(t) === Infinity) return -Infinity;
  if (square < 3 / df || square < 1e-8) return Math.log10(tail(t, df));
  const a = df / 2;
  const lnX = square === Infinity ? -2 * Math.log(Math.abs(ratio)) : -Math.log1p(square);
  const x = Math.exp(lnX);
  const lnY = square === Infinity ? 0 : -Math.log1p(1 / square);
  const front = a * lnX + 0.5 * lnY - jStat.betaln(a, 0.5);
  return (front + Math.log(jStat.betacf(x, a, 0.5) / a)) / Math.LN10;
};

/** jstat's inverse as a first guess, then Newton steps on the logarithm of the tail. */
const quantile = (p: number, df: number): number => {
  if (!(p >= 0 && p <= 1)) return NaN;
  if (p === 0) return -Infinity;
  if (p === 1) return Infinity;
  if (p === 0.5) return 0;
  const guess = jStat.studentt.inv(p, df);
  let t = Math.abs(guess);
  if (Math.abs(p - 0.5) < 0.05 || !Number.isFinite(t) || t === 0) return guess;
  const goal = Math.log(2 * Math.min(p, 1 - p));
  for (let i = 0; i < 8; i++) {
    const value = log10Tail(t, df) * Math.LN10;
    const lnDensity =
      Math.LN2 - 0.5 * Math.log(df) - jStat.betaln(df / 2, 0.5) - ((df + 1) / 2) * Math.log1p((t * t) / df);
    const step = (value - goal) / Math.exp(lnDensity - value);
    if (!Number.isFinite(step)) break;
    t = Math.max(t / 2, t + step);
    if (Math.abs(step) <= 1e-15 * t) break;
  }
  return p < 0.5 ? -t : t;
};

export const student: StudentKernel = { tail, log10Tail, quantile };
