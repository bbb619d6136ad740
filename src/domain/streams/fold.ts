import { BytesReader, BytesWriter } from './bytes.js';

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

const MAGIC = 0x444c4f46;

/** The body of an answer of `streams.fold`. */
export function writeFold(fold: Fold): Uint8Array {
  const out = new BytesWriter();
  out.whole(MAGIC);
  for (const count of [fold.rows, fold.accepted, fold.late, fold.duplicates]) out.whole(count);
  out.float(fold.maxTime ?? NaN);
  out.whole(fold.rejected.length);
  for (const { row, reason } of fold.rejected) {
    out.whole(row);
    out.text(reason);
  }
  out.whole(fold.windows.length);
  for (const { key, start, end, records, state } of fold.windows) {
    out.whole(key === null ? 0 : 1);
    if (key !== null) out.text(key);
    out.float(start);
    out.float(end);
    out.whole(records);
    out.bytes(state);
  }
  out.bytes(fold.model ?? new Uint8Array(0));
  out.whole(fold.ids === undefined ? 0 : 1);
  if (fold.ids !== undefined) {
    const { hashes, ends } = fold.ids;
    out.bytes(new Uint8Array(hashes.buffer, hashes.byteOffset, hashes.byteLength));
    out.floats(ends);
  }
  return out.done();
}

/** Reads the body that `streams.fold` answered. Throws RangeError for what is none. */
export function readFold(body: Uint8Array): Fold {
  const bytes = new BytesReader(body, 'a fold');
  bytes.check(bytes.whole() === MAGIC, 'its first bytes');
  const [rows, accepted, late, duplicates] = [bytes.whole(), bytes.whole(), bytes.whole(), bytes.whole()];
  const maxTime = bytes.float();
  const rejected = Array.from({ length: bytes.whole(rows) }, () => ({
    row: bytes.whole(rows),
    reason: bytes.text(),
  }));
  const windows = Array.from({ length: bytes.whole(MOST_LISTED) }, () => ({
    key: bytes.whole(1) === 0 ? null : bytes.text(),
    start: bytes.float(),
    end: bytes.float(),
    records: bytes.whole(rows),
    state: bytes.bytes().slice(),
  }));
  const model = bytes.bytes().slice();
  const ids = bytes.whole(1) === 1 ? readIds(bytes) : undefined;
  bytes.end();
  return {
    rows,
    accepted,
    late,
    duplicates,
    rejected,
    maxTime: Number.isNaN(maxTime) ? null : maxTime,
    windows,
    ...(model.length > 0 && { model }),
    ...(ids !== undefined && { ids }),
  };
}

/** More windows than any setting lets a batch touch. */
const MOST_LISTED = 100_000_000;

function readIds(bytes: BytesReader): NewIds {
  const raw = bytes.bytes().slice();
  bytes.check(raw.length % 8 === 0, 'hashes of eight bytes');
  const hashes = new BigUint64Array(raw.buffer);
  const ends = bytes.floats(hashes.length);
  bytes.check(ends.length === hashes.length, 'an end for each id');
  return { hashes, ends };
}
