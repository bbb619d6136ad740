import { JOB_STATES } from '../../ports/jobs.js';
import type { JSONSchema } from '../../ports/schema.js';
import { EVENT_STREAM } from './events.js';

const time = { type: ['string', 'null'], format: 'date-time' };
const ID = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };
const HASH = 'a'.repeat(64);

/** A job as clients see it. */
export const JOB = {
  type: 'object',
  required: [
    'id',
    'operation',
    'dataset',
    'state',
    'attempts',
    'created',
    'started',
    'finished',
    'progress',
    'links',
  ],
  properties: {
    id: { type: 'string' },
    operation: { type: 'string' },
    dataset: { type: 'string' },
    model: { type: 'string' },
    version: { type: 'integer' },
    state: { enum: JOB_STATES },
    position: { type: 'integer', minimum: 1, description: 'In the queue: 1 is the next.' },
    cancelling: { type: 'boolean', description: 'It was told to end, and has not yet.' },
    attempts: { type: 'integer', description: 'Times that it was begun.' },
    created: time,
    started: time,
    finished: time,
    progress: {
      type: ['object', 'null'],
      description: 'The last step that was kept, with figures of its stage.',
      properties: {
        stage: { type: 'string' },
        done: { type: 'number' },
        total: { type: 'number' },
        left_ms: { type: 'number', description: 'Estimated time until the stage is through.' },
      },
    },
    result: {
      type: 'object',
      properties: {
        content_type: { type: 'string' },
        bytes: { type: 'integer' },
        partial: { type: 'boolean' },
      },
    },
    failure: {
      type: 'object',
      properties: { code: { type: 'string' }, detail: { type: 'string' }, errors: { type: 'array' } },
    },
    links: { type: 'object', additionalProperties: { type: 'string' } },
  },
};

const job = { $ref: '#/components/schemas/Job' };
const problem = {
  description: 'A problem, RFC 9457.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};
const told = (description: string, results: object): object => ({
  description,
  content: {
    'application/json': {
      schema: {
        type: 'object',
        required: ['status', 'results'],
        properties: { status: { const: 'success' }, results },
      },
    },
  },
});
const query = (name: string, schema: object, description: string): object => ({
  name,
  in: 'query',
  required: false,
  description,
  schema,
});

/** Path items of jobs. `schema`: what `POST /jobs` is validated with. */
export function jobPaths(schema: JSONSchema): object {
  const submitted = { Location: { schema: { type: 'string' } } };
  return {
    '/jobs': {
      get: {
        tags: ['jobs'],
        summary: 'Jobs, newest first',
        operationId: 'jobs.list',
        parameters: [
          query('state', { enum: JOB_STATES }, 'Only those.'),
          query('limit', { type: 'integer', minimum: 1, maximum: 500, default: 50 }, 'How many at most.'),
          query('after', { type: 'string' }, 'The last job of the page before: `next` says it.'),
        ],
        responses: {
          200: told('Jobs.', {
            type: 'object',
            properties: { jobs: { type: 'array', items: job }, next: { type: ['string', 'null'] } },
          }),
          default: problem,
        },
      },
      post: {
        tags: ['jobs'],
        summary: 'An operation over a stored dataset, while nobody waits',
        operationId: 'jobs.submit',
        parameters: [
          {
            name: 'Idempotency-Key',
            in: 'header',
            required: false,
            description:
              'The same key of the same caller is the same job, as long as that is kept; with another body it is 409.',
            schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
          },
        ],
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema,
              example: { operation: 'cluster', dataset: HASH, options: { n_clusters: 3 } },
            },
          },
        },
        responses: {
          200: { ...told('The job that came with this key before.', job), headers: submitted },
          202: { ...told('A job that waits.', job), headers: submitted },
          default: problem,
        },
      },
    },
    '/jobs/{id}': {
      parameters: [ID],
      get: {
        tags: ['jobs'],
        summary: 'A job: its state, progress and place in the queue',
        operationId: 'jobs.job',
        responses: { 200: told('The job.', job), default: problem },
      },
      delete: {
        tags: ['jobs'],
        summary: 'Ends a job that waits or runs; what it had computed by then is kept',
        operationId: 'jobs.cancel',
        responses: {
          200: told('The job, which has ended.', job),
          202: told('The job, which was told to end and has not yet.', job),
          default: problem,
        },
      },
    },
    '/jobs/{id}/result': {
      parameters: [ID],
      get: {
        tags: ['jobs'],
        summary: 'What a job has computed, as its operation answers it',
        operationId: 'jobs.result',
        responses: {
          200: {
            description: 'The answer. Of a job that was cancelled `meta.partial` is true.',
            content: { 'application/json': { schema: { type: 'object' } } },
          },
          default: problem,
        },
      },
    },
    '/jobs/{id}/events': {
      parameters: [ID],
      get: {
        tags: ['jobs'],
        summary: 'Events of a job, those that were before too; the last is `done`',
        operationId: 'jobs.events',
        parameters: [
          {
            name: 'Last-Event-ID',
            in: 'header',
            required: false,
            description: 'Only those behind it.',
            schema: { type: 'integer', minimum: 1 },
          },
        ],
        responses: {
          200: {
            description: 'Server-sent events.',
            content: { [EVENT_STREAM]: { schema: { type: 'string' } } },
          },
          204: { description: 'The last was seen already.' },
          default: problem,
        },
      },
    },
  };
}
