/**
 * A copy of the rows in single precision, in which k-means looks first: one row in one or few lines of the cache, four
 * values a register. Nothing is decided by it but what its rounding cannot touch: see sift.ts and seeding.ts.
 *
 *     singles   row 0:  x0 x1 x2 x3 | x4 x5 …  0 0     f32, `columns` of them and zeros up to the next multiple of four
 *               row 1:  …
 *
 * Values are centred (tile.ts) and scaled by a power of two that brings their mean square near 1: with n rows of d columns
 * none is then beyond √(2nd), and no square leaves the range of a float32.
 */
import { field, loadTile } from './tile';

/** Half the distance between 1 and the next float32. */
export const UNIT: f64 = 5.9604644775390625e-8;
export const TINY: f32 = 1e-30;

/** Bytes of a row of singles. */
// @ts-ignore: decorator
@inline
export function singleWidth(columns: i32): usize {
  return <usize>((columns + 3) & ~3) << 2;
}

/** Four rows of four columns to four columns of four rows, and back: the 4 × 4 transposition of `a` to `d`. */
// @ts-ignore: decorator
@inline
export function transposed(a: v128, b: v128, c: v128, d: v128, to: usize, step: usize): void {
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const AB = v128.shuffle<i32>(a, b, 2, 6, 3, 7), CD = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2));
  v128.store(to + step, v128.shuffle<i64>(ab, cd, 1, 3));
  v128.store(to + 2 * step, v128.shuffle<i64>(AB, CD, 0, 2));
  v128.store(to + 3 * step, v128.shuffle<i64>(AB, CD, 1, 3));
}

/** Four neighbours of a line of the tile, scaled and rounded. */
// @ts-ignore: decorator
@inline
function rounded(at: usize, scale: v128): v128 {
  const low = f32x4.demote_f64x2_zero(f64x2.mul(v128.load(at), scale));
  const high = f32x4.demote_f64x2_zero(f64x2.mul(v128.load(at, 16), scale));
  return v128.shuffle<i64>(low, high, 0, 2);
}

/** OUT singles: rows [from, to) of the frame, and up to seven rows behind them that say nothing. */
export function kmeans_singles(frame: usize, from: i32, to: i32, scale: f64, singles: usize): void {
  const columns = field(frame, 4);
  const step = field(frame, 24);
  const stride = (<usize>step) << 3;
  const tile = <usize>load<u32>(frame, 28);
  const width = singleWidth(columns);
  const factor = f64x2.splat(scale);
  const zero = f32x4.splat(0);
  for (let row = from; row < to; row += step) {
    const count = min(step, to - row);
    loadTile(frame, row, count);
    const out = singles + <usize>row * width;
    for (let i = 0; i < count; i += 4) {
      let line = tile + ((<usize>i) << 3);
      let at = out + <usize>i * width;
      let column = 0;
      for (; column + 4 <= columns; column += 4) {
        const a = rounded(line, factor), b = rounded(line + stride, factor);
        const c = rounded(line + 2 * stride, factor), d = rounded(line + 3 * stride, factor);
        transposed(a, b, c, d, at, width);
        line += 4 * stride;
        at += 16;
      }
      if (column < columns) {
        const a = rounded(line, factor);
        const b = column + 1 < columns ? rounded(line + stride, factor) : zero;
        const c = column + 2 < columns ? rounded(line + 2 * stride, factor) : zero;
        transposed(a, b, c, zero, at, width);
      }
    }
  }
}
