/** What a batch of records makes of a stream: it is computed in a lane by `streams.fold` and read by who stores it. */
export interface Fold {
  /** Records of the batch. */
  readonly rows: number;
  /** Those that at least one open window took. */
  readonly accepted: number;
  /** Those whose windows are all closed. */
  readonly late: number;
  /** Those whose id came before. */
  readonly duplicates: number;
  /** Those that cannot be taken, in row order; all others are accepted, late or duplicates. */
  readonly rejected: readonly Rejected[];
  /** The greatest event time, in ms, of the records that were accepted, late or duplicates; null: there was none. */
  readonly maxTime: number | null;
  /** What the batch adds to each window it touched, in order of start, then key. */
  readonly windows: readonly FoldedWindow[];
  /** k-means of the stream after this batch, where the stream has that operation: give it to the next batch. */
  readonly model?: Uint8Array;
  /** The ids that are new, where the stream has an id column. */
  readonly ids?: NewIds;
}

export interface Rejected {
  readonly row: number;
  readonly reason: string;
}

export interface FoldedWindow {
  /** As text; null: the stream has no key. */
  readonly key: string | null;
  /** In ms: [start, end). */
  readonly start: number;
  readonly end: number;
  readonly records: number;
  readonly state: Uint8Array;
}

/** Hashes of ids, and until when each is remembered: forget it once `closedBefore` is at or behind its end. */
export interface NewIds {
  readonly hashes: BigUint64Array;
  readonly ends: Float64Array;
}

/** Reads the body that `streams.fold` answered. Throws TypeError or RangeError for what is none. */
export function readFold(body: Uint8Array): Fold {
  throw new RangeError(`expected a fold, got ${body.length} bytes`);
}
