/** Streams that stay: definitions, what their partitions have come to, states of open windows, results of closed ones. */

/** A stream as it was made. */
export interface StoredStream {
  /** Never given twice, also when a stream of the same name is made again. */
  readonly id: string;
  readonly name: string;
  /** JSON text of its definition, and of what was prepared from it once. */
  readonly definition: string;
  readonly prepared: string | null;
  /** ISO 8601, UTC. */
  readonly created: string;
  /** Windows that end until then are closed, in milliseconds of event time; null: none is. */
  readonly closedBefore: number | null;
  /** Number of the newest result, and of the newest that the sink has. */
  readonly lastSeq: number;
  readonly sentSeq: number;
}

export interface StreamCounts {
  readonly accepted: number;
  readonly late: number;
  readonly rejected: number;
  readonly duplicates: number;
}

/** A partition of the source; that of records which come by HTTP is number -1. */
export interface PartitionState extends StreamCounts {
  readonly partition: number;
  /** Counts its owners: what another than the newest brings is refused. */
  readonly epoch: number;
  readonly owner: string;
  /** Offset to go on with, as decimal text: larger than a number holds exactly. Null: the first. */
  readonly nextOffset: string | null;
  /** Largest event time of its records, in milliseconds. */
  readonly watermark: number | null;
  /** Whether it holds the watermark of the stream back no more. */
  readonly idle: boolean;
  /** When its last records came, in milliseconds since 1970. */
  readonly seen: number;
  /** Rows of states that it has. */
  readonly open: number;
  /** Records behind the end of the partition when its owner looked last. */
  readonly lag: number | null;
  /** Records a second over the last minute. */
  readonly rate: number;
}

export interface WindowId {
  readonly key: string | null;
  readonly start: number;
  readonly end: number;
}

/** What a partition knows of an open window. */
export interface WindowState extends WindowId {
  readonly records: number;
  readonly state: Uint8Array;
}

/** A partition with all that its new owner goes on with. */
export interface AcquiredPartition {
  readonly partition: PartitionState;
  readonly closedBefore: number | null;
  readonly model: Uint8Array | null;
  readonly windows: readonly WindowState[];
  /** Chunks of what was counted by its `id`, as they were committed. */
  readonly ids: readonly Uint8Array[];
}

/** A batch of HTTP that its client named. */
export interface NamedBatch {
  readonly name: string;
  /** SHA-256 of its format and body, hexadecimal. */
  readonly digest: string;
  /** JSON text of its answer. */
  readonly answer: string;
}

/** What one or several batches of a partition make of it: all of it is stored, or nothing. */
export interface Commit extends StreamCounts {
  readonly stream: string;
  readonly partition: number;
  readonly epoch: number;
  readonly nextOffset: string | null;
  readonly watermark: number | null;
  readonly seen: number;
  readonly rate: number;
  /** Undefined: as it was. */
  readonly model: Uint8Array | undefined;
  readonly changed: readonly WindowState[];
  readonly removed: readonly WindowId[];
  /** States that are new, less those that are removed. */
  readonly opened: number;
  readonly ids: { readonly expires: number; readonly hashes: Uint8Array } | undefined;
  readonly batches: readonly NamedBatch[];
  /** What counted as closed when it was made. */
  readonly closedBefore: number | null;
  /** Rows of states that the stream may have. */
  readonly maxWindows: number;
}

export type CommitOutcome =
  | { readonly type: 'committed' }
  /** The partition is another's. */
  | { readonly type: 'fenced' }
  /** The stream is no more. */
  | { readonly type: 'gone' }
  /** Windows were closed meanwhile: what is late is to be looked at again. */
  | { readonly type: 'closed'; readonly closedBefore: number }
  /** A batch of that name was committed before. */
  | { readonly type: 'repeated'; readonly batch: NamedBatch }
  /** It would have more open windows than it may. */
  | { readonly type: 'full' };

export interface WindowResult extends WindowId {
  readonly records: number;
  /** JSON text. */
  readonly result: string;
}

export interface StoredResult extends WindowResult {
  readonly seq: number;
}

/** How windows are closed. Its functions are called within a transaction, and must not wait. */
export interface Closing {
  /** What is to count as closed, by the partitions; null: nothing yet. */
  readonly before: (partitions: readonly PartitionState[]) => number | null;
  /** What becomes of states whose time has come, which are all those of their windows, or of their keys for sessions. */
  readonly close: (
    windows: readonly WindowState[],
    closedBefore: number,
  ) => { readonly results: readonly WindowResult[]; readonly removed: readonly WindowId[] };
  /** Whether windows of a key may become one. */
  readonly sessions: boolean;
  /** Results that are kept, and whether those wait that the sink does not have yet. */
  readonly kept: number;
  readonly sink: boolean;
}

export interface ClosedWindows {
  readonly closedBefore: number | null;
  readonly results: readonly StoredResult[];
  /** Whether it is to be called again. */
  readonly more: boolean;
}

export interface WindowFilter {
  readonly key?: string | null | undefined;
  /** Windows that overlap this time. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly limit: number;
}

/** The streams of the service. What was committed is there after a kill, whole. Rejects with Problem `storage_failed`. */
export interface StreamStore {
  /** Makes a stream, where there is none of its name and fewer than `most`; else gives what is there, or null at the limit. */
  create(
    name: string,
    definition: string,
    prepared: string | null,
    most: number,
  ): Promise<{ readonly stream: StoredStream; readonly isNew: boolean } | null>;
  find(name: string): Promise<StoredStream | undefined>;
  /** By name. */
  list(): Promise<readonly StoredStream[]>;
  /** With all that it had. Whether there was one. */
  remove(name: string): Promise<boolean>;
  /** Makes sure that it knows partitions before the first of them is read: their watermarks are waited for. */
  expect(stream: string, partitions: readonly number[]): Promise<void>;
  /** Makes a partition the owner's. Undefined: there is no such stream. */
  acquire(stream: string, partition: number, owner: string): Promise<AcquiredPartition | undefined>;
  commit(commit: Commit): Promise<CommitOutcome>;
  /** What its owner tells of a partition between batches. False when it is another's. */
  tell(
    stream: string,
    partition: number,
    epoch: number,
    told: { readonly idle: boolean; readonly lag: number | null; readonly rate: number },
  ): Promise<boolean>;
  /** By number. */
  partitions(stream: string): Promise<readonly PartitionState[]>;
  /** States of open windows of all partitions, whole windows: the latest ends first. */
  open(stream: string, filter: WindowFilter): Promise<readonly WindowState[]>;
  /** Closes some of the windows whose time has come. Undefined: there is no such stream. */
  close(stream: string, closing: Closing): Promise<ClosedWindows | undefined>;
  /** Results of closed windows: the newest first, before the number `before`; with `behind` the oldest first behind it. */
  results(
    stream: string,
    filter: WindowFilter & { readonly before?: number | undefined; readonly behind?: number | undefined },
  ): Promise<readonly StoredResult[]>;
  /** Whether `owner` may send to the sink now: nobody else does for `ms`. */
  claimSink(stream: string, owner: string, ms: number): Promise<boolean>;
  /** The sink has all results until `seq`. */
  sent(stream: string, owner: string, seq: number): Promise<void>;
  /** Forgets names of batches that were committed before, in milliseconds since 1970. */
  forgetBatches(before: number): Promise<void>;
  batch(stream: string, name: string): Promise<NamedBatch | undefined>;
}
