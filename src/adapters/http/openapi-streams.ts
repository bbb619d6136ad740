import type { JSONSchema } from '../../ports/schema.js';
import { EVENT_STREAM } from './events.js';

const NAME = { name: 'name', in: 'path', required: true, schema: { type: 'string' } };
const time = { type: ['string', 'null'], format: 'date-time' };
const count = { type: 'integer', minimum: 0 };
const COUNTS = {
  type: 'object',
  properties: { accepted: count, late: count, rejected: count, duplicates: count },
};

/** A stream as clients see it. */
export const STREAM = {
  type: 'object',
  required: [
    'name',
    'created',
    'definition',
    'state',
    'watermark',
    'windows',
    'records',
    'rate',
    'partitions',
  ],
  properties: {
    name: { type: 'string' },
    created: time,
    definition: { type: 'object', description: 'As it was resolved: durations in milliseconds.' },
    state: { enum: ['running', 'degraded'] },
    reason: { type: 'string', description: 'Why it is degraded.' },
    watermark: { ...time, description: 'Least event time that partitions have come to.' },
    closed_before: { ...time, description: 'Windows that end until then are closed.' },
    windows: { type: 'object', properties: { open: count, closed: count } },
    records: COUNTS,
    rate: { type: 'number', description: 'Records a second over the last minute.' },
    lag: { type: ['integer', 'null'], description: 'Records behind the end of the topic.' },
    partitions: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          partition: { type: 'integer', description: '-1: of records by HTTP.' },
          offset: { type: ['string', 'null'] },
          lag: { type: ['integer', 'null'] },
          watermark: time,
          idle: { type: 'boolean' },
          rate: { type: 'number' },
          windows: count,
          last_record: time,
        },
      },
    },
  },
} as const;

const results = (schema: object): object => ({
  'application/json': {
    schema: {
      type: 'object',
      properties: {
        status: { const: 'success' },
        results: schema,
        details: { type: 'object' },
        meta: { type: 'object' },
      },
    },
  },
});
const problem = (description: string): object => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});
const NONE = problem('No such stream');
const one = { $ref: '#/components/schemas/Stream' };
const option = (name: string, schema: object, description: string): object => ({
  name,
  in: 'query',
  schema,
  description,
});
const WINDOWS = {
  type: 'object',
  properties: { windows: { type: 'array', items: { type: 'object' } }, next: { type: ['integer', 'null'] } },
};

/** A stream, and records of it. */
const EXAMPLE = {
  name: 'sensors',
  source: { type: 'http' },
  key: 'sensor',
  window: { type: 'tumbling', size: '1m', time: 'time', lateness: '5s' },
  operations: [{ name: 'describe' }],
};
const RECORDS = [
  { time: '2026-01-01T00:00:01Z', sensor: 'a', value: 20.5 },
  { time: '2026-01-01T00:00:02Z', sensor: 'b', value: 21.25 },
];
const LINES = RECORDS.map((record) => `${JSON.stringify(record)}\n`).join('');

/** Path items of streams. */
export function streamPaths(streamSchema: JSONSchema): object {
  const tags = ['streams'];
  return {
    '/streams': {
      get: {
        operationId: 'streams.list',
        summary: 'The streams',
        tags,
        responses: {
          200: {
            description: 'By name',
            content: results({ type: 'object', properties: { streams: { type: 'array', items: one } } }),
          },
        },
      },
      post: {
        operationId: 'streams.create',
        summary: 'Makes a stream',
        description:
          'What flows in, how it is cut into windows by event time, what is computed of each, where it goes.',
        tags,
        requestBody: {
          required: true,
          content: { 'application/json': { schema: streamSchema, example: EXAMPLE } },
        },
        responses: {
          200: { description: 'There is one that is the same', content: results(one) },
          201: { description: 'It was made', content: results(one) },
          409: problem('There is another of that name, or there are too many'),
          422: problem('It makes no sense'),
        },
      },
    },
    '/streams/{name}': {
      parameters: [NAME],
      get: {
        operationId: 'streams.status',
        summary: 'A stream: lag, watermark, rates, open windows',
        tags,
        responses: { 200: { description: 'As it is stored', content: results(one) }, 404: NONE },
      },
      delete: {
        operationId: 'streams.remove',
        summary: 'Removes a stream with its windows',
        tags,
        responses: {
          200: {
            description: 'It is gone',
            content: results({ type: 'object', properties: { removed: { type: 'integer' } } }),
          },
          404: NONE,
        },
      },
    },
    '/streams/{name}/records': {
      parameters: [NAME],
      post: {
        operationId: 'streams.records',
        summary: 'Takes records into a stream whose source is http',
        description:
          'Answers when they are in the state for good. Sent again with the same Idempotency-Key within a day they are counted once.',
        tags,
        parameters: [
          {
            name: 'Idempotency-Key',
            in: 'header',
            schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
          },
        ],
        requestBody: {
          required: true,
          content: {
            'application/x-ndjson': { schema: { type: 'string' }, example: LINES },
            'application/json': { schema: { type: 'object' }, example: { data: RECORDS } },
            'application/vnd.apache.arrow.stream': { schema: { type: 'string', format: 'binary' } },
            'text/csv': { schema: { type: 'string' } },
          },
        },
        responses: {
          200: {
            description: 'What became of them',
            content: results({
              type: 'object',
              properties: {
                records: count,
                ...COUNTS.properties,
                rejections: {
                  type: 'array',
                  maxItems: 20,
                  items: { type: 'object', properties: { row: count, reason: { type: 'string' } } },
                },
                watermark: time,
                repeated: { const: true, description: 'They had been counted before.' },
              },
            }),
          },
          404: NONE,
          409: problem('Its source is a topic, or the Idempotency-Key was that of another batch'),
          503: problem('Too much waits, or there would be too many open windows'),
        },
      },
    },
    '/streams/{name}/windows': {
      parameters: [NAME],
      get: {
        operationId: 'streams.windows',
        summary: 'Windows of a stream: closed ones, newest first, or open ones as they are so far',
        tags,
        parameters: [
          option('state', { enum: ['closed', 'open'], default: 'closed' }, 'Which windows.'),
          option('limit', { type: 'integer', minimum: 1, maximum: 1000, default: 100 }, 'How many.'),
          option('after', { type: 'integer' }, '`next` of the page before.'),
          option('key', { type: 'string' }, 'Windows of that key.'),
          option('from', { type: 'string' }, 'Windows that end behind it: ISO 8601, or ms since 1970.'),
          option('to', { type: 'string' }, 'Windows that begin before it.'),
        ],
        responses: { 200: { description: 'A page of them', content: results(WINDOWS) }, 404: NONE },
      },
    },
    '/streams/{name}/events': {
      parameters: [NAME],
      get: {
        operationId: 'streams.events',
        summary: 'Follows a stream: each window as it closes, watermark and rates',
        tags,
        parameters: [
          {
            name: 'Last-Event-ID',
            in: 'header',
            schema: { type: 'string' },
            description: 'Goes on behind it.',
          },
        ],
        responses: {
          200: {
            description: 'Events `window`, with ids, and `status`',
            content: { [EVENT_STREAM]: { schema: { type: 'string' } } },
          },
          404: NONE,
        },
      },
    },
  };
}
