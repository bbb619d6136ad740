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

/** Puts finished spans under the active one. Costs nothing when tracing is off. */
export type RecordSpans = (spans: readonly Span[]) => void;
