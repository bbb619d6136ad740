import type { Answer, Job, MadeModel } from './lanes.js';
import type { Fault, ProblemCode } from './problem.js';
import type { ProgressStep } from './progress.js';
import type { ModelVersion } from './registry.js';

export const JOB_STATES = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type JobState = (typeof JOB_STATES)[number];

/** What is to be computed; plain JSON, read back as it was written. */
export interface JobRequest {
  /** As its client named it. */
  readonly operation: string;
  /** Name of the endpoint that it is. */
  readonly endpoint: string;
  readonly dataset: string;
  /** A second one, to compare it with. */
  readonly reference?: string;
  /** JSON text of what a lane's job is to find beside its table: the options, and members of the operation's own. */
  readonly beside?: string;
  readonly accept: Job['accept'];
  readonly arrowCompression?: 'lz4';
  /** A stored version, chosen when it was submitted. */
  readonly model?: { readonly name: string; readonly version: number };
  /** Of the request that submitted it: its answer says it. */
  readonly requestId: string;
  /** W3C `traceparent` of that request. */
  readonly traceparent?: string;
}

export interface Submission {
  readonly request: JobRequest;
  /** Who submits it; empty where callers are not known. */
  readonly caller: string;
  /** A word of the client's, and the hash of all that it asked for with it. */
  readonly key?: { readonly text: string; readonly fingerprint: string };
}

/** Why a job failed, as its client is told. */
export interface JobFailure {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly faults: readonly Fault[];
}

/** How far it is: the last step that was told, and what it means. */
export interface JobProgress extends ProgressStep {
  /** Estimated time until the stage is through, in milliseconds, where it can be known. */
  readonly left_ms?: number;
}

/** A job as it is stored. Times in milliseconds since the epoch. */
export interface StoredJob {
  readonly id: string;
  /** In the order of submission. */
  readonly number: number;
  readonly request: JobRequest;
  readonly state: JobState;
  /** Somebody wants it to end. */
  readonly cancelling: boolean;
  /** Times that it was begun, but for those that gave it back. */
  readonly attempts: number;
  readonly created: number;
  readonly started: number | undefined;
  readonly finished: number | undefined;
  readonly progress: JobProgress | undefined;
  readonly failure: JobFailure | undefined;
  /** There when a result is kept. */
  readonly result: ResultCard | undefined;
}

export interface ResultCard {
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: number;
  readonly partial: boolean;
  /** Under which its parts are kept. */
  readonly token: number;
}

/** `number` counts the events of one job from 1 on. */
export interface JobEvent {
  readonly number: number;
  readonly event: JobEventName;
  /** JSON text. */
  readonly data: string;
}

/** `done` is the last of every job. */
export type JobEventName = 'queued' | 'running' | 'requeued' | 'progress' | 'done';

/** A job that was claimed. Only who holds the token that was given last may write to it. */
export interface Lease {
  readonly job: StoredJob;
  readonly token: number;
}

/** How a job ended. */
export type Outcome =
  | { readonly state: 'succeeded' | 'cancelled'; readonly answer?: Answer; readonly model?: MadeModel }
  | { readonly state: 'failed'; readonly failure: JobFailure };

/** Jobs of the catalog at one moment. */
export interface JobCounts {
  readonly queued: number;
  readonly running: number;
  /** When the one that waits longest was submitted. */
  readonly oldest: number | undefined;
}

/**
 * The queue of the service, in the order of submission, shared by all processes that have the same catalog. What `submit` has
 * answered is not lost; of every job one end is kept, once, with the rows that belong to it or not at all. Every method
 * rejects with Problem `storage_failed` when the catalog cannot be had.
 */
export interface JobStore {
  /** Whether other processes may have the same queue. */
  readonly shared: boolean;
  /**
   * Keeps a job. The same key of the same caller is the same job. Rejects with Problem `conflict` when that asked for
   * something else, `overloaded` when `most` wait.
   */
  submit(submission: Submission, most: number): Promise<{ readonly job: StoredJob; readonly isNew: boolean }>;
  find(id: string): Promise<StoredJob | undefined>;
  /** Jobs that come before it, and it: 1 is the next. */
  position(number: number): Promise<number>;
  /** Newest first; `before`: only those of a smaller number. */
  list(asked: {
    readonly state: JobState | undefined;
    readonly before: number | undefined;
    readonly limit: number;
  }): Promise<readonly StoredJob[]>;
  counts(): Promise<JobCounts>;

  /** Takes the first that waits, for so long. */
  claim(owner: string, leaseMs: number): Promise<Lease | undefined>;
  /** A sign of life. False: it is another's now, or over. */
  renew(lease: Lease, leaseMs: number): Promise<boolean>;
  /** Whether it is to end; undefined: it is another's now, or over. */
  isCancelling(lease: Lease): Promise<boolean | undefined>;
  /** Keeps how far it is. False: it is another's now, or over. */
  progress(lease: Lease, progress: JobProgress): Promise<boolean>;
  /**
   * Keeps its end, its result and the model that it made, all or nothing. `progress`: the last step that was not kept.
   * False: it is another's now, or over, and nothing was kept.
   */
  finish(lease: Lease, outcome: Outcome, progress?: JobProgress): Promise<boolean>;
  /** Gives it back, to be begun anew by the next; that it was begun counts for nothing. */
  release(lease: Lease): Promise<boolean>;

  /** Ends one that waits, and asks for the end of one that runs. What it was then. */
  cancel(id: string): Promise<StoredJob | undefined>;
  /**
   * Puts jobs back whose owners gave no sign of life, those of all owners if `all`; one that was begun `most` times has failed.
   * Their ids.
   */
  requeue(most: number, all: boolean): Promise<readonly string[]>;
  /** Events behind a number, in their order. */
  events(id: string, behind: number, limit: number): Promise<readonly JobEvent[]>;
  /** The bytes of a result, a part after the other. */
  result(id: string, card: ResultCard): AsyncIterable<Uint8Array>;
  /** Removes those that ended so long ago. How many. */
  purge(keepMs: number): Promise<number>;
}

/** What a service of jobs tells of itself. */
export interface JobsState {
  readonly queued: number;
  readonly running: number;
  /** Of the one that waits longest. */
  readonly oldestQueuedMs: number;
}

/** The jobs of this process, for those who ask. */
export interface Jobs {
  submit(submission: Submission): Promise<{ readonly job: StoredJob; readonly isNew: boolean }>;
  readonly find: JobStore['find'];
  readonly position: JobStore['position'];
  readonly list: JobStore['list'];
  readonly events: JobStore['events'];
  readonly result: JobStore['result'];
  /** Asks for its end and waits a moment for it. What it is then; undefined: there is none. */
  cancel(id: string): Promise<StoredJob | undefined>;
  /** Calls back when this process has news of a job. Returns how to stop that. */
  onNews(id: string, news: () => void): () => void;
  /** As of the last look at the catalog. */
  state(): JobsState;
}

/** How an answer of this service begins. */
const HEAD = '{"status":"success","results":{';

/** The answer of a fit, which did not know the version yet. What it hashed are its own results. */
export function withVersion(
  made: Answer,
  { name, version, created }: Pick<ModelVersion, 'name' | 'version' | 'created'>,
): Answer {
  const { buffer, byteOffset, byteLength } = made.body;
  const body = Buffer.from(buffer, byteOffset, byteLength);
  if (body.toString('latin1', 0, HEAD.length) !== HEAD)
    throw new Error(`expected an answer that begins with ${HEAD}`);
  const rest = body.subarray(HEAD.length);
  const own = JSON.stringify({ name, version, created }).slice(1, -1);
  const separator = rest[0] === '}'.charCodeAt(0) ? '' : ',';
  return { ...made, body: Buffer.concat([Buffer.from(`${HEAD}${own}${separator}`), rest]) };
}
