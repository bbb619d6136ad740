import { context, ROOT_CONTEXT, SpanKind, trace, TraceFlags, type Tracer } from '@opentelemetry/api';
import { MOST_LINKS, type TaskAsked, type TaskTrace, type Tracing } from '../../ports/trace.js';
import type { Entry, Link } from './entry.js';
import type { Relay } from './relay.js';

export const now = (): number => performance.timeOrigin + performance.now();

const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-[\da-f]{2}(?:$|-)/u;

/** The span that a W3C `traceparent` names; undefined for any other text. */
export function spanOf(traceparent: unknown): Link | undefined {
  const [, traceId, spanId] = (typeof traceparent === 'string' && TRACEPARENT.exec(traceparent)) || [];
  return traceId === undefined || spanId === undefined ? undefined : { traceId, spanId };
}

export interface TaskTracingOptions {
  readonly tracer: Tracer;
  readonly relay: Relay;
  readonly version: string;
}

/** Of the spans of one task: those of a job come for as long as an hour. Lists of spans beyond are counted. */
const MOST_CHARACTERS = 256 * 1024;

const KINDS = {
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
  producer: SpanKind.PRODUCER,
} as const;

/** A root span for every task, by the sampler of the environment. */
export function taskTracing({ tracer, relay, version }: TaskTracingOptions): Tracing['task'] {
  return ({ name, kind, links = [], attributes = {}, start = now() }: TaskAsked): TaskTrace => {
    const span = tracer.startSpan(name, { kind: KINDS[kind], root: true }, ROOT_CONTEXT);
    const { traceId, spanId, traceFlags } = span.spanContext();
    const sampled = (traceFlags & TraceFlags.SAMPLED) !== 0;
    const active = trace.setSpan(ROOT_CONTEXT, span);
    const linked = sampled ? linksOf(links) : undefined;
    const texts: string[] = [];
    let characters = 0;
    let dropped = 0;
    let isOver = false;
    return {
      traceId,
      spanId,
      header: `00-${traceId}-${spanId}-0${traceFlags & TraceFlags.SAMPLED}`,
      sampled,
      record(spans) {
        if (!sampled || isOver) return;
        const text = typeof spans === 'string' ? spans : JSON.stringify(spans);
        if (characters + text.length > MOST_CHARACTERS) dropped++;
        else {
          texts.push(text);
          characters += text.length;
        }
      },
      within: (work) => context.with(active, work),
      end({ error, attributes: late = {} } = {}) {
        if (linked === undefined || isOver) return;
        isOver = true;
        const entry: Omit<Entry, 'inner'> = {
          name,
          kind,
          traceId,
          spanId,
          ...linked.kept,
          start,
          end: now(),
          attributes: {
            ...attributes,
            ...(linked.all > MOST_LINKS && { 'analytics.links': linked.all }),
            ...(dropped > 0 && { 'analytics.spans.dropped': dropped }),
            ...late,
            ...(error !== undefined && { 'error.type': error }),
          },
          failed: error !== undefined,
          version,
        };
        relay.add(`${JSON.stringify(entry).slice(0, -1)},"inner":[${texts.join(',')}]}`);
      },
    };
  };
}

/** The first of them that differ, and how many there were. */
function linksOf(traceparents: NonNullable<TaskAsked['links']>): {
  readonly kept: Pick<Entry, 'links' | 'droppedLinks'>;
  readonly all: number;
} {
  const different = new Map<string, Link>();
  for (const traceparent of traceparents) {
    const link = spanOf(traceparent);
    if (link !== undefined) different.set(link.traceId + link.spanId, link);
  }
  const all = different.size;
  const links = [...different.values()].slice(0, MOST_LINKS);
  return { all, kept: { links, ...(all > MOST_LINKS && { droppedLinks: all - MOST_LINKS }) } };
}
