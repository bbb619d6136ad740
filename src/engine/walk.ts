import type { TreeNodes } from '../ports/trees.js';

/**
 * Whether rows are so few that each is sooner led through the trees as they are than the nodes laid out for many: one node
 * in 64 would be visited.
 */
export const areFew = (rows: number, { roots, feature }: TreeNodes): boolean =>
  rows * roots.length * 64 < feature.length;

/** Leads row after row through all trees. INOUT: sums, rows × width. */
export function walkRows(
  { roots, feature, threshold, left, value, width }: TreeNodes,
  columns: readonly Float64Array[],
  picked: Int32Array | undefined,
  sums: Float64Array,
): void {
  for (let at = 0; at < sums.length; at += width) {
    const row = picked === undefined ? at / width : picked[at / width]!;
    for (const root of roots) {
      let node = root;
      for (let f = feature[node]!; f >= 0; f = feature[node]!)
        node = left[node]! + (columns[f]![row]! > threshold[node]! ? 1 : 0);
      for (let k = 0; k < width; k++) sums[at + k]! += value[left[node]! * width + k]!;
    }
  }
}
