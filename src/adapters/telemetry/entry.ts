import type { Span } from '../../ports/trace.js';

/** Another span that one comes from, in a trace of its own. */
export interface Link {
  readonly traceId: string;
  readonly spanId: string;
}

/** A span of a request or a task and the spans in it, on their way to the thread that exports them. Times in milliseconds since the epoch. */
export interface Entry {
  readonly name: string;
  readonly kind: 'server' | 'consumer' | 'internal' | 'producer';
  readonly traceId: string;
  readonly spanId: string;
  readonly links?: readonly Link[];
  /** Further ones that were left out. */
  readonly droppedLinks?: number;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly failed: boolean;
  readonly version: string;
  /** As they were recorded, one list after the other. */
  readonly inner: readonly (readonly Span[])[];
}

/** Where entries go. */
export interface Sink {
  add(entry: Entry): void;
  /** Sends what is left. */
  close(): Promise<void>;
}
