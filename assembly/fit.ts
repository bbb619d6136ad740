/**
 * The steps of a k-means fit as tasks of a team: unit u is rows [u × block, (u + 1) × block), the last one shorter.
 * A lane has a frame of its own (tile.ts), 32 bytes behind the one before, with a tile of its own.
 *
 * What all of them begin with, u32:
 *
 *     byte 0    frames
 *          4    rows
 *          8    block    rows of a unit; a multiple of eight, at most 65,536
 *         12    first    the unit that unit 0 stands for
 */
import { kmeans_assign, kmeans_inertia } from './kmeans';
import { kmeans_closest, kmeans_potentials } from './seeding';
import { kmeans_gains, kmeans_take } from './gains';
import { kmeans_sift } from './sift';
import { kmeans_singles } from './single';
import { errorOf } from './compensated';

/** Bytes of a lane's seeds: gains.ts. */
const SEEDS_BYTES: usize = 40;

// @ts-ignore: decorator
@inline
function frameOf(task: usize, lane: i32): usize {
  return <usize>load<u32>(task) + ((<usize>lane) << 5);
}

// @ts-ignore: decorator
@inline
function fromOf(task: usize, unit: i32): i32 {
  return (load<i32>(task, 12) + unit) * load<i32>(task, 8);
}

// @ts-ignore: decorator
@inline
function toOf(task: usize, from: i32): i32 {
  return min(from + load<i32>(task, 8), load<i32>(task, 4));
}

/** Rows in single precision (single.ts). byte 16 singles OUT, 20 scale: pointer to float64. */
export function singlesUnit(task: usize, unit: i32, lane: i32): void {
  const from = fromOf(task, unit);
  const scale = load<f64>(<usize>load<u32>(task, 20));
  kmeans_singles(frameOf(task, lane), from, toOf(task, from), scale, <usize>load<u32>(task, 16));
}

/** k-means++ takes a centre (seeding.ts). byte 16 center, 20 1 for the first, 24 closest INOUT, 28 potentials OUT float64 a
 * unit, 32 scratch: 64 bytes a lane. */
export function closestUnit(task: usize, unit: i32, lane: i32): void {
  const from = fromOf(task, unit);
  const scratch = <usize>load<u32>(task, 32) + ((<usize>lane) << 6);
  const sum = kmeans_closest(frameOf(task, lane), from, toOf(task, from), <usize>load<u32>(task, 16), load<i32>(task, 20), <usize>load<u32>(task, 24), scratch);
  store<f64>(<usize>load<u32>(task, 28) + ((<usize>unit) << 3), sum);
}

/** k-means++ tries candidates (seeding.ts). byte 16 candidates, 20 trials, 24 closest, 28 potentials OUT 64 bytes a trial a
 * unit, 32 lowered. */
export function potentialsUnit(task: usize, unit: i32, lane: i32): void {
  const from = fromOf(task, unit);
  const trials = load<i32>(task, 20);
  const out = <usize>load<u32>(task, 28) + ((<usize>(unit * trials)) << 6);
  kmeans_potentials(frameOf(task, lane), from, toOf(task, from), <usize>load<u32>(task, 16), trials, <usize>load<u32>(task, 24), out, <usize>load<u32>(task, 32));
}

/** k-means++ tries candidates in single precision (gains.ts). byte 16 seeds: 40 bytes a lane, 20 trials, 24 gains OUT 32
 * bytes a trial a unit. */
export function gainsUnit(task: usize, unit: i32, lane: i32): void {
  const from = fromOf(task, unit);
  const trials = load<i32>(task, 20);
  const seeds = <usize>load<u32>(task, 16) + <usize>lane * SEEDS_BYTES;
  kmeans_gains(frameOf(task, lane), from, toOf(task, from), seeds, trials, <usize>load<u32>(task, 24) + ((<usize>(unit * trials)) << 5));
}

/** k-means++ takes one of those (gains.ts). byte 16 seeds, 20 trial, 24 center, 28 potentials OUT float64 a unit, 32 scratch:
 * 128 bytes a lane. */
export function takeUnit(task: usize, unit: i32, lane: i32): void {
  const from = fromOf(task, unit);
  const seeds = <usize>load<u32>(task, 16) + <usize>lane * SEEDS_BYTES;
  const scratch = <usize>load<u32>(task, 32) + ((<usize>lane) << 7);
  const sum = kmeans_take(frameOf(task, lane), from, toOf(task, from), <usize>load<u32>(task, 24), load<i32>(task, 20), seeds, scratch);
  store<f64>(<usize>load<u32>(task, 28) + ((<usize>unit) << 3), sum);
}

/** Lloyd's assignment by all distances (kmeans.ts). byte 16 centers, 20 k, 24 labels INOUT, 28 parts OUT or 0: labels only,
 * 32 bytes of a part, 36 changed OUT i32 a unit, 40 scratch: 64 bytes a lane. */
export function assignUnit(task: usize, unit: i32, lane: i32): void {
  const from = fromOf(task, unit);
  const parts = <usize>load<u32>(task, 28);
  const part: usize = parts == 0 ? 0 : parts + <usize>unit * <usize>load<u32>(task, 32);
  const scratch = <usize>load<u32>(task, 40) + ((<usize>lane) << 6);
  const changed = kmeans_assign(frameOf(task, lane), from, toOf(task, from), <usize>load<u32>(task, 16), load<i32>(task, 20), <usize>load<u32>(task, 24), part, scratch);
  store<i32>(<usize>load<u32>(task, 36) + ((<usize>unit) << 2), changed);
}

/** The same with bounds (sift.ts). byte 16 centers, 20 k, 24 labels INOUT, 28 parts OUT, 32 bytes of a part, 36 changed OUT
 * i32 a unit, 40 plans: 64 bytes a lane, 44 mode. */
export function siftUnit(task: usize, unit: i32, lane: i32): void {
  const from = fromOf(task, unit);
  const plan = <usize>load<u32>(task, 40) + ((<usize>lane) << 6);
  store<u32>(plan, load<u32>(task, 28) + <u32>unit * load<u32>(task, 32), 16);
  const changed = kmeans_sift(frameOf(task, lane), from, toOf(task, from), <usize>load<u32>(task, 16), load<i32>(task, 20), <usize>load<u32>(task, 24), plan, load<i32>(task, 44));
  store<i32>(<usize>load<u32>(task, 36) + ((<usize>unit) << 2), changed);
}

/** Squared distances to the own centre (kmeans.ts). byte 16 centers, 20 labels, 24 distances OUT or 0, 28 sums OUT float64 a
 * unit. */
export function inertiaUnit(task: usize, unit: i32, lane: i32): void {
  const from = fromOf(task, unit);
  const sum = kmeans_inertia(frameOf(task, lane), from, toOf(task, from), <usize>load<u32>(task, 16), <usize>load<u32>(task, 20), <usize>load<u32>(task, 24));
  store<f64>(<usize>load<u32>(task, 28) + ((<usize>unit) << 3), sum);
}

/** Adds parts, `size` float64 each, to a total, in order. INOUT total; returns the sum of `changed`, i32 a part. */
export function kmeans_add(total: usize, parts: usize, count: i32, size: i32, changed: usize): i32 {
  let sum = 0;
  for (let part = 0; part < count; part++) {
    const from = parts + ((<usize>part * <usize>size) << 3);
    for (let i: usize = 0; i < (<usize>size) << 3; i += 8) store<f64>(total + i, load<f64>(total + i) + load<f64>(from + i));
    sum += load<i32>(changed + ((<usize>part) << 2));
  }
  return sum;
}

/**
 * The same for sums in two float64 each: parts are `size` high and `size` low ones, then k weights. The total is laid out
 * alike. Parts in which nothing moved are left out, unless `all`.
 */
export function kmeans_carry(total: usize, parts: usize, count: i32, size: i32, k: i32, changed: usize, all: i32): i32 {
  const lows = (<usize>size) << 3;
  const width = (lows << 1) + ((<usize>k) << 3);
  let sum = 0;
  for (let part = 0; part < count; part++) {
    const moved = load<i32>(changed + ((<usize>part) << 2));
    sum += moved;
    if (moved == 0 && all == 0) continue;
    const from = parts + <usize>part * width;
    for (let i: usize = 0; i < lows; i += 8) {
      const before = load<f64>(total + i), value = load<f64>(from + i);
      const high = before + value;
      const low = load<f64>(total + i + lows) + errorOf(before, value, high) + load<f64>(from + i + lows);
      const next = high + low;
      store<f64>(total + i, next);
      store<f64>(total + i + lows, high - next + low);
    }
    for (let i = lows << 1; i < width; i += 8) store<f64>(total + i, load<f64>(total + i) + load<f64>(from + i));
  }
  return sum;
}
