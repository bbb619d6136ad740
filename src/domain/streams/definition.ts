import type { FromSchema } from '../../ports/schema.js';

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
        time: { ...column, description: 'Column of the event time: timestamps, or milliseconds since 1970.' },
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
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { enum: ['describe', 'ttest_1samp', 'kmeans', 'drift', 'outliers'] } },
      },
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
