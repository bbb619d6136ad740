/** Decision trees over columns of plain float64 values of equal length. */
export interface TreesKernel {
  /**
   * What the trees say of rows, added up: of each row the sum, over the trees in their order, of the values of the leaf that
   * it comes to. rows × width, row-major, a new array, in the memory of the request where the engine has one. `rows`: which
   * ones, in this order; all where absent. Engines agree to the bit. Throws Problem `out_of_memory`.
   */
  readonly traverse: (trees: TreeNodes, columns: readonly Float64Array[], rows?: Int32Array) => Float64Array;
}

/**
 * Trees as flat arrays, those of a forest one behind another. A node with `feature` ≥ 0 sends a row to node `left` where its
 * value is at most `threshold` or NaN, else to `left` + 1: children lie side by side, behind their parent. Where `feature`
 * is −1, `left` is the leaf's place in `value`, which has `width` numbers a leaf.
 */
export interface TreeNodes {
  /** Of each tree, its first node. */
  readonly roots: Int32Array;
  readonly feature: Int32Array;
  readonly threshold: Float64Array;
  readonly left: Int32Array;
  /** At least 1. */
  readonly width: number;
  readonly value: Float64Array;
}
