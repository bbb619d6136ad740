/** What is told of jobs, of streams and of datasets to those who count. Nothing here holds a value of the data. */

export const JOB_ENDS = ['succeeded', 'failed', 'cancelled'] as const;
export type JobEnd = (typeof JOB_ENDS)[number];

/** A job that this process has run to its end. */
export interface JobSeen {
  readonly outcome: JobEnd;
  /** From its submission until it was begun, and from then on. */
  readonly waitMs: number;
  readonly runMs: number;
}

/** A batch of records that is in the state of a stream for good. */
export interface BatchSeen {
  /** Name of the stream. */
  readonly stream: string;
  readonly accepted: number;
  readonly late: number;
  readonly rejected: number;
  readonly duplicates: number;
  /** Those of the rejected that went to the dead-letter topic. */
  readonly deadLettered: number;
  /** From its records until they are in the state for good. */
  readonly durationMs: number;
  /** Of the transaction. */
  readonly storeMs: number;
}

/** Jobs of the catalog at one moment, as this process saw it last. */
export interface JobsSight {
  readonly queued: number;
  readonly running: number;
  /** Of the one that waits longest. */
  readonly oldestQueuedMs: number;
}

/** A stream at one moment, as far as it is this process's. */
export interface StreamSight {
  readonly name: string;
  /** Records that wait in the partitions which this process has. */
  readonly lag: number;
  /** How far the watermark of the stream is behind the clock; undefined: it has none yet. */
  readonly watermarkDelayMs: number | undefined;
  /** Open windows of the partitions which this process has. */
  readonly openWindows: number;
}

export interface DatasetsSight {
  readonly count: number;
  readonly bytes: number;
}

/** Told of what is over. None of it may throw. */
export interface ObserveKept {
  job(seen: JobSeen): void;
  /** Jobs whose owner gave no sign of life, and that this process put back or gave up. */
  expired(jobs: number): void;
  batch(seen: BatchSeen): void;
  /** Windows that this process closed. */
  closed(stream: string, windows: number): void;
}
