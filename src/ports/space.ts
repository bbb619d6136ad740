/** Where decoded columns go: the arena of the request, so that kernels run over them in place. */
export interface Space {
  /** Zeroed room for `length` float64 values. Throws Problem `out_of_memory` beyond the limit of a request. */
  float64(length: number): Float64Array;
  /** Room for bytes, aligned to 64, not cleared. Throws Problem `out_of_memory` likewise. */
  bytes(length: number): Uint8Array;
  /**
   * Gives back what `use` takes: views of it end with it. A column is decoded when it is asked for, so ask for it before,
   * not inside.
   */
  scratch<T>(use: () => T): T;
}
