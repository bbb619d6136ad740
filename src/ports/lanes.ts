import type { DatasetCard } from './datasets.js';
import type { EngineName } from './engine.js';
import type { BodyFormat } from './formats.js';
import type { LanesState, Work } from './observe.js';
import type { Watch } from './progress.js';
import type { ModelCard } from './registry.js';

export type { ProgressStep, Watch } from './progress.js';

/** A stretch of the bytes that landed. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** A request for a lane: everything but its body, which lies in an arena already. */
export interface Job {
  readonly endpoint: string;
  readonly format: BodyFormat;
  /** Where the table lies in what landed; none: it is all of it. */
  readonly extent?: Extent;
  /** A second table that landed beside it, to compare it with. */
  readonly reference?: Extent & { readonly format: BodyFormat; readonly stored?: true };
  /** The table is the file of a dataset: what its fields say of themselves, beyond what Arrow can, is true. */
  readonly stored?: true;
  readonly query: readonly (readonly [string, string])[];
  readonly accept: 'json' | 'arrow' | 'html' | 'csv' | 'ndjson';
  /** Codec of the buffers of an Arrow answer, where the client said that it reads it. */
  readonly arrowCompression?: 'lz4';
  /** Options that came beside the body, as JSON text: part `options` of a multipart body. */
  readonly options?: string;
  /**
   * JSON text of an object whose members stand as if beside the data, `options` among them; `dataset` and `reference` name
   * what has landed, and are passed over.
   */
  readonly beside?: string;
  /** The stored model that it asks. */
  readonly model?: JobModel;
  /** Bytes of the JSON header of a body of tensors: those of its binary data follow it. */
  readonly headerBytes?: number;
  readonly requestId: string;
  readonly receiveMs: number;
  /** Until a lane had it; 0 before. */
  readonly waitMs: number;
  /** Whether its spans are wanted. */
  readonly traced?: boolean;
  /** Whether somebody watches how far it comes: what it tells costs a little. */
  readonly progress?: true;
}

/** A stored model on its way to a lane, which keeps what it made of it under its hash. */
export type JobModel = JobDocument &
  (
    | { readonly format: 'pipeline' }
    /** A file in ONNX says nothing of columns and classes. */
    | { readonly format: 'onnx'; readonly card: ModelCard }
  );

interface JobDocument {
  readonly name: string;
  readonly version: number;
  readonly sha256: string;
  readonly document: SharedArrayBuffer;
}

/** A model that a job made, to be stored under a name. */
export interface MadeModel {
  readonly name: string;
  readonly card: ModelCard;
  readonly document: Uint8Array;
}

/** A dataset that a job made, to be stored under its hash. */
export interface MadeDataset {
  readonly card: DatasetCard;
  readonly document: Uint8Array;
}

export interface Answer {
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly model?: MadeModel;
  readonly dataset?: MadeDataset;
  readonly body: Uint8Array;
  /** It was stopped softly: the body holds what there was by then, and says so. */
  readonly partial?: true;
  /** Spans, as JSON of a list of them, where they were wanted. */
  readonly spans?: string;
  /** What its lane did for it. */
  readonly work?: Work;
}

/** A place in an arena that a body is written to as it arrives. */
export interface Landing {
  readonly length: number;
  /** Throws Problem `out_of_memory` at the limit. */
  write(bytes: Uint8Array): void;
  /**
   * The memory of the next so many bytes, to be filled before the landing is run or released: they count as landed at once.
   * Throws as `write` does.
   */
  place(bytes: number): Uint8Array;
  /** Gives the arena back; after run() it does nothing, after begin() it says that no more will come. */
  release(): void;
}

/** What is known of a request before its body is there. */
export interface Asked {
  /** Of its body, as far as they are known. */
  readonly bytes: number;
  /** Of what a compressed body is in memory, where that is known and more. */
  readonly decodedBytes?: number | undefined;
  readonly endpoint?: string | undefined;
  /** Until its answer is due. */
  readonly deadlineMs?: number | undefined;
}

export interface Lanes {
  /** The engine that `auto` means, and why. */
  readonly engine: { readonly name: EngineName; readonly reason: string };
  /**
   * Admits one request. Throws Problem `overloaded` when the queue is full, by requests, bytes or estimated work, when the
   * memory budget is, or when its deadline would pass while it waits.
   */
  land(asked: Asked): Landing;
  /** Why a request would not be admitted now, in a sentence; undefined: it would. */
  refusal(asked: Asked): string | undefined;
  /** Estimated time until a request that came now would have a lane, in milliseconds. */
  waitMs(): number;
  /**
   * Runs a job over a landed body. Rejects with a Problem. `signal` and the deadline (ms from now) end it; a signal that
   * was given before is a job that never starts. `watch` is told how far a job with `progress` comes, and may stop it
   * softly; Problem `slow_request` when it had nothing to give by then.
   */
  run(landing: Landing, job: Job, deadlineMs: number, signal: AbortSignal, watch?: Watch): Promise<Answer>;
  /**
   * The same over a body that has not landed yet, but has as many bytes as were expected: it is read as it arrives.
   * `release` says that it broke off. Undefined when no lane is idle or the format is not read so; then nothing was begun.
   */
  begin(landing: Landing, job: Job, deadlineMs: number, signal: AbortSignal): Promise<Answer> | undefined;
  state(): LanesState;
  close(): Promise<void>;
}
