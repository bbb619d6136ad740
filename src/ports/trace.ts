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

export interface Tracing {
  /** Undefined where nothing is traced and the client sent no trace. */
  begin(request: TracedRequest): RequestTrace | undefined;
}
