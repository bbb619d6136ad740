import { excerpt, Problem, type Fault } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import { operationSchema } from './operations.js';

/** Of a size of a window: milliseconds, or a number with a unit. */
const duration = {
  anyOf: [
    { type: 'integer', minimum: 1, maximum: 31_536_000_000 },
    { type: 'string', pattern: '^[1-9][0-9]{0,8}(ms|s|m|h|d)$' },
  ],
} as const;
const column = { type: 'string', minLength: 1, maxLength: 1024 } as const;

/** `POST /streams`: what flows in, how it is cut into windows, what is computed of each, where it goes. */
export const streamSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'source', 'window', 'operations'],
  properties: {
    name: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' },
    source: {
      type: 'object',
      additionalProperties: false,
      required: ['type'],
      properties: {
        type: { enum: ['http', 'kafka'] },
        topic: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,249}$' },
        format: { enum: ['json', 'arrow'], default: 'json' },
      },
    },
    key: { ...column, description: 'Column by whose values windows are kept apart; none: all rows are one.' },
    id: {
      ...column,
      description:
        'Column that names a record: one whose name came before in the same partition, as long as a window it could be in is open, is counted once.',
    },
    window: {
      type: 'object',
      additionalProperties: false,
      required: ['type', 'time'],
      properties: {
        type: { enum: ['tumbling', 'hopping', 'session'] },
        size: { ...duration, description: 'Of tumbling and hopping windows.' },
        every: { ...duration, description: 'How far apart hopping windows begin.' },
        gap: { ...duration, description: 'Without a record so long a session ends.' },
        time: {
          ...column,
          description:
            'Column of the event time: timestamps, milliseconds since 1970, or text in ISO 8601 with its zone.',
        },
        lateness: {
          anyOf: [{ type: 'integer', minimum: 0, maximum: 31_536_000_000 }, duration.anyOf[1]],
          default: 0,
          description: 'How long after its end, by the watermark, a window still takes records.',
        },
      },
    },
    operations: {
      type: 'array',
      minItems: 1,
      maxItems: 16,
      items: operationSchema,
    },
    sink: {
      type: 'object',
      additionalProperties: false,
      required: ['type'],
      properties: {
        type: { enum: ['kafka', 'none'] },
        topic: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,249}$' },
      },
    },
    dead_letter: {
      type: 'string',
      pattern: '^[A-Za-z0-9._-]{1,249}$',
      description: 'Topic of records that cannot be taken; the topic with `.dead-letter` behind by default.',
    },
  },
} as const;

export type StreamDefinition = FromSchema<typeof streamSchema>;

export type Operation = StreamDefinition['operations'][number];
export type OperationOf<Name extends Operation['name']> = Extract<Operation, { readonly name: Name }>;

/** How a stream is cut; sizes in milliseconds. Tumbling windows are hopping ones whose `every` is their size. */
export type WindowKind =
  | { readonly type: 'tumbling' | 'hopping'; readonly size: number; readonly every: number }
  | { readonly type: 'session'; readonly gap: number };

/** A definition that makes sense as a whole: durations in milliseconds, defaults filled in. Plain JSON. */
export interface Definition {
  readonly name: string;
  readonly source:
    | { readonly type: 'http' }
    | { readonly type: 'kafka'; readonly topic: string; readonly format: 'json' | 'arrow' };
  readonly key: string | null;
  readonly id: string | null;
  /** Column of the event time. */
  readonly time: string;
  readonly window: WindowKind;
  readonly lateness: number;
  readonly operations: readonly Operation[];
  /** Topic that results go to. */
  readonly sink: { readonly topic: string } | null;
  /** Topic of records that cannot be taken; null: the source is HTTP, and it names none. */
  readonly deadLetter: string | null;
}

/** Hopping windows that one record may be in. */
export const MOST_OVERLAPPING = 1000;

/**
 * What `POST /streams` defines. `checked`: valid by `streamSchema`, defaults filled in. Throws Problem 422 `invalid_option` with
 * a pointer into the document for each fault.
 */
export function resolveDefinition(checked: StreamDefinition): Definition {
  const faults: Fault[] = [];
  const fault = (pointer: string, detail: string): void => {
    faults.push({ pointer, code: 'invalid_option', detail });
  };
  const definition: Definition = {
    name: checked.name,
    source: sourceOf(checked, fault),
    key: checked.key ?? null,
    id: checked.id ?? null,
    time: checked.window.time,
    window: windowOf(checked.window, fault),
    lateness: milliseconds(checked.window.lateness),
    operations: checked.operations,
    sink: sinkOf(checked, fault),
    deadLetter: deadLetterOf(checked),
  };
  if (definition.key === definition.time)
    fault('/key', `expected a column other than the time, got ${JSON.stringify(excerpt(definition.time))}`);
  if (definition.id === definition.time)
    fault('/id', `expected a column other than the time, got ${JSON.stringify(excerpt(definition.time))}`);
  checkOperations(definition, fault);
  const [first] = faults;
  if (first !== undefined) throw new Problem(first.code, first.detail, faults.slice(0, 20));
  return definition;
}

type Faulty = (pointer: string, detail: string) => void;

function sourceOf({ source }: StreamDefinition, fault: Faulty): Definition['source'] {
  const { type, topic, format } = source;
  if (type === 'http') {
    if (topic !== undefined) fault('/source/topic', 'expected no topic of a source of type http, got one');
    if (format === 'arrow')
      fault('/source/format', 'expected no format of a source of type http: requests name theirs, got arrow');
    return { type };
  }
  if (topic === undefined) fault('/source/topic', 'expected a topic of a source of type kafka, got none');
  return { type, topic: topic ?? '', format };
}

function sinkOf({ sink }: StreamDefinition, fault: Faulty): Definition['sink'] {
  if (sink === undefined || sink.type === 'none') {
    if (sink?.topic !== undefined) fault('/sink/topic', 'expected no topic of a sink of type none, got one');
    return null;
  }
  if (sink.topic === undefined) fault('/sink/topic', 'expected a topic of a sink of type kafka, got none');
  return { topic: sink.topic ?? '' };
}

const deadLetterOf = ({ source, dead_letter: named }: StreamDefinition): string | null =>
  named ?? (source.type === 'kafka' ? `${(source.topic ?? '').slice(0, 237)}.dead-letter` : null);

/** Members of each kind of window; others are refused. */
const SIZES = { tumbling: ['size'], hopping: ['size', 'every'], session: ['gap'] } as const;

function windowOf(window: StreamDefinition['window'], fault: Faulty): WindowKind {
  const { type } = window;
  const wanted: readonly string[] = SIZES[type];
  for (const member of ['size', 'every', 'gap'] as const) {
    const isThere = window[member] !== undefined;
    if (isThere === wanted.includes(member)) continue;
    const got = isThere ? 'got one' : 'got none';
    fault(`/window/${member}`, `expected ${isThere ? 'no ' : ''}${member} of a ${type} window, ${got}`);
  }
  if (milliseconds(window.lateness) > MOST_MS)
    fault('/window/lateness', `expected at most a year, got ${window.lateness}`);
  const [size, every, gap] = [window.size, window.every, window.gap].map((one) => milliseconds(one ?? 1));
  for (const [member, value] of [
    ['size', size],
    ['every', every],
    ['gap', gap],
  ] as const)
    if (value! > MOST_MS) fault(`/window/${member}`, `expected at most a year, got ${value} ms`);
  if (type === 'session') return { type, gap: gap! };
  if (type === 'tumbling') return { type, size: size!, every: size! };
  if (every! > size!)
    fault(
      '/window/every',
      `expected at most the size, ${size} ms, so that no record is in no window, got ${every} ms`,
    );
  if (size! / every! > MOST_OVERLAPPING)
    fault(
      '/window/every',
      `expected at least a ${MOST_OVERLAPPING}th of the size, ${size} ms, got ${every} ms`,
    );
  return { type, size: size!, every: every! };
}

const MOST_MS = 31_536_000_000;
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Of a duration that matches its schema. */
function milliseconds(duration: number | string): number {
  if (typeof duration === 'number') return duration;
  const [, count = '', unit = ''] = /^(\d+)(\D+)$/u.exec(duration) ?? [];
  return Number(count) * (UNITS[unit] ?? NaN);
}

function checkOperations({ operations, key, id, time }: Definition, fault: Faulty): void {
  const taken = new Map([key, id, time].filter((one) => one !== null).map((one) => [one, true]));
  operations.forEach(({ name, columns }, place) => {
    if (name === 'kmeans' && operations.findIndex((one) => one.name === name) !== place)
      fault(`/operations/${place}/name`, 'expected kmeans once, got it twice');
    columns?.forEach((column, i) => {
      if (taken.has(column))
        fault(
          `/operations/${place}/columns/${i}`,
          `expected a column of values, got ${JSON.stringify(excerpt(column))}, which is the key, the id or the time`,
        );
    });
  });
}
