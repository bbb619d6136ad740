import type { EngineName } from './engine.js';
import type { BodyFormat } from './formats.js';
import type { ProblemCode } from './problem.js';

/** What a lane did for a request. Times in milliseconds. */
export interface Work {
  readonly format: BodyFormat;
  readonly engine: EngineName;
  readonly rows: number;
  /** Until a lane had it. */
  readonly waitMs: number;
  readonly decodeMs: number;
  readonly computeMs: number;
  readonly encodeMs: number;
}

/** One request, told when it is over. It says what was asked, never with which values or names of columns. */
export interface RequestSeen {
  readonly requestId: string;
  /** As it is registered, such as `/models/:name/predict`; `unknown` for a path that is none. */
  readonly route: string;
  /** `other` for one that no route has. */
  readonly method: string;
  /** 499 when the client left before its answer. */
  readonly status: number;
  readonly code: ProblemCode | undefined;
  readonly durationMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Who asked, where callers are known. */
  readonly caller: string | undefined;
  /** The stored model that was named, once it is known that there is one or that one was made. */
  readonly model: string | undefined;
  readonly work: Work | undefined;
  /** Of the server span, in hexadecimal. */
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
}

/** Told of every request that is over, refused ones too. Must not throw. */
export type Observe = (seen: RequestSeen) => void;

/** Every metric of the service as text for a client of that media type. */
export type Scrape = () => Promise<{ readonly contentType: string; readonly body: string }>;

/** The lanes at one moment. */
export interface LanesState {
  readonly lanes: number;
  readonly busy: number;
  /** Requests that wait for a lane, the bytes of their bodies, and their work as it is estimated, in milliseconds. */
  readonly waiting: number;
  readonly waitingBytes: number;
  readonly waitingMs: number;
  /** Arenas that there are, idle ones too, and the bytes they have grown to. */
  readonly arenas: number;
  readonly arenaBytes: number;
  /** Bytes of MEMORY_BUDGET that requests in hand count for. */
  readonly reservedBytes: number;
  /** Lanes that ended and were replaced, since the start. */
  readonly lost: number;
  /** False when there is no lane and the last that was started came to nothing: requests wait in vain. */
  readonly available: boolean;
}
