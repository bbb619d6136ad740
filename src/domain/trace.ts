import type { Span, TaskTrace } from '../ports/trace.js';
import { now } from './clock.js';

/** Spans of an endpoint's own, in the span `compute`. */
export class Trace {
  readonly #spans: Span[] = [];

  /** Times a stretch of work, also one that fails. */
  span<T>(name: string, attributes: Span['attributes'], work: () => T): T {
    const start = now();
    try {
      return work();
    } finally {
      this.#spans.push({ name, start, end: now(), attributes, parent: 'compute' });
    }
  }

  /** The same of work that is waited for. */
  async awaited<T>(name: string, attributes: Span['attributes'], work: () => Promise<T>): Promise<T> {
    const start = now();
    try {
      return await work();
    } finally {
      this.#spans.push({ name, start, end: now(), attributes, parent: 'compute' });
    }
  }

  spans(): readonly Span[] {
    return this.#spans;
  }
}

/** Times a stretch of work as a span of a task, also one that fails; where there is none, it is only done. */
export async function within<T>(
  task: TaskTrace | undefined,
  name: string,
  attributes: Span['attributes'],
  work: () => Promise<T>,
): Promise<T> {
  if (task?.sampled !== true) return work();
  const start = now();
  try {
    return await work();
  } finally {
    task.record([{ name, start, end: now(), attributes }]);
  }
}
