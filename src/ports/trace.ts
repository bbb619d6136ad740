import type { RequestSeen } from './observe.js';

/** One timed stretch of work under the server span; times in milliseconds since the epoch. */
export interface Span {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** What happened on the way, in order. */
  readonly events?: readonly SpanEvent[];
  /** Name of the span it lies in; none: the server span. */
  readonly parent?: string;
}

export interface SpanEvent {
  readonly name: string;
  readonly time: number;
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** What tracing looks at of a request. */
export interface TracedRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly httpVersion: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** A request's place in a trace. */
export interface RequestTrace {
  /** In hexadecimal, as is the span's: the client's where it sent one. */
  readonly traceId: string;
  /** Of the server span; undefined where there is none. */
  readonly spanId: string | undefined;
  /** W3C `traceparent` of its answer. */
  readonly header: string | undefined;
  /** Whether its spans are kept: they need not be made if not. */
  readonly sampled: boolean;
  /** Takes finished spans, also as the JSON of a list of them: so they go from thread to thread unread. */
  record(spans: readonly Span[] | string): void;
  /** Runs something as a part of it. */
  within<T>(work: () => T): T;
  /** Ends the server span. */
  end(seen: RequestSeen): void;
}

/** Work that is not done while a client waits: a job, a batch of records. */
export interface TaskAsked {
  /** Few are to be alike, and none is to hold an id: `job analyze`, `process readings`. */
  readonly name: string;
  /** `consumer`: it takes in what somebody else has sent; `producer`: it sends what others take in. */
  readonly kind: 'consumer' | 'internal' | 'producer';
  /**
   * W3C `traceparent`s of what it comes from, in any order and any number: texts that are none are left out, the same one
   * is taken once, and `MOST_LINKS` of them are kept.
   */
  readonly links?: Iterable<string | null | undefined>;
  readonly attributes?: Span['attributes'];
  /** In milliseconds since the epoch; none: now. */
  readonly start?: number;
}

/** Links that a task keeps. Where there were more, `analytics.links` says how many. */
export const MOST_LINKS = 32;

/** How a task ended. */
export interface TaskEnded {
  /** One of few words, such as the code of a problem; none: it went well. */
  readonly error?: string | undefined;
  /** What is known only now. */
  readonly attributes?: Span['attributes'];
}

/** The trace of a task, of which its span is the root. */
export interface TaskTrace extends Pick<
  RequestTrace,
  'traceId' | 'header' | 'sampled' | 'record' | 'within'
> {
  readonly spanId: string;
  /** Ends its span; a second call does nothing. */
  end(ended?: TaskEnded): void;
}

export interface Tracing {
  /** Undefined where nothing is traced and the client sent no trace. */
  begin(request: TracedRequest): RequestTrace | undefined;
  /** Undefined where nothing is traced. Its `header` is what it hands on to whoever goes on with what it made. */
  task(asked: TaskAsked): TaskTrace | undefined;
}
