/**
 * Silhouette coefficients of several labelings of the same rows: the distances, which cost the most, are computed once for
 * all of them.
 *
 * Source: P. J. Rousseeuw, "Silhouettes", 1987: s = (b − a) / max(a, b), a the mean distance to the other rows of the own
 * cluster, b the smallest mean distance to the rows of another; 0 in a cluster of one row, and where a = b = 0.
 *
 * Four rows at a time against all: the distances of one row to the four lie in two vectors, which each labeling adds to the
 * four sums of that row's cluster. So a label is looked up once for four distances, and no sum waits for another labeling's.
 *
 *     frame, 32 bytes a column     x of row i     i + 1     i + 2     i + 3
 *     sums, 32 bytes a cluster     Σ of row i     i + 1     i + 2     i + 3
 *
 * The clusters of all labelings lie behind each other; none is empty.
 */

/** Rows i … i + 3 as columns of four; rows from `end` on are those before it. */
// @ts-ignore: decorator
@inline
function openFrame(rows: usize, d: i32, i: i32, end: i32, frame: usize): void {
  for (let r = 0; r < 4; r++) {
    const row = rows + ((<usize>min(i + r, end - 1) * <usize>d) << 3);
    for (let c: usize = 0; c < <usize>d; c++) {
      store<f64>(frame + (c << 5) + (<usize>r << 3), load<f64>(row + (c << 3)));
    }
  }
}

/** Adds the distances of one row to the sums of its clusters. */
// @ts-ignore: decorator
@inline
function addTo(sums: usize, places: usize, labelings: usize, near: v128, far: v128): void {
  const end = places + (labelings << 2);
  for (let place = places; place < end; place += 4) {
    const at = sums + <usize>load<u32>(place);
    v128.store(at, f64x2.add(v128.load(at), near));
    v128.store(at, f64x2.add(v128.load(at, 16), far), 16);
  }
}

/** The distances of all n rows to the four of the frame; two rows a turn. */
function addDistances(rows: usize, n: i32, d: i32, frame: usize, places: usize, labelings: i32, sums: usize): void {
  const width = <usize>d << 3;
  const end = frame + (<usize>d << 5);
  const step = <usize>labelings << 2;
  let row = rows;
  let place = places;
  let j = 0;
  for (; j + 1 < n; j += 2) {
    let a0 = f64x2.splat(0), a1 = f64x2.splat(0), b0 = f64x2.splat(0), b1 = f64x2.splat(0);
    for (let at = frame, x = row; at < end; at += 32, x += 8) {
      const f0 = v128.load(at), f1 = v128.load(at, 16);
      const a = v128.load64_splat(x), b = v128.load64_splat(x + width);
      const da0 = f64x2.sub(f0, a), da1 = f64x2.sub(f1, a);
      const db0 = f64x2.sub(f0, b), db1 = f64x2.sub(f1, b);
      a0 = f64x2.add(a0, f64x2.mul(da0, da0));
      a1 = f64x2.add(a1, f64x2.mul(da1, da1));
      b0 = f64x2.add(b0, f64x2.mul(db0, db0));
      b1 = f64x2.add(b1, f64x2.mul(db1, db1));
    }
    addTo(sums, place, <usize>labelings, f64x2.sqrt(a0), f64x2.sqrt(a1));
    addTo(sums, place + step, <usize>labelings, f64x2.sqrt(b0), f64x2.sqrt(b1));
    row += width << 1;
    place += step << 1;
  }
  if (j == n) return;
  let a0 = f64x2.splat(0), a1 = f64x2.splat(0);
  for (let at = frame, x = row; at < end; at += 32, x += 8) {
    const a = v128.load64_splat(x);
    const da0 = f64x2.sub(v128.load(at), a), da1 = f64x2.sub(v128.load(at, 16), a);
    a0 = f64x2.add(a0, f64x2.mul(da0, da0));
    a1 = f64x2.add(a1, f64x2.mul(da1, da1));
  }
  addTo(sums, place, <usize>labelings, f64x2.sqrt(a0), f64x2.sqrt(a1));
}

/** s of a row, from its sums over the clusters `from` … `to` of one labeling; `own` is where that of its own lies. */
function coefficient(sums: usize, own: usize, sizes: usize, from: i32, to: i32): f64 {
  let a: f64 = 0;
  let b = Infinity;
  for (let cluster = from; cluster < to; cluster++) {
    const at = sums + (<usize>cluster << 5);
    const size = load<f64>(sizes + (<usize>cluster << 3));
    if (at != own) {
      b = min(b, load<f64>(at) / size);
      continue;
    }
    if (size == 1) return 0;
    a = load<f64>(at) / (size - 1);
  }
  const most = max(a, b);
  return most > 0 ? (b - a) / most : 0;
}

/**
 * Sums of the coefficients of some rows, for each labeling: unit u is rows [u × block, (u + 1) × block).
 *
 * Arguments, u32:
 *
 *     byte 0    rows        float64, n × d, row after row
 *          4    n
 *          8    d
 *         12    block       rows of a unit; a multiple of four
 *         16    labelings   how many
 *         20    places      u32, n × labelings: 32 × the row's cluster, counted over all labelings
 *         24    starts      i32: the first cluster of each labeling, and behind the last one how many there are
 *         28    sizes       float64 a cluster
 *         32    scratch     32 × (d + clusters) bytes a lane
 *         36    out         OUT, float64 a labeling, unit after unit
 */
export function silhouetteUnit(task: usize, unit: i32, lane: i32): void {
  const rows = <usize>load<u32>(task);
  const n = load<i32>(task, 4);
  const d = load<i32>(task, 8);
  const block = load<i32>(task, 12);
  const labelings = load<i32>(task, 16);
  const places = <usize>load<u32>(task, 20);
  const starts = <usize>load<u32>(task, 24);
  const sizes = <usize>load<u32>(task, 28);
  const clusters = load<i32>(starts + (<usize>labelings << 2));
  const frame = <usize>load<u32>(task, 32) + ((<usize>lane * <usize>(d + clusters)) << 5);
  const sums = frame + (<usize>d << 5);
  const out = <usize>load<u32>(task, 36) + ((<usize>unit * <usize>labelings) << 3);
  assert((block & 3) == 0, 'rows go by fours');
  memory.fill(out, 0, <usize>labelings << 3);
  const end = min((unit + 1) * block, n);
  for (let i = unit * block; i < end; i += 4) {
    openFrame(rows, d, i, end, frame);
    memory.fill(sums, 0, <usize>clusters << 5);
    addDistances(rows, n, d, frame, places, labelings, sums);
    for (let r = 0; r < 4 && i + r < end; r++) {
      const column = sums + (<usize>r << 3);
      const own = places + ((<usize>(i + r) * <usize>labelings) << 2);
      for (let l: usize = 0; l < <usize>labelings; l++) {
        const from = load<i32>(starts + (l << 2)), to = load<i32>(starts + (l << 2), 4);
        const s = coefficient(column, column + <usize>load<u32>(own + (l << 2)), sizes, from, to);
        store<f64>(out + (l << 3), load<f64>(out + (l << 3)) + s);
      }
    }
  }
}
