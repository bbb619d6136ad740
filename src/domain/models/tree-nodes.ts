import type { Json } from '../../ports/formats.js';
import { Problem } from '../../ports/problem.js';
import type { TreeNodes } from '../../ports/trees.js';

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
  readonly leaves: () => number;
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
      const length = Math.ceil(feature.length * GROWTH);
      feature = grown(feature, new Int32Array(length));
      left = grown(left, new Int32Array(length));
      threshold = grown(threshold, new Float64Array(length));
    }
    return first;
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
      const needed = (leaves + 1) * width;
      if (needed > MOST_VALUES) throw tooLarge();
      if (needed > value.length)
        value = grown(value, new Float64Array(Math.max(needed, Math.ceil(value.length * GROWTH))));
      feature[node] = -1;
      left[node] = leaves;
      write(value, leaves * width);
      leaves++;
    },
    leaves: () => leaves,
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
