/**
 * All centres for some rows, in single precision: |x|²/2 + |c|²/2 − x·c, half the additions of squared differences.
 *
 * Rounding, with u = 2^-24, d columns, n = |x|²/2, h = |c|²/2 in the units of single.ts:
 *
 *   - A score adds d + 2 terms, none beyond 2(n + h): it is off by at most (3d + 20)u(n + h) = G(n + h), the coordinates'
 *     own rounding included. The constant of each centre is h − Gh, so that scores less Gn are lower bounds of half the
 *     squared distance; the nearest is at most 5Gn + 5G of itself above its score, since h ≤ 2n + the square of its distance.
 *   - The index of a centre takes the lowest bits of its score: 2^(bits − 23) of it.
 *   - TINY is more than all that underflow can take.
 *
 * `packs`: groups of four centres, f32: four times h − Gh, then for each column the four coordinates. Centres that fill up
 * the last group have 2^126 and zeros.
 */
import { keep, pointer } from './hamerly';
import { TINY, UNIT, singleWidth, transposed } from './single';
import { field } from './tile';

/** Copies four rows of singles to every second vector of `to`, column by column. returns their |x|²/2 */
// @ts-ignore: decorator
@inline
export function fetch(first: usize, second: usize, third: usize, fourth: usize, width: usize, to: usize): v128 {
  let a = first, b = second, c = third, d = fourth;
  const end = a + width;
  let squares = f32x4.splat(0);
  let out = to;
  while (a < end) {
    transposed(v128.load(a), v128.load(b), v128.load(c), v128.load(d), out, 32);
    const p = v128.load(out), q = v128.load(out, 32), r = v128.load(out, 64), s = v128.load(out, 96);
    squares = f32x4.add(squares, f32x4.add(f32x4.add(f32x4.mul(p, p), f32x4.mul(q, q)), f32x4.add(f32x4.mul(r, r), f32x4.mul(s, s))));
    a += 16;
    b += 16;
    c += 16;
    d += 16;
    out += 128;
  }
  return f32x4.mul(squares, f32x4.splat(0.5));
}

// @ts-ignore: decorator
@inline
function fetchListed(singles: usize, width: usize, list: usize, to: usize): v128 {
  const a = singles + <usize>load<i32>(list) * width, b = singles + <usize>load<i32>(list, 4) * width;
  const c = singles + <usize>load<i32>(list, 8) * width, d = singles + <usize>load<i32>(list, 12) * width;
  return fetch(a, b, c, d, width, to);
}

/** What the scores of four rows are off by, but for what is relative to them. */
// @ts-ignore: decorator
@inline
function offFour(half: v128, columns: i32): v128 {
  return f32x4.add(f32x4.mul(half, f32x4.splat(<f32>(UNIT * <f64>(3 * columns + 20)))), f32x4.splat(TINY));
}

/** The most that half the square of the distance to the nearest may be. */
// @ts-ignore: decorator
@inline
function nearFour(best: v128, off: v128, columns: i32, index: i32): v128 {
  const more = <f32>(1 + UNIT * <f64>(2 * (index + 1) + 5 * (3 * columns + 20) + 8));
  return f32x4.add(f32x4.mul(f32x4.pmax(best, f32x4.splat(0)), f32x4.splat(more)), f32x4.mul(off, f32x4.splat(5)));
}

// @ts-ignore: decorator
@inline
function lessFour(score: v128, off: v128, index: i32): v128 {
  return f32x4.sub(f32x4.mul(score, f32x4.splat(<f32>(1 - UNIT * <f64>(2 * (index + 1) + 8)))), off);
}

/** Labels four rows by their two lowest scores. OUT close: those which they leave. returns behind those */
// @ts-ignore: decorator
@inline
function labelFour(labels: usize, list: usize, count: i32, best: v128, second: v128, half: v128, columns: i32, index: i32, close: usize): usize {
  const off = offFour(half, columns);
  const certain = i32x4.bitmask(f32x4.gt(lessFour(second, off, index), nearFour(best, off, columns, index)));
  const label = v128.and(best, i32x4.splat(index));
  const row = load<i32>(list);
  if (count == 4 && certain == 15 && load<i32>(list, 12) == row + 3) {
    v128.store(labels + ((<usize>row) << 2), label);
    return close;
  }
  let left = close;
  for (let r = 0, sure = certain, rest = label; r < count; r++, sure >>= 1, rest = v128.shuffle<i32>(rest, rest, 1, 2, 3, 0)) {
    const at = load<i32>(list + ((<usize>r) << 2));
    store<i32>(left, at);
    left += <usize>(1 - (sure & 1)) << 2;
    if ((sure & 1) != 0) store<i32>(labels + ((<usize>at) << 2), i32x4.extract_lane(rest, 0));
  }
  return left;
}

/** Settles four rows by their three lowest scores. OUT close: those which they leave. returns behind those */
// @ts-ignore: decorator
@inline
function settleFour(plan: usize, labels: usize, list: usize, count: i32, best: v128, second: v128, third: v128, half: v128, columns: i32, index: i32, close: usize, scratch: usize): usize {
  const zero = f32x4.splat(0);
  const off = offFour(half, columns);
  const near = nearFour(best, off, columns, index);
  const next = lessFour(second, off, index), rest = lessFour(third, off, index);
  const certain = i32x4.bitmask(f32x4.gt(next, near));
  const two = f32x4.splat(2);
  v128.store(scratch, f32x4.sqrt(f32x4.mul(near, two)));
  v128.store(scratch, f32x4.sqrt(f32x4.mul(f32x4.pmax(zero, next), two)), 16);
  v128.store(scratch, f32x4.sqrt(f32x4.mul(f32x4.pmax(zero, rest), two)), 32);
  v128.store(scratch, best, 48);
  v128.store(scratch, second, 64);
  const up = 1 + 4 * UNIT, down = 1 - 4 * UNIT;
  let left = close;
  for (let r = 0; r < count; r++) {
    const row = load<i32>(list + ((<usize>r) << 2));
    if (((certain >> r) & 1) == 0) {
      store<i32>(left, row);
      left += 4;
      continue;
    }
    const at = scratch + ((<usize>r) << 2);
    const near = <f64>load<f32>(at) * up;
    keep(plan, labels, row, load<i32>(at, 48) & index, load<i32>(at, 64) & index, <f64>load<f32>(at, 16) * down - near, <f64>load<f32>(at, 32) * down);
  }
  return left;
}

/**
 * All centres for `count` listed rows, eight at a time; the list has seven places more. Goes over the tile.
 * OUT close: those too close to tell, may be the list itself. returns how many
 */
// @ts-ignore: decorator
@inline
function sort(frame: usize, plan: usize, list: usize, count: i32, k: i32, labels: usize, close: usize, scratch: usize, bounds: bool): i32 {
  const columns = field(frame, 4);
  const tile = <usize>load<u32>(frame, 28);
  const singles = pointer(plan, 28), packs = pointer(plan, 36);
  const width = singleWidth(columns);
  const height = (<usize>columns) << 4;
  const index = (1 << (32 - clz(max(k - 1, 3)))) - 1;
  const mask = i32x4.splat(~index);
  const one = i32x4.splat(1);
  const end = packs + (<usize>((k + 3) >> 2)) * (height + 16);
  if (count > 0) {
    const last = load<i32>(list + ((<usize>(count - 1)) << 2));
    for (let i = count; i < count + 7; i++) store<i32>(list + ((<usize>i) << 2), last);
  }
  let left = close;
  for (let i = 0; i < count; i += 8) {
    const rows = list + ((<usize>i) << 2);
    const half = fetchListed(singles, width, rows, tile), halfNext = fetchListed(singles, width, rows + 16, tile + 16);
    let best = f32x4.splat(3e38), second = best, third = best;
    let bestNext = best, secondNext = best, thirdNext = best;
    let number = i32x4.splat(0);
    let pack = packs;
    while (pack < end) {
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
      a = v128.or(v128.and(a, mask), number);
      e = v128.or(v128.and(e, mask), number);
      number = i32x4.add(number, one);
      if (bounds) third = f32x4.pmin(third, f32x4.pmax(second, a));
      second = f32x4.pmin(second, f32x4.pmax(best, a));
      best = f32x4.pmin(best, a);
      if (bounds) thirdNext = f32x4.pmin(thirdNext, f32x4.pmax(secondNext, e));
      secondNext = f32x4.pmin(secondNext, f32x4.pmax(bestNext, e));
      bestNext = f32x4.pmin(bestNext, e);
      b = v128.or(v128.and(b, mask), number);
      f = v128.or(v128.and(f, mask), number);
      number = i32x4.add(number, one);
      if (bounds) third = f32x4.pmin(third, f32x4.pmax(second, b));
      second = f32x4.pmin(second, f32x4.pmax(best, b));
      best = f32x4.pmin(best, b);
      if (bounds) thirdNext = f32x4.pmin(thirdNext, f32x4.pmax(secondNext, f));
      secondNext = f32x4.pmin(secondNext, f32x4.pmax(bestNext, f));
      bestNext = f32x4.pmin(bestNext, f);
      c = v128.or(v128.and(c, mask), number);
      g = v128.or(v128.and(g, mask), number);
      number = i32x4.add(number, one);
      if (bounds) third = f32x4.pmin(third, f32x4.pmax(second, c));
      second = f32x4.pmin(second, f32x4.pmax(best, c));
      best = f32x4.pmin(best, c);
      if (bounds) thirdNext = f32x4.pmin(thirdNext, f32x4.pmax(secondNext, g));
      secondNext = f32x4.pmin(secondNext, f32x4.pmax(bestNext, g));
      bestNext = f32x4.pmin(bestNext, g);
      d = v128.or(v128.and(d, mask), number);
      h = v128.or(v128.and(h, mask), number);
      number = i32x4.add(number, one);
      if (bounds) third = f32x4.pmin(third, f32x4.pmax(second, d));
      second = f32x4.pmin(second, f32x4.pmax(best, d));
      best = f32x4.pmin(best, d);
      if (bounds) thirdNext = f32x4.pmin(thirdNext, f32x4.pmax(secondNext, h));
      secondNext = f32x4.pmin(secondNext, f32x4.pmax(bestNext, h));
      bestNext = f32x4.pmin(bestNext, h);
    }
    const more = min(4, count - i - 4);
    if (bounds) {
      left = settleFour(plan, labels, rows, min(4, count - i), best, second, third, half, columns, index, left, scratch);
      if (more > 0) left = settleFour(plan, labels, rows + 16, more, bestNext, secondNext, thirdNext, halfNext, columns, index, left, scratch);
    } else {
      left = labelFour(labels, rows, min(4, count - i), best, second, half, columns, index, left);
      if (more > 0) left = labelFour(labels, rows + 16, more, bestNext, secondNext, halfNext, columns, index, left);
    }
  }
  return <i32>((left - close) >> 2);
}

/** The same list becomes that of the rows too close to tell; the rest get labels, and bounds in the first. */
export function sortForBounds(frame: usize, plan: usize, list: usize, count: i32, k: i32, labels: usize): i32 {
  return sort(frame, plan, list, count, k, labels, list, pointer(plan, 20), true);
}

export function sortForLabels(frame: usize, plan: usize, list: usize, count: i32, k: i32, labels: usize): i32 {
  return sort(frame, plan, list, count, k, labels, list, pointer(plan, 20), false);
}
