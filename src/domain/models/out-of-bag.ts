import type { EstimatorTools, Features } from './estimator.js';
import { classesByShare } from './targets.js';
import type { Trees } from './tree-nodes.js';

/** Scores of a forest by, for each row, the trees that did not draw it. */
export interface OutOfBag {
  /** Adds the last of the trees; `draws`: how often it drew each row. */
  readonly add: (trees: Trees, draws: Int32Array) => void;
  readonly accuracy: (codes: Int32Array) => number;
  readonly r2: (values: Float64Array) => number;
}

/** A row that every tree drew counts with zeros, as in scikit-learn. */
export function outOfBag(
  { columns, rows }: Features,
  width: number,
  { engine, space }: Pick<EstimatorTools, 'engine' | 'space'>,
): OutOfBag {
  const sums = space.float64(rows * width);
  const trees = new Float64Array(rows);
  const means = (): Float64Array => sums.map((sum, i) => sum / Math.max(1, trees[Math.floor(i / width)]!));
  return {
    add(all, draws) {
      const left = Int32Array.from({ length: rows }, (_, row) => row).filter((row) => draws[row] === 0);
      space.scratch(() => {
        const said = engine.trees.traverse(lastOf(all), columns, left);
        left.forEach((row, i) => {
          trees[row]!++;
          for (let k = 0; k < width; k++) sums[row * width + k]! += said[i * width + k]!;
        });
      });
    },
    accuracy(codes) {
      const found = classesByShare(means(), width);
      if (found.kind !== 'classes') return NaN;
      return found.codes.filter((code, row) => code === codes[row]).length / rows;
    },
    r2(values) {
      const mean = values.reduce((sum, y) => sum + y, 0) / rows;
      const said = means();
      const left = values.reduce((sum, y, i) => sum + (y - said[i]!) ** 2, 0);
      const all = values.reduce((sum, y) => sum + (y - mean) ** 2, 0);
      return 1 - left / all;
    },
  };
}

/** The last tree alone, its nodes from 0 on. */
function lastOf({ roots, feature, threshold, left, width, value }: Trees): Trees {
  const root = roots.at(-1) ?? 0;
  return {
    roots: new Int32Array(1),
    feature: feature.subarray(root),
    threshold: threshold.subarray(root),
    // Of a leaf the place of its values, which stay where they are.
    left: left.subarray(root).map((to, i) => (feature[root + i]! < 0 ? to : to - root)),
    width,
    value,
  };
}
