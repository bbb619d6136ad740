/**
 * Counts, means, centred square sums and co-moments C = Σ(x − x̄)(y − ȳ) of each pair of columns, over the rows in which
 * both are present.
 *
 * Source: two passes a block (the columns' means as in moments.ts, then products of the deviations, with the corrected
 * two-pass term of Chan, Golub, LeVeque 1983, which for C is (Σdx)(Σdy)/n), and the updates of Chan and Pébay
 * (SAND2008-6212, equation 3.13) between blocks.
 *
 * Columns that are complete in the block go by panels, products of four with two others, for runs of 128 rows
 * (products.ts). A pair with a gap goes alone, over its own rows but centred on its columns' means. Where they are far
 * off, since its rows lie elsewhere than its columns' do, the pair is done again about its own means.
 *
 * A partial result is a triangle: pairs i ≤ j of `d` + 1 columns (the last one pads an odd number), row after row, nine
 * float64 each:
 *
 *     byte   0   8        16          24       32          40     48     56   64
 *            n   mean x   its error   mean y   its error   M2 x   M2 y   C    (free)
 */
import { errorOf, exactly } from './compensated';
import { CENTRE, columnAt, lineOf, M2, maskAfter, nextRun, openBlock, recordOf, rewind, rowOf, sourceOf, SUM, SUM_LOW } from './lines';
import { BLOCK } from './memory';
import { centreLine, maskLine, PAIR, pairSums, products2, products4, products42, RUN } from './products';
import { carry } from './tile';

/** Σdx² about a centre may be this many times M2: four of 53 bits cancel. */
const FAR: f64 = 16;

/** Products of the complete columns, whose lines are centred; `padded` is their number made even. */
function addPanels(scratch: usize, padded: i32, steps: i32): void {
  for (let p = 0; p < padded; p += 4) {
    const i0 = columnAt(scratch, p), i1 = columnAt(scratch, p + 1);
    const r0 = rowOf(recordOf(scratch, i0)), r1 = rowOf(recordOf(scratch, i1));
    const j0 = <usize>i0 * PAIR, j1 = <usize>i1 * PAIR;
    const a = lineOf(recordOf(scratch, i0));
    if (padded - p == 2) {
      products2(a, steps, r0, r1, j0, j1);
      return;
    }
    const i2 = columnAt(scratch, p + 2), i3 = columnAt(scratch, p + 3);
    const r2 = rowOf(recordOf(scratch, i2)), r3 = rowOf(recordOf(scratch, i3));
    products4(a, steps, r0, r1, r2, r3, j0, j1, <usize>i2 * PAIR, <usize>i3 * PAIR);
    for (let q = p + 4; q < padded; q += 2) {
      const k0 = columnAt(scratch, q), k1 = columnAt(scratch, q + 1);
      products42(a, lineOf(recordOf(scratch, k0)), steps, r0, r1, r2, r3, <usize>k0 * PAIR, <usize>k1 * PAIR);
    }
  }
}

// @ts-ignore: decorator
@inline
function addPair(scratch: usize, d: i32, i: i32, j: i32, count: i32): void {
  const x = recordOf(scratch, i), y = recordOf(scratch, j);
  pairSums(lineOf(x), lineOf(y), maskAfter(d), (count + 1) >> 1, rowOf(x) + <usize>j * PAIR);
}

// @ts-ignore: decorator
@inline
function maskColumn(scratch: usize, d: i32, column: i32, count: i32, centre: f64): void {
  const record = recordOf(scratch, column);
  const line = lineOf(record);
  maskLine(sourceOf(record), count, centre, line, line + maskAfter(d));
}

/** What is kept of a pair; sums about a mean that is not finite mean nothing. */
function settle(place: usize, n: f64, cx: f64, ex: f64, cy: f64, ey: f64, xx: f64, yy: f64, xy: f64): void {
  const finiteX = isFinite(cx + ex), finiteY = isFinite(cy + ey);
  store<f64>(place, n);
  store<f64>(place, finiteX ? cx : cx + ex, 8);
  store<f64>(place, finiteX ? ex : 0, 16);
  store<f64>(place, finiteY ? cy : cy + ey, 24);
  store<f64>(place, finiteY ? ey : 0, 32);
  store<f64>(place, finiteX ? max(xx, 0) : NaN, 40);
  store<f64>(place, finiteY ? max(yy, 0) : NaN, 48);
  store<f64>(place, finiteX && finiteY ? xy : NaN, 56);
}

/** From the sums of pairSums to what is kept; whether the centres are too far from the means. */
function settlePair(place: usize, cx: f64, cy: f64): bool {
  const n = load<f64>(place);
  if (n == 0) return false;
  const sx = load<f64>(place, 8), sy = load<f64>(place, 16);
  const xx = exactly(load<f64>(place, 24), load<f64>(place, 32));
  const yy = exactly(load<f64>(place, 40), load<f64>(place, 48));
  const xy = exactly(load<f64>(place, 56), load<f64>(place, 64));
  const ex = sx / n, ey = sy / n;
  const m2x = xx - sx * ex, m2y = yy - sy * ey;
  settle(place, n, cx, ex, cy, ey, m2x, m2y, xy - sx * ey);
  return isFinite(sx) && isFinite(sy) && (xx > FAR * m2x || yy > FAR * m2y);
}

/** The same pair about its own means. */
function again(columns: usize, d: i32, scratch: usize, i: i32, j: i32, from: i32, rows: i32): void {
  const x = recordOf(scratch, i), y = recordOf(scratch, j);
  const place = rowOf(x) + <usize>j * PAIR;
  const cx = load<f64>(place, 8) + load<f64>(place, 16);
  const cy = load<f64>(place, 24) + load<f64>(place, 32);
  memory.fill(place, 0, PAIR);
  rewind(x);
  rewind(y);
  for (let run = 0; run < rows; run += RUN) {
    const count = min(RUN, rows - run);
    nextRun(columns + (<usize>i << 3), x, from + run, count);
    maskColumn(scratch, d, i, count, cx);
    if (j != i) {
      nextRun(columns + (<usize>j << 3), y, from + run, count);
      maskColumn(scratch, d, j, count, cy);
    }
    addPair(scratch, d, i, j, count);
  }
  settlePair(place, cx, cy);
}

/** Sum of a product's two halves. */
function foldPlace(place: usize): f64 {
  const even = load<f64>(place), odd = load<f64>(place, 8);
  const sum = even + odd;
  return exactly(sum, errorOf(even, odd, sum) + load<f64>(place, 16) + load<f64>(place, 24));
}

/** The complete columns' pairs, from sums of products to what is kept. */
function settlePanels(scratch: usize, d: i32, completes: i32, n: f64): void {
  for (let p = 0; p < completes; p++) {
    const i = columnAt(scratch, p);
    const x = recordOf(scratch, i);
    const sx = exactly(load<f64>(x, SUM), load<f64>(x, SUM_LOW));
    store<f64>(x, sx, SUM);
    store<f64>(x, foldPlace(rowOf(x) + <usize>i * PAIR) - sx * (sx / n), M2);
  }
  for (let p = 0; p < completes; p++) {
    const i = columnAt(scratch, p);
    const x = recordOf(scratch, i);
    const cx = load<f64>(x, CENTRE), sx = load<f64>(x, SUM);
    for (let q = p; q < completes; q++) {
      const j = columnAt(scratch, q);
      const y = recordOf(scratch, j);
      const place = rowOf(x) + <usize>j * PAIR;
      const ey = load<f64>(y, SUM) / n;
      const xy = p == q ? load<f64>(x, M2) : foldPlace(place) - sx * ey;
      settle(place, n, cx, sx / n, load<f64>(y, CENTRE), ey, load<f64>(x, M2), load<f64>(y, M2), xy);
    }
    // With the pad: zero, or NaN.
    memory.fill(rowOf(x) + <usize>d * PAIR, 0, PAIR);
  }
}

function block(columns: usize, d: i32, from: i32, rows: i32, scratch: usize, part: usize): void {
  memory.fill(part, 0, <usize>((d + 1) * (d + 2) / 2) * PAIR);
  const completes = openBlock(columns, d, from / BLOCK, scratch, part);
  const padded = completes + (completes & 1);
  const places = d + (completes & 1);
  for (let run = 0; run < rows; run += RUN) {
    const count = min(RUN, rows - run);
    for (let i = 0; i < d; i++) nextRun(columns + (<usize>i << 3), recordOf(scratch, i), from + run, count);
    for (let p = 0; p < completes; p++) {
      const record = recordOf(scratch, columnAt(scratch, p));
      const sum = centreLine(sourceOf(record), count, load<f64>(record, CENTRE), lineOf(record));
      carry(record + SUM, record + SUM_LOW, sum);
    }
    addPanels(scratch, padded, (count + 1) >> 1);
    for (let q = padded; q < places; q++) {
      const j = columnAt(scratch, q);
      maskColumn(scratch, d, j, count, load<f64>(recordOf(scratch, j), CENTRE));
      for (let p = 0; p < completes; p++) {
        const i = columnAt(scratch, p);
        addPair(scratch, d, min(i, j), max(i, j), count);
      }
      for (let p = padded; p <= q; p++) addPair(scratch, d, columnAt(scratch, p), j, count);
    }
  }
  settlePanels(scratch, d, completes, <f64>rows);
  for (let q = padded; q < places; q++) {
    const j = columnAt(scratch, q);
    for (let p = 0; p <= q; p++) {
      if (p >= completes && p < padded) continue;
      const i = columnAt(scratch, p);
      const low = min(i, j), high = max(i, j);
      const x = recordOf(scratch, low);
      const far = settlePair(rowOf(x) + <usize>high * PAIR, load<f64>(x, CENTRE), load<f64>(recordOf(scratch, high), CENTRE));
      if (far) again(columns, d, scratch, low, high, from, rows);
    }
  }
}

/**
 * Partial result of one block: unit 0 is block `first`.
 *
 * Arguments, u32:
 *
 *     byte 0    columns    8 bytes a column (see lines.ts); the columns may have different chunks
 *          4    d          how many columns
 *          8    rows
 *         12    first      block
 *         16    partials   OUT, (d + 1)(d + 2)/2 × 72 bytes a unit
 *         20    scratch    512 + (d + 1) × 2112 bytes a lane
 */
export function comomentsUnit(task: usize, unit: i32, lane: i32): void {
  const d = load<i32>(task, 4);
  const rows = load<i32>(task, 8);
  const from = (load<i32>(task, 12) + unit) * BLOCK;
  const partial = <usize>load<u32>(task, 16) + <usize>unit * (<usize>((d + 1) * (d + 2) / 2) * PAIR);
  const scratch = <usize>load<u32>(task, 20) + <usize>lane * (512 + <usize>(d + 1) * 2112);
  assert((partial & 7) == 0 && (scratch & 7) == 0, 'partials and scratch are 8-aligned');
  block(<usize>load<u32>(task), d, from, min(BLOCK, rows - from), scratch, partial);
}

/** Moves a mean of `total` towards that of `part`; what they were apart. */
// @ts-ignore: decorator
@inline
function mergeMean(total: usize, part: usize, share: f64): f64 {
  const ma = load<f64>(total), mb = load<f64>(part);
  const ea = load<f64>(total, 8);
  if (!isFinite(ma) || !isFinite(mb)) {
    store<f64>(total, ma + mb);
    store<f64>(total, 0, 8);
    return NaN;
  }
  const delta = mb - ma + (load<f64>(part, 8) - ea);
  const shift = ea + delta * share;
  const mean = ma + shift;
  store<f64>(total, mean);
  store<f64>(total, errorOf(ma, shift, mean), 8);
  return delta;
}

/**
 * Adds partial results to the total; call in block order.
 *
 * INOUT total     one partial result, zeros at first
 * IN    partials  `blocks` of them
 */
export function comoments_merge(partials: usize, blocks: i32, d: i32, total: usize): void {
  const pairs = (d + 1) * (d + 2) / 2;
  for (let block = 0; block < blocks; block++) {
    for (let pair = 0; pair < pairs; pair++) {
      const at = total + <usize>pair * PAIR;
      const part = partials + <usize>(block * pairs + pair) * PAIR;
      const na = load<f64>(at), nb = load<f64>(part);
      if (nb == 0) continue;
      if (na == 0) {
        memory.copy(at, part, PAIR);
        continue;
      }
      const n = na + nb;
      const dx = mergeMean(at + 8, part + 8, nb / n);
      const dy = mergeMean(at + 24, part + 24, nb / n);
      const share = (na / n) * nb;
      store<f64>(at, n);
      store<f64>(at, load<f64>(at, 40) + load<f64>(part, 40) + dx * dx * share, 40);
      store<f64>(at, load<f64>(at, 48) + load<f64>(part, 48) + dy * dy * share, 48);
      store<f64>(at, load<f64>(at, 56) + load<f64>(part, 56) + dx * dy * share, 56);
    }
  }
}

/**
 * The total as four d × d matrices, row-major.
 *
 * OUT out         n; means, [i, j] that of column i; M2, [i, j] that of column i; C, 0 where one of both columns is constant
 */
export function comoments_finish(total: usize, d: i32, out: usize): void {
  const matrix = (<usize>d * <usize>d) << 3;
  let at = total;
  for (let i = 0; i < d; i++) {
    // The pair with the pad is behind the last one.
    for (let j = i; j <= d; j++, at += PAIR) {
      if (j == d) continue;
      const ij = out + (<usize>(i * d + j) << 3), ji = out + (<usize>(j * d + i) << 3);
      const n = load<f64>(at);
      const m2x = load<f64>(at, 40), m2y = load<f64>(at, 48);
      const c = load<f64>(at, 56);
      // Adding zero turns −0 into 0.
      const co = c == c && (m2x == 0 || m2y == 0) ? 0 : c + 0;
      store<f64>(ij, n);
      store<f64>(ji, n);
      store<f64>(ij + matrix, n == 0 ? NaN : load<f64>(at, 8) + load<f64>(at, 16) + 0);
      store<f64>(ji + matrix, n == 0 ? NaN : load<f64>(at, 24) + load<f64>(at, 32) + 0);
      store<f64>(ij + 2 * matrix, m2x);
      store<f64>(ji + 2 * matrix, m2y);
      store<f64>(ij + 3 * matrix, co);
      store<f64>(ji + 3 * matrix, co);
    }
  }
}
