/**
 * Rows through decision trees: which leaf of each tree they come to, and its values added up.
 *
 * A node has 16 bytes, so that one line of the cache has all of it, and mostly its sister, which lies beside it:
 *
 *     byte 0           8               12
 *          threshold   column × 64     left             f64, u32, u32
 *
 * `left` points at the left child. A leaf leads to itself: its column is that behind the last, which is NaN in every row and
 * so not above anything. In place of a threshold it has its value, or, where leaves have several, a pointer to them (u32).
 *
 * Eight rows at a time go down, so that the loads of one do not wait for those of another, and a comparison is made a number,
 * not a branch that half of the time is foretold wrongly. They have arrived when none has moved. Their values lie together:
 *
 *     frame, 64 bytes a column      x of row i     i + 1     …     i + 7
 */

/** Rows first + i … first + i + 7 as a frame; behind the last row it is repeated. */
// @ts-ignore: decorator
@inline
function fill(columns: usize, d: i32, picked: usize, first: i32, end: i32, frame: usize): void {
  for (let j = 0; j < d; j++) {
    const column = <usize>load<u32>(columns + ((<usize>j) << 2));
    const line = frame + ((<usize>j) << 6);
    for (let r = 0; r < 8; r++) {
      const i = min(first + r, end - 1);
      const row = picked == 0 ? i : load<i32>(picked + ((<usize>i) << 2));
      store<f64>(line + ((<usize>r) << 3), load<f64>(column + ((<usize>row) << 3)));
    }
  }
  const none = f64x2.splat(NaN);
  const line = frame + ((<usize>d) << 6);
  v128.store(line, none);
  v128.store(line, none, 16);
  v128.store(line, none, 32);
  v128.store(line, none, 48);
}

/** Where a row goes from a node; `value`: where in a column's line the row is. */
// @ts-ignore: decorator
@inline
function next(node: usize, value: usize): usize {
  const isRight = load<f64>(value + <usize>load<u32>(node, 8)) > load<f64>(node);
  return <usize>load<u32>(node, 12) + (<usize>i32(isRight) << 4);
}

/** INOUT: sum, `width` numbers. */
// @ts-ignore: decorator
@inline
function add(sum: usize, leaf: usize, width: usize): void {
  const values = <usize>load<u32>(leaf);
  for (let k: usize = 0; k < width << 3; k += 8) {
    store<f64>(sum + k, load<f64>(sum + k) + load<f64>(values + k));
  }
}

/** Adds to the sums of the rows of a frame, `count` of eight, what one tree says of them. */
function descend(root: usize, frame: usize, sums: usize, count: i32, width: usize): void {
  let a = root, b = root, c = root, d = root, e = root, f = root, g = root, h = root;
  for (let moved: usize = 1; moved != 0; ) {
    a = next(a, frame);
    b = next(b, frame + 8);
    c = next(c, frame + 16);
    d = next(d, frame + 24);
    e = next(e, frame + 32);
    f = next(f, frame + 40);
    g = next(g, frame + 48);
    h = next(h, frame + 56);
    let to = next(a, frame);
    moved = a ^ to;
    a = to;
    to = next(b, frame + 8);
    moved |= b ^ to;
    b = to;
    to = next(c, frame + 16);
    moved |= c ^ to;
    c = to;
    to = next(d, frame + 24);
    moved |= d ^ to;
    d = to;
    to = next(e, frame + 32);
    moved |= e ^ to;
    e = to;
    to = next(f, frame + 40);
    moved |= f ^ to;
    f = to;
    to = next(g, frame + 48);
    moved |= g ^ to;
    g = to;
    to = next(h, frame + 56);
    moved |= h ^ to;
    h = to;
  }
  if (width == 1 && count == 8) {
    store<f64>(sums, load<f64>(sums) + load<f64>(a));
    store<f64>(sums, load<f64>(sums, 8) + load<f64>(b), 8);
    store<f64>(sums, load<f64>(sums, 16) + load<f64>(c), 16);
    store<f64>(sums, load<f64>(sums, 24) + load<f64>(d), 24);
    store<f64>(sums, load<f64>(sums, 32) + load<f64>(e), 32);
    store<f64>(sums, load<f64>(sums, 40) + load<f64>(f), 40);
    store<f64>(sums, load<f64>(sums, 48) + load<f64>(g), 48);
    store<f64>(sums, load<f64>(sums, 56) + load<f64>(h), 56);
    return;
  }
  for (let r = 0; r < count; r++) {
    const leaf = r < 4 ? (r < 2 ? (r == 0 ? a : b) : r == 2 ? c : d) : r < 6 ? (r == 4 ? e : f) : r == 6 ? g : h;
    const sum = sums + ((<usize>r * width) << 3);
    if (width == 1) store<f64>(sum, load<f64>(sum) + load<f64>(leaf));
    else add(sum, leaf, width);
  }
}

/**
 * Sums of some rows over all trees, tree after tree: unit u is rows [u × block, (u + 1) × block).
 *
 * Arguments, u32:
 *
 *     byte 0    columns     u32 pointers to float64
 *          4    d           how many
 *          8    rows        how many
 *         12    picked      i32: which rows they are; 0: all in order
 *         16    block       rows of a unit; a multiple of eight
 *         20    roots       u32 pointers to nodes
 *         24    trees       how many
 *         28    width       values of a leaf
 *         32    scratch     (d + 1) × 8 × block bytes a lane
 *         36    sums        OUT, float64, rows × width
 */
export function traverseUnit(task: usize, unit: i32, lane: i32): void {
  const columns = <usize>load<u32>(task);
  const d = load<i32>(task, 4);
  const picked = <usize>load<u32>(task, 12);
  const block = load<i32>(task, 16);
  const roots = <usize>load<u32>(task, 20);
  const last = roots + (<usize>load<u32>(task, 24) << 2);
  const width = <usize>load<u32>(task, 28);
  assert((block & 7) == 0, 'rows go by eights');
  const size = (<usize>(d + 1)) << 6;
  const scratch = <usize>load<u32>(task, 32) + <usize>lane * (<usize>block >> 3) * size;
  const start = unit * block;
  const end = min(start + block, load<i32>(task, 8));
  const sums = <usize>load<u32>(task, 36) + ((<usize>start * width) << 3);
  let frame = scratch;
  for (let i = start; i < end; i += 8, frame += size) fill(columns, d, picked, i, end, frame);
  memory.fill(sums, 0, (<usize>(end - start) * width) << 3);
  for (let at = roots; at < last; at += 4) {
    const root = <usize>load<u32>(at);
    let sum = sums;
    frame = scratch;
    for (let i = start; i < end; i += 8, frame += size, sum += width << 6) {
      descend(root, frame, sum, min(8, end - i), width);
    }
  }
}
