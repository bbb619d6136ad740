/**
 * Exponentially weighted means of a series: pandas' recursion over segments side by side, as rolling windows go
 * (windows.ts). What a segment begins with comes from the one above it, so there are two passes: what each segment adds up
 * by itself, as a weighted sum and its weights, the leader carrying them on in the order of the segments, and then the means.
 *
 * Source: pandas 2.2 `_libs/window/aggregations.pyx`, `ewm`.
 */
import { choose, isThere, pairAt, putPair, STATE, VECTORS, vectorsOf } from './windows';

// @ts-ignore: decorator
@inline
function storePair(out: usize, segment: i32, segments: i32, place: usize, pair: v128): void {
  const at = out + ((<usize>segment) << 5) + place;
  if (segment < segments) v128.store64_lane(at, pair, 0);
  if (segment + 1 < segments) v128.store64_lane(at + 32, pair, 1);
}

const SUM: usize = 0, WEIGHTS: usize = 16, PENDING: usize = 32, DECAY: usize = 48, ALL: usize = 64;

/**
 * Of each segment: Σ weight · value and Σ weight, as of its last value; what the weights fade from its first row to that,
 * and from that to its end. unit = eight segments.
 *
 * Arguments, u32:
 *
 *     byte 0    values
 *          4    rows
 *          8    factor      f64, by which weights fade a row
 *         16    segments
 *         20    segment     rows of one
 *         24    out         OUT, four f64 a segment
 *         28    scratch     512 bytes a lane
 */
export function fadedUnit(task: usize, unit: i32, lane: i32): void {
  const values = <usize>load<u32>(task), rows = load<i32>(task, 4);
  const factor = f64x2.splat(reinterpret<f64>(load<u64>(task, 8)));
  const segments = load<i32>(task, 16), segment = load<i32>(task, 20);
  const out = <usize>load<u32>(task, 24);
  const state = <usize>load<u32>(task, 28) + <usize>lane * STATE * VECTORS;
  const first = unit * segment * VECTORS * 2;
  const last = state + STATE * <usize>vectorsOf(first, segment, rows);
  const one = f64x2.splat(1);
  for (let at = state; at < last; at += STATE) {
    memory.fill(at, 0, STATE);
    v128.store(at, one, PENDING);
    v128.store(at, one, DECAY);
    v128.store(at, one, ALL);
  }
  const steps = min(segment, rows - first);
  for (let i = 0; i < steps; i++) {
    let row = first + i;
    for (let at = state; at < last; at += STATE, row += 2 * segment) {
      const x = pairAt(values, row, segment, rows);
      const come = isThere(x);
      const pending = f64x2.mul(v128.load(at, PENDING), factor);
      const all = f64x2.mul(v128.load(at, ALL), factor);
      const sum = v128.load(at, SUM), weights = v128.load(at, WEIGHTS);
      v128.store(at, choose(come, f64x2.add(f64x2.mul(sum, pending), x), sum), SUM);
      v128.store(at, choose(come, f64x2.add(f64x2.mul(weights, pending), one), weights), WEIGHTS);
      v128.store(at, choose(come, all, v128.load(at, DECAY)), DECAY);
      v128.store(at, choose(come, one, pending), PENDING);
      v128.store(at, all, ALL);
    }
  }
  let place = unit * VECTORS * 2;
  for (let at = state; at < last; at += STATE, place += 2) {
    storePair(out, place, segments, 0, v128.load(at, SUM));
    storePair(out, place, segments, 8, v128.load(at, WEIGHTS));
    storePair(out, place, segments, 16, v128.load(at, DECAY));
    storePair(out, place, segments, 24, v128.load(at, PENDING));
  }
}

const MEAN: usize = 0, WEIGHT: usize = 16;

/**
 * The means themselves: unit = eight segments.
 *
 * Arguments, u32:
 *
 *     byte 0    values
 *          4    rows
 *          8    factor      f64
 *         16    fresh       f64, the weight of a value that comes
 *         24    adjust      1: weights add up, 0: they are 1 in all
 *         28    segment     rows of one
 *         32    starts      IN, of each segment the mean above it (NaN: none) and its weight, f64
 *         36    out         OUT, f64 a row
 *         40    scratch     512 bytes a lane
 */
export function fadingUnit(task: usize, unit: i32, lane: i32): void {
  const values = <usize>load<u32>(task), rows = load<i32>(task, 4);
  const factor = f64x2.splat(reinterpret<f64>(load<u64>(task, 8)));
  const fresh = f64x2.splat(reinterpret<f64>(load<u64>(task, 16)));
  const adjust = load<i32>(task, 24) != 0;
  const segment = load<i32>(task, 28);
  const out = <usize>load<u32>(task, 36);
  const state = <usize>load<u32>(task, 40) + <usize>lane * STATE * VECTORS;
  const first = unit * segment * VECTORS * 2;
  const last = state + STATE * <usize>vectorsOf(first, segment, rows);
  const one = f64x2.splat(1);
  let start = <usize>load<u32>(task, 32) + ((<usize>unit * VECTORS * 2) << 4);
  for (let at = state; at < last; at += STATE, start += 32) {
    const a = v128.load(start), b = v128.load(start, 16);
    v128.store(at, v128.shuffle<f64>(a, b, 0, 2), MEAN);
    v128.store(at, v128.shuffle<f64>(a, b, 1, 3), WEIGHT);
  }
  const steps = min(segment, rows - first);
  for (let i = 0; i < steps; i++) {
    let row = first + i;
    for (let at = state; at < last; at += STATE, row += 2 * segment) {
      const x = pairAt(values, row, segment, rows);
      const come = isThere(x);
      const mean = v128.load(at, MEAN);
      const known = f64x2.eq(mean, mean);
      const old = v128.load(at, WEIGHT);
      const weight = choose(known, f64x2.mul(old, factor), old);
      const whole = f64x2.add(weight, fresh);
      const next = f64x2.div(f64x2.add(f64x2.mul(weight, mean), f64x2.mul(fresh, x)), whole);
      // The mean of equal values stays that value; the first one is the mean.
      const moved = choose(v128.and(known, f64x2.ne(mean, x)), next, x);
      const result = choose(come, moved, mean);
      v128.store(at, result, MEAN);
      v128.store(at, choose(v128.and(known, come), adjust ? whole : one, weight), WEIGHT);
      putPair(out, row, segment, rows, result);
    }
  }
}
