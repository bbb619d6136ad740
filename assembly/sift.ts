/**
 * Lloyd's assignment with exact pruning (hamerly.ts) that looks at a single-precision copy of the rows first (single.ts).
 * Labels are those of kmeans_assign: what single precision cannot tell apart is decided by its very distances.
 *
 * Rows go through sieves, `CHUNK` of them at a time. Each lists those it leaves to the next:
 *
 *     scan     bounds alone                         float64, hamerly.ts
 *     meet     nearest against runner-up            singles: differences, squared
 *     duel     the same, where they are too close   float64, hamerly.ts
 *     sort     all centres                          singles: |x|²/2 + |c|²/2 − x·c, half the additions of differences
 *     rank     the same, where they are too close   float64, hamerly.ts
 *
 * Rounding, with u = 2^-24 and d columns, in scaled units:
 *
 *   - A coordinate is off by u of itself, so a distance by at most u(|x| + |c|); its sum of squares is off by another
 *     (d + 2)u, relatively. meet allows u(d + 24) of both distances and 5u|a|, since |x| ≤ |a| + the distance to a.
 *   - What sort allows: scores.ts.
 *
 * Of `plan` (hamerly.ts), what only this needs: `nears`, the centres as singles; `packs`: scores.ts.
 * `lists`: i32, twice CHUNK and sixteen; this lane's own.
 */
import { duel, move, pointer, rankTile, scan } from './hamerly';
import { scatter } from './kmeans';
import { sortForBounds, sortForLabels } from './scores';
import { UNIT, singleWidth } from './single';
import { before, field, gatherAll, segmentEnd, segmentOf, segmentPointers, segmentStart } from './tile';

const CHUNK: i32 = 512;

/** Differences of one row of singles from its nearest and from its runner-up, squared, in four partial sums each. */
// @ts-ignore: decorator
@inline
function between(row: usize, width: usize, first: usize, other: usize, to: usize): void {
  let x = row, a = first, b = other;
  let values = v128.load(x);
  let p = f32x4.sub(values, v128.load(a)), q = f32x4.sub(values, v128.load(b));
  let s = f32x4.mul(p, p), t = f32x4.mul(q, q);
  for (const end = x + width; (x += 16) < end; ) {
    a += 16;
    b += 16;
    values = v128.load(x);
    p = f32x4.sub(values, v128.load(a));
    q = f32x4.sub(values, v128.load(b));
    s = f32x4.add(s, f32x4.mul(p, p));
    t = f32x4.add(t, f32x4.mul(q, q));
  }
  v128.store(to, s);
  v128.store(to, t, 16);
}

/** Sums of the lanes of four vectors that lie 32 bytes apart. */
// @ts-ignore: decorator
@inline
function folded(at: usize): v128 {
  const a = v128.load(at), b = v128.load(at, 32), c = v128.load(at, 64), d = v128.load(at, 96);
  const ab = f32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<i64>(ab, cd, 0, 2), v128.shuffle<i64>(ab, cd, 1, 3));
}

// @ts-ignore: decorator
@inline
function four(a: usize, b: usize, c: usize, d: usize, offset: usize): v128 {
  return v128.load32_lane(d + offset, v128.load32_lane(c + offset, v128.load32_lane(b + offset, v128.load32_zero(a + offset), 1), 2), 3);
}

/**
 * Nearest against runner-up for `count` listed rows, four at a time; the list has three places more.
 * OUT list: those whose third may be nearer, in the place of the list read; close: those whose two are too close to tell
 * IN scratch 128 bytes. returns how many, the second in the upper half
 */
function meet(plan: usize, columns: i32, labels: usize, list: usize, count: i32, close: usize, scratch: usize): i64 {
  const gaps = pointer(plan, 0), thirds = pointer(plan, 4), runners = pointer(plan, 8), limits = pointer(plan, 12);
  const singles = pointer(plan, 28), nears = pointer(plan, 32);
  const width = singleWidth(columns);
  const rounding = UNIT * <f64>(columns + 32);
  const more = f32x4.splat(<f32>(1 + rounding)), less = f32x4.splat(<f32>(1 - rounding));
  const down = f32x4.splat(<f32>(1 - 4 * UNIT));
  if (count == 0) return 0;
  touch(singles, width, list, count);
  // Fills up the last four.
  const last = load<i32>(list + ((<usize>(count - 1)) << 2));
  for (let i = count; i < count + 3; i++) store<i32>(list + ((<usize>i) << 2), last);
  let far = list;
  let near = close;
  for (let i = 0; i < count; i += 4) {
    const r0 = <usize>load<i32>(list + ((<usize>i) << 2)), r1 = <usize>load<i32>(list + ((<usize>i) << 2), 4);
    const r2 = <usize>load<i32>(list + ((<usize>i) << 2), 8), r3 = <usize>load<i32>(list + ((<usize>i) << 2), 12);
    const a0 = load<i32>(labels + (r0 << 2)), a1 = load<i32>(labels + (r1 << 2));
    const a2 = load<i32>(labels + (r2 << 2)), a3 = load<i32>(labels + (r3 << 2));
    const b0 = <i32>load<u16>(runners + (r0 << 1)), b1 = <i32>load<u16>(runners + (r1 << 1));
    const b2 = <i32>load<u16>(runners + (r2 << 1)), b3 = <i32>load<u16>(runners + (r3 << 1));
    between(singles + r0 * width, width, nears + <usize>a0 * width, nears + <usize>b0 * width, scratch);
    between(singles + r1 * width, width, nears + <usize>a1 * width, nears + <usize>b1 * width, scratch + 32);
    between(singles + r2 * width, width, nears + <usize>a2 * width, nears + <usize>b2 * width, scratch + 64);
    between(singles + r3 * width, width, nears + <usize>a3 * width, nears + <usize>b3 * width, scratch + 96);
    const u = f32x4.sqrt(folded(scratch)), v = f32x4.sqrt(folded(scratch + 16));
    const turn = f32x4.lt(v, u);
    const l0 = limits + ((<usize>a0) << 5), l1 = limits + ((<usize>a1) << 5), l2 = limits + ((<usize>a2) << 5), l3 = limits + ((<usize>a3) << 5);
    const slack = four(l0, l1, l2, l3, 16);
    const third = f32x4.sub(four(thirds + (r0 << 2), thirds + (r1 << 2), thirds + (r2 << 2), thirds + (r3 << 2), 0), four(l0, l1, l2, l3, 8));
    const nearest = f32x4.add(f32x4.mul(f32x4.pmin(u, v), more), slack);
    const other = f32x4.sub(f32x4.mul(f32x4.pmax(v, u), less), slack);
    // Rounded down where positive; where negative nothing is done.
    const rest = f32x4.mul(third, down);
    const bound = f32x4.pmin(rest, other);
    const done = f32x4.lt(nearest, bound);
    const open = v128.andnot(f32x4.lt(nearest, rest), done);
    const flip = v128.and(turn, done);
    const gap = f32x4.mul(f32x4.sub(bound, nearest), down);
    const f0 = i32x4.extract_lane(flip, 0), f1 = i32x4.extract_lane(flip, 1), f2 = i32x4.extract_lane(flip, 2), f3 = i32x4.extract_lane(flip, 3);
    const c0 = (a0 ^ b0) & f0, c1 = (a1 ^ b1) & f1, c2 = (a2 ^ b2) & f2, c3 = (a3 ^ b3) & f3;
    const m0 = limits + ((<usize>(a0 ^ c0)) << 5), m1 = limits + ((<usize>(a1 ^ c1)) << 5), m2 = limits + ((<usize>(a2 ^ c2)) << 5), m3 = limits + ((<usize>(a3 ^ c3)) << 5);
    const newGap = f32x4.mul(f32x4.add(gap, four(m0, m1, m2, m3, 4)), down);
    const newThird = f32x4.mul(f32x4.add(rest, four(m0, m1, m2, m3, 12)), down);
    // Of those that are not done, only the gap says something wrong, and the next sieve sets it.
    store<i32>(labels + (r0 << 2), a0 ^ c0);
    store<i32>(labels + (r1 << 2), a1 ^ c1);
    store<i32>(labels + (r2 << 2), a2 ^ c2);
    store<i32>(labels + (r3 << 2), a3 ^ c3);
    store<u16>(runners + (r0 << 1), <u16>(b0 ^ c0));
    store<u16>(runners + (r1 << 1), <u16>(b1 ^ c1));
    store<u16>(runners + (r2 << 1), <u16>(b2 ^ c2));
    store<u16>(runners + (r3 << 1), <u16>(b3 ^ c3));
    v128.store32_lane(gaps + (r0 << 2), newGap, 0);
    v128.store32_lane(gaps + (r1 << 2), newGap, 1);
    v128.store32_lane(gaps + (r2 << 2), newGap, 2);
    v128.store32_lane(gaps + (r3 << 2), newGap, 3);
    v128.store32_lane(thirds + (r0 << 2), newThird, 0);
    v128.store32_lane(thirds + (r1 << 2), newThird, 1);
    v128.store32_lane(thirds + (r2 << 2), newThird, 2);
    v128.store32_lane(thirds + (r3 << 2), newThird, 3);
    const valid = (1 << min(4, count - i)) - 1;
    const ends = i32x4.bitmask(done) | ~valid, ties = i32x4.bitmask(open) & valid;
    const goes = ~(ends | ties);
    store<i32>(far, <i32>r0);
    far += <usize>(goes & 1) << 2;
    store<i32>(far, <i32>r1);
    far += <usize>((goes >> 1) & 1) << 2;
    store<i32>(far, <i32>r2);
    far += <usize>((goes >> 2) & 1) << 2;
    store<i32>(far, <i32>r3);
    far += <usize>((goes >> 3) & 1) << 2;
    if (ties == 0) continue;
    store<i32>(near, <i32>r0);
    near += <usize>(ties & 1) << 2;
    store<i32>(near, <i32>r1);
    near += <usize>((ties >> 1) & 1) << 2;
    store<i32>(near, <i32>r2);
    near += <usize>((ties >> 2) & 1) << 2;
    store<i32>(near, <i32>r3);
    near += <usize>((ties >> 3) & 1) << 2;
  }
  return (<i64>((far - list) >> 2)) | ((<i64>((near - close) >> 2)) << 32);
}

/**
 * Loads the listed rows into the cache, many at a time, so that none waits for what is made of the one before. Where they
 * are many, what lies between them too: lines in order come four times as fast.
 */
// @ts-ignore: decorator
@inline
function touch(singles: usize, width: usize, list: usize, count: i32): void {
  let sum = 0;
  const first = <usize>load<i32>(list), last = <usize>load<i32>(list + ((<usize>(count - 1)) << 2));
  if (<i32>(last - first) < 4 * count) {
    const end = singles + (last + 1) * width;
    for (let at = singles + first * width; at < end; at += 64) sum |= load<i32>(at);
  } else {
    for (let i = 0; i < count; i++) {
      const row = singles + <usize>load<i32>(list + ((<usize>i) << 2)) * width;
      for (let at: usize = 0; at < width; at += 64) sum |= load<i32>(row + at);
    }
  }
  store<i32>(list + ((<usize>count) << 2), sum);
}

/** duel for ascending listed rows of any segments. OUT out: those it leaves. returns how many */
function duelAll(frame: usize, plan: usize, centers: usize, labels: usize, list: usize, count: i32, out: usize): i32 {
  let left = 0;
  for (let i = 0; i < count; ) {
    const segment = segmentOf(frame, load<i32>(list + ((<usize>i) << 2)));
    const next = before(list, i, count, segmentEnd(frame, segment));
    const start = segmentStart(frame, segment);
    left += duel(frame, plan, segmentPointers(frame, segment), start, centers, labels, list + ((<usize>i) << 2), next - i, out + ((<usize>left) << 2));
    i = next;
  }
  return left;
}

/** rankTile for ascending listed rows of any segments. */
function rankAll(frame: usize, plan: usize, list: usize, count: i32, centers: usize, k: i32, labels: usize): void {
  const step = field(frame, 24);
  const rows = pointer(plan, 20);
  for (let i = 0; i < count; i += step) {
    const some = min(step, count - i);
    memory.copy(rows, list + ((<usize>i) << 2), (<usize>some) << 2);
    gatherAll(frame, rows, some);
    rankTile(frame, plan, some, centers, k, labels);
  }
}

/** How many labels of rows [from, to) are not what they were. */
function changes(labels: usize, was: usize, from: i32, to: i32): i32 {
  let sum = i32x4.splat(0);
  let row = from;
  for (; row + 4 <= to; row += 4) {
    const at = (<usize>row) << 2;
    sum = i32x4.sub(sum, i32x4.ne(v128.load(labels + at), v128.load(was + at)));
  }
  let changed = i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1) + i32x4.extract_lane(sum, 2) + i32x4.extract_lane(sum, 3);
  for (; row < to; row++) changed += i32(load<i32>(labels + ((<usize>row) << 2)) != load<i32>(was + ((<usize>row) << 2)));
  return changed;
}

/**
 * One assignment of rows [from, to), at most a block.
 *
 * IN    centers   float64, k × columns, row-major, in centred coordinates; k at most 4096
 * INOUT labels    i32 a row
 * IN    mode      0: bounds are known, and the sums get what the labels that changed add and take away.
 *                 Else no bounds are known, and the sums get all rows: 1: bounds are made. 2: they are not. 3: labels only
 * INOUT plan      hamerly.ts. Its sums are to be added to the totals
 * returns how many labels changed
 */
export function kmeans_sift(frame: usize, from: i32, to: i32, centers: usize, k: i32, labels: usize, plan: usize, mode: i32): i32 {
  const columns = field(frame, 4);
  assert(0 <= from && from <= to && to <= field(frame, 0) && to - from <= 65536, 'rows lie in the frame');
  assert(0 < k && k <= 4096, 'the index of a centre fits into its score');
  const list = pointer(plan, 40), close = list + ((<usize>(CHUNK + 8)) << 2);
  const scratch = pointer(plan, 20);
  const was = pointer(plan, 24) - ((<usize>from) << 2);
  memory.copy(was + ((<usize>from) << 2), labels + ((<usize>from) << 2), (<usize>(to - from)) << 2);
  for (let row = from; row < to; row += CHUNK) {
    const end = min(to, row + CHUNK);
    let left = 0;
    if (mode == 0) {
      const both = meet(plan, columns, labels, list, scan(plan, row, end, labels, list), close, scratch);
      left = <i32>both;
      const even = <i32>(both >> 32);
      if (even > 0) left += duelAll(frame, plan, centers, labels, close, even, list + ((<usize>left) << 2));
    } else {
      for (let i = row; i < end; i++, left++) store<i32>(list + ((<usize>left) << 2), i);
    }
    left = mode < 2 ? sortForBounds(frame, plan, list, left, k, labels) : sortForLabels(frame, plan, list, left, k, labels);
    if (left > 0) rankAll(frame, plan, list, left, centers, k, labels);
  }
  if (mode == 3) return changes(labels, was, from, to);
  const sums = pointer(plan, 16);
  const size = (<usize>(2 * k * columns)) << 3;
  memory.fill(sums, 0, size + ((<usize>k) << 3));
  if (mode != 0) {
    scatter(frame, from, to, labels, sums, sums + size);
    return changes(labels, was, from, to);
  }
  let moved = 0;
  for (let segment = segmentOf(frame, from), row = from; row < to; segment++) {
    const last = min(to, segmentEnd(frame, segment));
    if (last > row) moved += move(frame, plan, segmentPointers(frame, segment), segmentStart(frame, segment), row, last, k, labels, was);
    row = max(row, last);
  }
  return moved;
}
