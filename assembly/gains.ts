/**
 * k-means++ that looks at single precision first (single.ts): which rows a candidate may be nearer to, and about how much
 * it would lower the potential. The host takes the best if no error can hide a better one, else asks kmeans_potentials.
 * Closest distances stay those of seeding.ts to the last bit.
 *
 * Scores, and what they are off by: scores.ts. A gain is what lies between closest and score; it is off by at most
 * 2Gn + 2Gh and by 8u of closest.
 *
 * Layout of `seeds`, 40 bytes of u32, pointers to
 *
 *     byte   0        4        8      12     16    20    24      32
 *            singles  closest  masks  packs  offs  list  unused  f64: scale² / 2
 *
 * `closest`: float64 a row and seven more. `masks`: u8 a row and fifteen more, bit t: candidate t may be nearer. `packs`: the
 * candidates, scores.ts; `offs`: f32 a candidate, 2Gh. `list`: i32, CHUNK and sixteen, then float64, the tile's stride and
 * eight; this lane's own.
 */
import { fetch } from './scores';
import { TINY, UNIT, singleWidth } from './single';
import { behind, fold, lower } from './seeding';
import { field, gatherAll, loadTile } from './tile';

const CHUNK: i32 = 512;

// @ts-ignore: decorator
@inline
function pointer(seeds: usize, offset: usize): usize {
  return <usize>load<u32>(seeds + offset);
}

/** Half the scaled closest distances of four rows. */
// @ts-ignore: decorator
@inline
function closestFour(at: usize, factor: v128): v128 {
  const low = f32x4.demote_f64x2_zero(f64x2.mul(v128.load(at), factor)), high = f32x4.demote_f64x2_zero(f64x2.mul(v128.load(at, 16), factor));
  return v128.shuffle<i64>(low, high, 0, 2);
}

/** Adds the gains of eight rows by one candidate. INOUT sums: two float64, then what they may be off by, four f32 */
// @ts-ignore: decorator
@inline
function gain(sums: usize, score: v128, next: v128, near: v128, nearNext: v128, less: v128, lessNext: v128, most: v128, mostNext: v128, off: v128): void {
  const zero = f32x4.splat(0);
  const both = f32x4.add(f32x4.pmax(zero, f32x4.sub(near, score)), f32x4.pmax(zero, f32x4.sub(nearNext, next)));
  const wide = f64x2.add(f64x2.promote_low_f32x4(both), f64x2.promote_low_f32x4(v128.shuffle<i64>(both, both, 1, 0)));
  v128.store(sums, f64x2.add(v128.load(sums), wide));
  const errors = f32x4.add(v128.and(less, f32x4.add(most, off)), v128.and(lessNext, f32x4.add(mostNext, off)));
  v128.store(sums, f32x4.add(v128.load(sums, 16), errors), 16);
}

/** The first of eight lanes that are below `count`, all bits each. */
// @ts-ignore: decorator
@inline
function lanesBelow(count: i32): v128 {
  return i32x4.gt_s(i32x4.splat(count), i32x4(0, 1, 2, 3));
}

/**
 * About how much each of at most eight candidates would lower the potential of rows [from, to).
 *
 * INOUT seeds   above. Its masks are set
 * OUT   gains   32 bytes a candidate, two float64 first: the gain, and what it may be off by,
 *               both in halves of scaled squares
 */
export function kmeans_gains(frame: usize, from: i32, to: i32, seeds: usize, trials: i32, gains: usize): void {
  const columns = field(frame, 4);
  const tile = <usize>load<u32>(frame, 28);
  const singles = pointer(seeds, 0), closest = pointer(seeds, 4), masks = pointer(seeds, 8);
  const packs = pointer(seeds, 12), offs = pointer(seeds, 16);
  const factor = f64x2.splat(load<f64>(seeds, 32));
  const width = singleWidth(columns);
  const height = (<usize>columns) << 4;
  const G = f32x4.splat(<f32>(UNIT * <f64>(3 * columns + 20))), tiny = f32x4.splat(TINY), far = f32x4.splat(-3e38);
  const relative = f32x4.splat(<f32>(8 * UNIT));
  assert(trials <= 8, 'a bit a candidate');
  memory.fill(gains, 0, (<usize>trials) << 5);
  for (let row = from; row < to; row += 8) {
    const at = singles + <usize>row * width;
    const half = fetch(at, at + width, at + 2 * width, at + 3 * width, width, tile);
    const behindFour = at + 4 * width;
    const halfNext = fetch(behindFour, behindFour + width, behindFour + 2 * width, behindFour + 3 * width, width, tile + 16);
    // What lies behind the last row is near already.
    const slot = closest + ((<usize>row) << 3);
    const near = v128.bitselect(closestFour(slot, factor), far, lanesBelow(to - row));
    const nearNext = v128.bitselect(closestFour(slot + 32, factor), far, lanesBelow(to - row - 4));
    const base = f32x4.add(f32x4.mul(half, G), tiny), baseNext = f32x4.add(f32x4.mul(halfNext, G), tiny);
    const slack = f32x4.add(base, f32x4.mul(f32x4.abs(near), relative)), slackNext = f32x4.add(baseNext, f32x4.mul(f32x4.abs(nearNext), relative));
    const upper = f32x4.add(near, slack), upperNext = f32x4.add(nearNext, slackNext);
    const most = f32x4.add(slack, base), mostNext = f32x4.add(slackNext, baseNext);
    let bits = i32x4.splat(0), bitsNext = bits;
    let bit = i32x4.splat(1);
    let sums = gains, off = offs;
    let trial = 0;
    let pack = packs;
    for (; trial + 4 <= trials; trial += 4) {
      let a = f32x4.add(half, v128.load32_splat(pack)), e = f32x4.add(halfNext, v128.load32_splat(pack));
      let b = f32x4.add(half, v128.load32_splat(pack, 4)), f = f32x4.add(halfNext, v128.load32_splat(pack, 4));
      let c = f32x4.add(half, v128.load32_splat(pack, 8)), g = f32x4.add(halfNext, v128.load32_splat(pack, 8));
      let d = f32x4.add(half, v128.load32_splat(pack, 12)), h = f32x4.add(halfNext, v128.load32_splat(pack, 12));
      pack += 16;
      let line = tile;
      for (const stop = pack + height; pack < stop; pack += 16) {
        const x = v128.load(line), y = v128.load(line, 16);
        const p = v128.load32_splat(pack), q = v128.load32_splat(pack, 4);
        a = f32x4.sub(a, f32x4.mul(x, p));
        e = f32x4.sub(e, f32x4.mul(y, p));
        b = f32x4.sub(b, f32x4.mul(x, q));
        f = f32x4.sub(f, f32x4.mul(y, q));
        const r = v128.load32_splat(pack, 8), s = v128.load32_splat(pack, 12);
        c = f32x4.sub(c, f32x4.mul(x, r));
        g = f32x4.sub(g, f32x4.mul(y, r));
        d = f32x4.sub(d, f32x4.mul(x, s));
        h = f32x4.sub(h, f32x4.mul(y, s));
        line += 32;
      }
      const A = f32x4.lt(a, upper), B = f32x4.lt(b, upper), C = f32x4.lt(c, upper), D = f32x4.lt(d, upper);
      const E = f32x4.lt(e, upperNext), F = f32x4.lt(f, upperNext), H = f32x4.lt(g, upperNext), I = f32x4.lt(h, upperNext);
      const here = v128.or(v128.or(A, B), v128.or(C, D)), there = v128.or(v128.or(E, F), v128.or(H, I));
      if (v128.any_true(v128.or(here, there))) {
        const two = i32x4.shl(bit, 1), three = i32x4.shl(bit, 2), last = i32x4.shl(bit, 3);
        bits = v128.or(bits, v128.or(v128.or(v128.and(A, bit), v128.and(B, two)), v128.or(v128.and(C, three), v128.and(D, last))));
        bitsNext = v128.or(bitsNext, v128.or(v128.or(v128.and(E, bit), v128.and(F, two)), v128.or(v128.and(H, three), v128.and(I, last))));
        gain(sums, a, e, near, nearNext, A, E, most, mostNext, v128.load32_splat(off));
        gain(sums + 32, b, f, near, nearNext, B, F, most, mostNext, v128.load32_splat(off, 4));
        gain(sums + 64, c, g, near, nearNext, C, H, most, mostNext, v128.load32_splat(off, 8));
        gain(sums + 96, d, h, near, nearNext, D, I, most, mostNext, v128.load32_splat(off, 12));
      }
      bit = i32x4.shl(bit, 4);
      sums += 128;
      off += 16;
    }
    for (let place: usize = 0; trial < trials; trial++, place += 4) {
      let at = pack + place;
      let a = f32x4.add(half, v128.load32_splat(at)), e = f32x4.add(halfNext, v128.load32_splat(at));
      let line = tile;
      for (const stop = at + height; at < stop; line += 32) {
        at += 16;
        const p = v128.load32_splat(at);
        a = f32x4.sub(a, f32x4.mul(v128.load(line), p));
        e = f32x4.sub(e, f32x4.mul(v128.load(line, 16), p));
      }
      const A = f32x4.lt(a, upper), E = f32x4.lt(e, upperNext);
      bits = v128.or(bits, v128.and(A, bit));
      bitsNext = v128.or(bitsNext, v128.and(E, bit));
      gain(sums, a, e, near, nearNext, A, E, most, mostNext, v128.load32_splat(off));
      bit = i32x4.shl(bit, 1);
      sums += 32;
      off += 4;
    }
    const words = i16x8.narrow_i32x4_u(bits, bitsNext);
    v128.store64_lane(masks + <usize>row, i8x16.narrow_i16x8_u(words, words), 0);
  }
  for (let trial = 0; trial < trials; trial++) {
    const sums = gains + ((<usize>trial) << 5);
    const pair = v128.load(sums), errors = v128.load(sums, 16);
    store<f64>(sums, f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1));
    const error = <f64>f32x4.extract_lane(errors, 0) + <f64>f32x4.extract_lane(errors, 1) + <f64>f32x4.extract_lane(errors, 2) + <f64>f32x4.extract_lane(errors, 3);
    store<f64>(sums, error * 1.01, 8);
  }
}

/** Lowers closest distances of the `count` rows of the tile, listed, by those to one centre. */
function lowerListed(frame: usize, seeds: usize, list: usize, count: i32, center: usize, lanes: usize): void {
  const closest = pointer(seeds, 4);
  const distances = pointer(seeds, 20) + ((<usize>(CHUNK + 16)) << 2);
  lower(<usize>load<u32>(frame, 28), <usize>load<u32>(frame, 24) << 3, center, field(frame, 4), count, 0, distances, lanes);
  for (let i = 0; i < count; i++) {
    const row = <usize>load<i32>(list + ((<usize>i) << 2));
    const at = closest + (row << 3);
    const less = load<f64>(distances + ((<usize>i) << 3)) < load<f64>(at);
    store<i64>(at, select<i64>(load<i64>(distances + ((<usize>i) << 3)), load<i64>(at), less));
  }
}

/**
 * Takes a candidate of kmeans_gains as a centre: lowers the closest distances of rows [from, to) in its mask.
 *
 * IN    center    float64, a coordinate a column
 * INOUT seeds     above
 * IN    scratch   128 bytes
 * returns the potential of the rows, to the last bit that of kmeans_closest
 */
export function kmeans_take(frame: usize, from: i32, to: i32, center: usize, trial: i32, seeds: usize, scratch: usize): f64 {
  const step = field(frame, 24);
  const closest = pointer(seeds, 4), masks = pointer(seeds, 8), list = pointer(seeds, 20);
  const bit = i8x16.splat(1 << <i8>trial);
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (let row = from; row < to; row += CHUNK) {
    const end = min(to, row + CHUNK);
    let count = 0;
    for (let i = row; i < end; i++) {
      // Sixteen at a time where none is in the mask; what lies behind the last row says nothing.
      while (i + 16 <= end && !v128.any_true(v128.and(v128.load(masks + <usize>i), bit))) i += 16;
      if (i == end) break;
      store<i32>(list + ((<usize>count) << 2), i);
      count += (<i32>load<u8>(masks + <usize>i) >> trial) & 1;
    }
    if (3 * count > end - row) {
      // Whole columns come faster than many rows of them.
      count = end - row;
      for (let i = 0; i < count; i++) store<i32>(list + ((<usize>i) << 2), row + i);
      for (let i = 0; i < count; i += step) {
        const some = min(step, count - i);
        loadTile(frame, row + i, some);
        lowerListed(frame, seeds, list + ((<usize>i) << 2), some, center, scratch);
      }
    } else {
      for (let i = 0; i < count; i += step) {
        const some = min(step, count - i);
        gatherAll(frame, list + ((<usize>i) << 2), some);
        lowerListed(frame, seeds, list + ((<usize>i) << 2), some, center, scratch);
      }
    }
    for (let i = row; i < end; i += 8) {
      const at = closest + ((<usize>i) << 3);
      let a = v128.load(at), b = v128.load(at, 16), c = v128.load(at, 32), d = v128.load(at, 48);
      if (i + 8 > end) {
        a = v128.and(a, behind(end - i));
        b = v128.and(b, behind(end - i - 2));
        c = v128.and(c, behind(end - i - 4));
        d = v128.and(d, behind(end - i - 6));
      }
      s0 = f64x2.add(s0, a);
      s1 = f64x2.add(s1, b);
      s2 = f64x2.add(s2, c);
      s3 = f64x2.add(s3, d);
    }
  }
  v128.store(scratch, s0);
  v128.store(scratch, s1, 16);
  v128.store(scratch, s2, 32);
  v128.store(scratch, s3, 48);
  return fold(scratch);
}
