/**
 * Sum and count of a column's present values per group, compensated (Neumaier), block by block.
 *
 * Within a block rows are added in row order; blocks are merged in block order. A partial result is an array of
 * three float64 a group:  sum, error of the sum, count.
 */
import { errorOf } from './compensated';
import { BLOCK, cell, chunkBit, chunkLength, chunkValidity, chunkValues } from './memory';

/**
 * Sums of one block: unit 0 is block `first`.
 *
 * Arguments, u32:
 *
 *     byte 0    chunks   chunk table (see memory.ts)
 *          4    count    entries of it
 *          8    first    block
 *         12    labels   i32 a row: the group, or a negative number for a row that belongs to none
 *         16    groups
 *         20    parts    OUT, 24 bytes a group, unit after unit
 */
export function groupsUnit(task: usize, unit: i32): void {
  const chunks = <usize>load<u32>(task);
  const chunkCount = load<i32>(task, 4);
  const labels = <usize>load<u32>(task, 12);
  const groups = load<i32>(task, 16);
  const part = <usize>load<u32>(task, 20) + <usize>(unit * groups) * 24;
  const block = load<i32>(task, 8) + unit;
  memory.fill(part, 0, <usize>groups * 24);
  const from = block * BLOCK;
  for (let chunk = 0, start = 0; chunk < chunkCount && start < from + BLOCK; chunk++) {
    const length = chunkLength(chunks, chunk);
    const first = max(from - start, 0);
    const last = min(from + BLOCK - start, length);
    const values = chunkValues(chunks, chunk);
    const validity = chunkValidity(chunks, chunk);
    const bit = chunkBit(chunks, chunk);
    for (let row = first; row < last; row++) {
      const label = load<i32>(labels + ((<usize>(start + row)) << 2));
      if (label < 0) continue;
      assert(label < groups, 'a label names a group');
      const x = cell(values, validity, bit, row);
      if (x != x) continue;
      const at = part + <usize>label * 24;
      const hi = load<f64>(at);
      const sum = hi + x;
      store<f64>(at, load<f64>(at, 8) + errorOf(hi, x, sum), 8);
      store<f64>(at, sum);
      store<f64>(at, load<f64>(at, 16) + 1, 16);
    }
    start += length;
  }
}

/** Adds one block's partial result to the total; call in block order. INOUT total, IN part: 24 bytes a group. */
export function groups_merge(total: usize, part: usize, groups: i32): void {
  for (let group = 0; group < groups; group++) {
    const at = total + <usize>group * 24;
    const from = part + <usize>group * 24;
    const hi = load<f64>(at), x = load<f64>(from);
    const sum = hi + x;
    store<f64>(at, load<f64>(at, 8) + load<f64>(from, 8) + errorOf(hi, x, sum), 8);
    store<f64>(at, sum);
    store<f64>(at, load<f64>(at, 16) + load<f64>(from, 16), 16);
  }
}
