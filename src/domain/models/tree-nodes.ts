import type { Json } from '../../ports/formats.js';
import { Problem } from '../../ports/problem.js';
import type { GrownTree, TreeNodes } from '../../ports/trees.js';

/** Trees that are the state of a model. */
export interface Trees extends TreeNodes {
  readonly [key: string]: Json;
}

/** Nodes, and values in leaves, that a model may have: beyond it is too large to be kept and written. */
export const MOST_NODES = 16_000_000;
export const MOST_VALUES = 2 * MOST_NODES;

/** By how much arrays grow that are full. */
const GROWTH = 1.5;

/** Nodes while trees grow. */
export interface NodeStore {
  /** Begins a tree; returns its root. */
  readonly root: () => number;
  /** Makes `node` a split; returns the left child, the right one is next. Throws Problem beyond `MOST_NODES`. */
  readonly split: (node: number, feature: number, threshold: number) => number;
  /** Makes `node` a leaf. `write` gives its values. Throws Problem beyond `MOST_VALUES`. */
  readonly leaf: (node: number, write: (out: Float64Array, at: number) => void) => void;
  /** Adds a tree that was grown on columns of these different values. Throws Problem as `split` and `leaf`. */
  readonly add: (tree: GrownTree, distinct: readonly Float64Array[]) => void;
  readonly finish: () => Trees;
  /** The trees so far, over the arrays that grow on: for a look, not to keep. */
  readonly peek: () => Trees;
}

export function nodeStore(width: number, pointer: (parameter: string) => string): NodeStore {
  const roots: number[] = [];
  let feature = new Int32Array(256);
  let threshold = new Float64Array(256);
  let left = new Int32Array(256);
  let value = new Float64Array(0);
  let nodes = 0;
  let leaves = 0;

  const tooLarge = (): Problem => {
    const detail = `expected at most ${MOST_NODES} nodes and ${MOST_VALUES} values in leaves: give max_depth, min_samples_leaf, or fewer trees`;
    return Problem.at(pointer('max_depth'), 'invalid_option', detail);
  };

  /** The next `count` nodes. */
  function take(count: number): number {
    const first = nodes;
    nodes += count;
    if (nodes > MOST_NODES) throw tooLarge();
    if (nodes > feature.length) {
      const length = Math.max(nodes, Math.ceil(feature.length * GROWTH));
      feature = grown(feature, new Int32Array(length));
      left = grown(left, new Int32Array(length));
      threshold = grown(threshold, new Float64Array(length));
    }
    return first;
  }

  /** For the values of `count` more leaves. */
  function room(count: number): void {
    const needed = (leaves + count) * width;
    if (needed > MOST_VALUES) throw tooLarge();
    if (needed > value.length)
      value = grown(value, new Float64Array(Math.max(needed, Math.ceil(value.length * GROWTH))));
  }

  const trees = (): Trees => ({
    roots: Int32Array.from(roots),
    feature: feature.subarray(0, nodes),
    threshold: threshold.subarray(0, nodes),
    left: left.subarray(0, nodes),
    width,
    value: value.subarray(0, leaves * width),
  });
  return {
    root() {
      const node = take(1);
      roots.push(node);
      return node;
    },
    split(node, of, at) {
      const child = take(2);
      feature[node] = of;
      threshold[node] = at;
      left[node] = child;
      return child;
    },
    leaf(node, write) {
      room(1);
      feature[node] = -1;
      left[node] = leaves;
      write(value, leaves * width);
      leaves++;
    },
    add(tree, distinct) {
      const count = tree.feature.length;
      const [root, first] = [take(count), leaves];
      roots.push(root);
      room(tree.leaves);
      leaves += tree.leaves;
      value.set(tree.values, first * width);
      feature.set(tree.feature, root);
      for (let node = 0; node < count; node++) {
        const of = tree.feature[node]!;
        left[root + node] = tree.left[node]! + (of < 0 ? first : root);
        if (of >= 0)
          threshold[root + node] = between(distinct[of]![tree.low[node]!]!, distinct[of]![tree.high[node]!]!);
      }
    },
    peek: trees,
    finish() {
      const { roots: starts, ...all } = trees();
      return {
        roots: starts,
        feature: all.feature.slice(),
        threshold: all.threshold.slice(),
        left: all.left.slice(),
        width,
        value: all.value.slice(),
      };
    },
  };
}

function grown<T extends Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Between two values; the lower where nothing is between them. Halves, so that their sum cannot overflow. */
function between(low: number, high: number): number {
  const middle = low / 2 + high / 2;
  return middle === high || !Number.isFinite(middle) ? low : middle;
}
