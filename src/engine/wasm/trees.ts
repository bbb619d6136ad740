import type { TreeNodes, TreesKernel } from '../../ports/trees.js';
import { areFew, walkRows } from '../walk.js';
import type { Arena } from './arena.js';
import { grow } from './growth.js';
import type { Team } from './team.js';

/**
 * Values of the rows that go through a tree together: they lie in the cache beside the tree, which is fetched again for every
 * block.
 */
const BLOCK_VALUES = 2 ** 16;
/** Nodes on the longest ways of a unit's rows at most: some hundredths of a second, after which it can be cancelled. */
const UNIT_STEPS = 2 ** 24;
/** Rows that go down together: assembly/trees.ts. */
const EIGHT = 8;

/** See assembly/trees.ts. */
export function trees(arena: Arena, team: Team): TreesKernel {
  return {
    traverse(all, columns, picked) {
      const rows = picked === undefined ? (columns[0]?.length ?? 0) : picked.length;
      const { roots, width } = all;
      if (areFew(rows, all)) {
        const sums = arena.float64(rows * width);
        walkRows(all, columns, picked, sums);
        return sums;
      }
      const sums = arena.take(rows * width * 8);
      arena.scratch(() => {
        const d = columns.length;
        const steps = longestWays(all);
        const most = Math.min(BLOCK_VALUES / (d + 1), UNIT_STEPS / steps, rows);
        const block = EIGHT * Math.max(1, Math.ceil(most / EIGHT));
        const places = columns.map((column) => arena.place(column));
        const list = arena.place(Int32Array.from(places));
        const which = picked === undefined ? 0 : arena.place(picked);
        const nodes = laidOut(arena, all, d);
        const starts = arena.place(roots.map((root) => nodes + root * 16));
        const scratch = arena.take(team.lanes * (d + 1) * 8 * block);
        const args = [list, d, rows, which, block, starts, roots.length, width, scratch, sums];
        team.run('traverse', Math.ceil(rows / block), rows * steps, args);
      });
      return arena.float64At(sums, rows * width);
    },
    grow: grow(arena, team),
  };
}

/** Nodes on the longest way through each tree, added up. Parents come before their children. */
function longestWays({ roots, feature, left }: TreeNodes): number {
  const depths = new Int32Array(feature.length);
  let sum = 0;
  for (let tree = 0; tree < roots.length; tree++) {
    const end = roots[tree + 1] ?? feature.length;
    let deepest = 0;
    for (let node = roots[tree]!; node < end; node++) {
      const depth = depths[node]! + 1;
      if (feature[node]! >= 0) depths[left[node]!] = depths[left[node]! + 1] = depth;
      else if (depth > deepest) deepest = depth;
    }
    sum += deepest;
  }
  return sum;
}

/** The nodes as the kernel has them; pointer to the first. */
function laidOut(arena: Arena, { feature, threshold, left, width, value }: TreeNodes, d: number): number {
  const values = width === 1 ? 0 : arena.place(value);
  const count = feature.length;
  const pointer = arena.take(count * 16);
  const numbers = arena.float64At(pointer, 2 * count);
  const links = arena.int32At(pointer, 4 * count);
  for (let node = 0; node < count; node++) {
    const of = feature[node]!;
    if (of >= 0) {
      numbers[2 * node] = threshold[node]!;
      links[4 * node + 2] = of * 64;
      links[4 * node + 3] = pointer + left[node]! * 16;
      continue;
    }
    if (width === 1) numbers[2 * node] = value[left[node]!]!;
    else links[4 * node] = values + left[node]! * width * 8;
    links[4 * node + 2] = d * 64;
    links[4 * node + 3] = pointer + node * 16;
  }
  return pointer;
}
