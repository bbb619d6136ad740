import type { TableLimits } from '../../ports/limits.js';
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
  /** Requests admitted at once beyond those that run. */
  readonly queue: number;
  /** Bytes that the bodies of admitted requests, and what is made of them, may take. */
  readonly memoryBudget: number;
  /** Bytes that the memory of one request may grow to. */
  readonly requestBytes: number;
  readonly version: string;
  readonly limits: TableLimits;
  /** Bytes of models that a lane keeps opened. */
  readonly modelBytes: number;
  readonly onLaneLost: (reason: string) => void;
}
