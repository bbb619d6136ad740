import type { TableLimits } from '../../ports/limits.js';
import type { Failure } from '../../ports/log.js';
import type { EngineChoice } from '../choose.js';

/** What lanes are started with. */
export interface LanesOptions {
  /** Compiled entry of a lane's thread. */
  readonly entry: string;
  readonly engine: EngineChoice;
  /** First byte of a memory that kernels leave free; undefined without WebAssembly. */
  readonly base: number | undefined;
  readonly lanes: number;
  /** JavaScript objects of one lane: a request that makes more ends its lane. */
  readonly laneHeapBytes: number;
  /** Requests admitted at once beyond those that run, the bytes of their bodies, and their estimated work for each lane. */
  readonly queue: number;
  readonly queueBytes: number;
  readonly queueMs: number;
  /** Bytes that the bodies of admitted requests, and what is made of them, may take. */
  readonly memoryBudget: number;
  /** Bytes that the memory of one request may grow to. */
  readonly requestBytes: number;
  readonly version: string;
  readonly limits: TableLimits;
  /** Bytes of models that a lane keeps opened. */
  readonly modelBytes: number;
  /** `requestId`: of the request that it was at, its own or one that it helped with. */
  readonly onLaneLost: (reason: string, requestId?: string, failure?: Failure) => void;
  /** Something failed in a lane that is no Problem; the lane goes on. */
  readonly onFault: (what: string, requestId?: string, failure?: Failure) => void;
  /** A library in a lane wrote to what it takes for standard output or standard error. */
  readonly onSaid: (text: string) => void;
}
