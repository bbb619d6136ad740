import { Problem } from '../../ports/problem.js';
import type { Fold } from '../streams/fold.js';
import { type Onlooker, type Portion, type Taken, together } from './portion.js';

/** Portions that have one end together. */
export interface Batch {
  taken: Taken;
  over: boolean;
  readonly onlooker: Onlooker | undefined;
  readonly resolve: (taken: Taken) => void;
  readonly reject: (error: unknown) => void;
}

export interface Entry {
  readonly portion: Portion;
  readonly batch: Batch;
  readonly isLast: boolean;
  fold: Promise<Fold> | undefined;
  /** What came of it. */
  folded: Fold | undefined;
  failed: boolean;
}

export const EMPTY: Fold = {
  rows: 0,
  accepted: 0,
  late: 0,
  duplicates: 0,
  rejected: [],
  maxTime: null,
  windows: [],
};

export const entriesOf = (portions: readonly Portion[], batch: Batch, last = true): Entry[] =>
  portions.map((portion, place) => ({
    portion,
    batch,
    isLast: last && place === portions.length - 1,
    fold: undefined,
    folded: undefined,
    failed: false,
  }));

/** Tells those who look on what a transaction took. */
export async function looked<T>(group: readonly Entry[], commit: () => Promise<T>): Promise<T> {
  const onlookers = new Set(group.map(({ batch }) => batch.onlooker));
  const began = performance.now();
  const start = performance.timeOrigin + began;
  try {
    return await commit();
  } finally {
    const ms = performance.now() - began;
    for (const onlooker of onlookers) {
      onlooker?.stored(ms);
      if (onlooker?.task?.sampled === true)
        onlooker.task.record([{ name: 'store', start, end: start + ms, attributes: {} }]);
    }
  }
}

export function settle(batch: Batch): void {
  if (batch.over) return;
  batch.over = true;
  batch.resolve(batch.taken);
}

/** What a batch has come to with one more of its portions. */
export function after(batch: Batch, portion: Portion, fold: Fold): Taken {
  const without = portion.rejected ?? 0;
  return together(batch.taken, {
    rows: fold.rows + without,
    accepted: fold.accepted,
    late: fold.late,
    duplicates: fold.duplicates,
    rejectedRows: fold.rejected.length + without,
    rejected: fold.rejected,
  });
}

export const gone = (): Problem => new Problem('not_found', 'expected a stream, got one that was removed');

export const otherBatch = (): Problem =>
  new Problem(
    'conflict',
    'expected an Idempotency-Key of no other batch, got one that came with another body before',
  );
