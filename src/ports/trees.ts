/** Decision trees over columns of equal length. Engines agree to the bit. Throws Problem `out_of_memory`. */
export interface TreesKernel {
  /**
   * What the trees say of rows, added up: of each row the sum, over the trees in their order, of the values of the leaf that
   * it comes to. rows × width, row-major, a new array, in the memory of the request where the engine has one. `rows`: which
   * ones, in this order; all where absent.
   */
  readonly traverse: (trees: TreeNodes, columns: readonly Float64Array[], rows?: Int32Array) => Float64Array;
  /**
   * Grows a tree for each member, greedily, by exact search over all places between different ranks: CART as scikit-learn
   * has it, with its draws of features. `grown` is told each tree, in the order of the members; it is not to be kept.
   * Where it is stopped there are fewer.
   * Source: L. Breiman et al., "Classification and Regression Trees", 1984.
   */
  readonly grow: (table: GrowthTable, members: Iterable<Member>, grown: (tree: GrownTree) => void) => void;
}

/**
 * Trees as flat arrays, those of a forest one behind another. A node with `feature` ≥ 0 sends a row to node `left` where its
 * value is at most `threshold` or NaN, else to `left` + 1: children lie side by side, behind their parent. Where `feature`
 * is −1, `left` is the leaf's place in `value`, which has `width` numbers a leaf.
 */
export interface TreeNodes {
  /** Of each tree, its first node; ascending. */
  readonly roots: Int32Array;
  readonly feature: Int32Array;
  readonly threshold: Float64Array;
  readonly left: Int32Array;
  /** At least 1. */
  readonly width: number;
  readonly value: Float64Array;
}

/** What trees are grown on. */
export interface GrowthTable {
  /** Of each feature, of each row: its value's place among the different values. */
  readonly ranks: readonly Int32Array[];
  readonly target: GrowthTarget;
  readonly bounds: Bounds;
  /** Throws when the request was cancelled. */
  readonly checkpoint: () => void;
  /** Asked between trees, and by an engine that can within them, whether those that are grown are enough. */
  readonly stopping?: () => boolean;
}

/**
 * What splits make small: `gini` 1 − Σ p², `entropy` −Σ p log₂ p, p the shares of the classes; `squared_error` the variance.
 * A leaf has the shares of the classes, or the mean.
 */
export type GrowthTarget =
  | { readonly criterion: 'gini' | 'entropy'; readonly codes: Int32Array; readonly classes: number }
  | { readonly criterion: 'squared_error'; readonly values: Float64Array };

/** When a node is not split, and over how many features a split is looked for. */
export interface Bounds {
  readonly maxDepth: number;
  readonly minSamplesSplit: number;
  readonly minSamplesLeaf: number;
  readonly maxFeatures: number;
  /** Infinity: depth first, without a limit. */
  readonly maxLeafNodes: number;
  readonly minImpurityDecrease: number;
}

/** A tree to be grown. */
export interface Member {
  /** How often each row was drawn; null: each once. */
  readonly draws: Int32Array | null;
  /** Of its generator, an xorshift of 32 bits. */
  readonly state: number;
}

/** A tree that was grown, its nodes and leaves counted from 0. */
export interface GrownTree {
  /** Of each node; −1: a leaf. */
  readonly feature: Int32Array;
  /** The left child, the right one is next; the leaf's number. */
  readonly left: Int32Array;
  /** Of a split, ranks of the feature: the greatest that goes left, the least that goes right. */
  readonly low: Int32Array;
  readonly high: Int32Array;
  /** Leaf after leaf. */
  readonly values: Float64Array;
  readonly leaves: number;
  /** Splits on the longest way. */
  readonly depth: number;
  /** Of every feature, by how much its splits made the impurity small. */
  readonly importances: Float64Array;
}
