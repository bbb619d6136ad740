import type { Span } from '../../ports/trace.js';

/** A server span and the spans in it, on their way to the thread that exports them. Times in milliseconds since the epoch. */
export interface Entry {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
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
