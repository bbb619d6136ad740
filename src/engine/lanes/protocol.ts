import type { EngineName } from '../../ports/engine.js';
import type { Answer, Job } from '../../ports/lanes.js';
import type { TableLimits } from '../../ports/limits.js';
import type { Failure } from '../../ports/log.js';
import type { ProgressStep } from '../../ports/progress.js';
import type { Fault, ProblemCode } from '../../ports/problem.js';

/** What a lane is started with. */
export interface LaneStart {
  readonly engine: EngineName;
  readonly module: WebAssembly.Module | undefined;
  readonly version: string;
  readonly limits: TableLimits;
  /** Bytes of models that it keeps opened. */
  readonly modelBytes: number;
  /** Bytes that the memory of one request may grow to. */
  readonly requestBytes: number;
  /** Lanes that may work at one request. */
  readonly lanes: number;
  /** Time of the process's clock in milliseconds since the epoch, `at` nanoseconds of the monotonic one that threads share. */
  readonly clock: { readonly time: number; readonly at: number };
}

/** The memory of an arena: a WebAssembly memory, or plain shared bytes where there is no WebAssembly. */
export type ArenaMemory = WebAssembly.Memory | SharedArrayBuffer;

export type ToLane =
  | {
      readonly type: 'job';
      readonly id: number;
      readonly arena: number;
      /** Sent once to each lane. */
      readonly memory?: ArenaMemory;
      /** Where the body lies. */
      readonly start: number;
      readonly length: number;
      /** Where it is counted how much of the body has arrived; none: it is whole. */
      readonly watch?: number;
      readonly job: Job;
    }
  /** To work at another lane's request until that is over or the helper is called off. */
  | {
      readonly type: 'help';
      readonly arena: number;
      readonly memory?: ArenaMemory;
      readonly start: number;
      readonly generation: number;
      readonly helper: number;
    }
  /** `collect`: it is large, so its memory is to go back to the system at once. */
  | { readonly type: 'forget'; readonly arena: number; readonly collect: boolean };

export type FromLane =
  | { readonly type: 'ready' }
  /** The body stopped arriving: the lane is free, the job to be sent again when the body is whole. */
  | { readonly type: 'starved'; readonly id: number }
  /** There is work for more than this lane. */
  | { readonly type: 'wants'; readonly id: number }
  /** How far a job has come that is watched. */
  | { readonly type: 'progress'; readonly id: number; readonly step: ProgressStep }
  /** Something failed, of the request that it is at where it is at one. */
  | { readonly type: 'fault'; readonly what: string; readonly failure: Failure }
  /** It has stopped helping. */
  | { readonly type: 'left' }
  /** It has stopped computing, as it was told. */
  | { readonly type: 'cancelled'; readonly id: number }
  | { readonly type: 'answer'; readonly id: number; readonly answer: Answer }
  | {
      readonly type: 'problem';
      readonly id: number;
      readonly code: ProblemCode;
      readonly detail: string;
      readonly faults: readonly Fault[];
      readonly spans?: string;
      /** A kernel trapped: the arena and all instances over it are to be dropped. */
      readonly trapped: boolean;
      /** Nothing can be computed in this lane any more: it is to be replaced. */
      readonly ended?: boolean;
    };
