/**
 * A model's document: JSON Schema of what `GET /models/{name}/export` gives and `POST /models?format=document` takes.
 * Arrays of numbers are written as `state-text.ts` says. What a state has to hold beside being of values is its
 * estimator's or transformer's, and verified by it.
 */
const value = {
  description:
    'Any JSON value. `{"float64":…}` and `{"int32":…}` are arrays: lists (`"nan"`, `"inf"`, `"-inf"`, `"-0"` among numbers), or base64 of the little-endian bytes; `{"number":…}` is one of those words; `{"map":[[key,value],…]}` a map; `{"object":…}` an object whose only key is one of these.',
} as const;
const cell = { type: ['string', 'number', 'boolean'] } as const;

export const documentSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['format', 'format_version', 'card', 'steps', 'estimator'],
  properties: {
    format: { enum: ['analytics-service/model'] },
    format_version: { enum: [1] },
    card: {
      type: 'object',
      additionalProperties: false,
      required: [
        'format',
        'task',
        'pipeline',
        'inputs',
        'outputs',
        'target',
        'metrics',
        'metrics_on',
        'rows',
      ],
      properties: {
        format: { enum: ['pipeline'] },
        task: { enum: ['regression', 'classification', 'clustering', 'outliers', 'decomposition'] },
        pipeline: {
          type: 'array',
          minItems: 1,
          maxItems: 50,
          items: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
        },
        inputs: {
          type: 'array',
          minItems: 1,
          maxItems: 65_536,
          items: {
            type: 'object',
            additionalProperties: false,
            required: ['name', 'type'],
            properties: {
              name: { type: 'string', maxLength: 1024 },
              type: { enum: ['number', 'boolean', 'string', 'timestamp'] },
            },
          },
        },
        outputs: {
          type: 'array',
          maxItems: 100,
          items: {
            type: 'object',
            additionalProperties: false,
            required: ['name', 'type', 'width'],
            properties: {
              name: { type: 'string', maxLength: 1024 },
              type: { enum: ['number', 'boolean', 'string', 'timestamp'] },
              width: { type: 'integer', minimum: 1, maximum: 65_536 },
            },
          },
        },
        target: {
          anyOf: [
            { type: 'null' },
            {
              type: 'object',
              additionalProperties: false,
              required: ['name', 'type'],
              properties: {
                name: { type: 'string', maxLength: 1024 },
                type: { enum: ['number', 'boolean', 'string', 'timestamp'] },
                classes: {
                  type: 'array',
                  items: cell,
                  minItems: 1,
                  maxItems: 1000,
                },
              },
            },
          ],
        },
        metrics: { type: 'object', additionalProperties: { type: ['number', 'null', 'object'] } },
        metrics_on: { enum: ['test', 'cross_validation', 'training', null] },
        rows: { type: 'integer', minimum: 0 },
        training_sha256: { type: ['string', 'null'], maxLength: 64 },
        engine: { enum: ['wasm', 'js'] },
        engine_version: { type: 'string', maxLength: 100 },
      },
    },
    steps: {
      type: 'array',
      maxItems: 49,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'columns', 'state'],
        properties: {
          name: { type: 'string' },
          columns: { type: 'array', items: { type: 'string' }, maxItems: 65_536 },
          state: value,
        },
      },
    },
    estimator: {
      type: 'object',
      additionalProperties: false,
      required: ['name', 'features', 'state'],
      properties: {
        name: { type: 'string' },
        features: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 65_536 },
        state: { type: 'object' },
      },
    },
  },
} as const;
