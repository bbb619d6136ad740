import { endpoint, type Endpoint } from '../endpoint.js';
import * as shared from '../options.js';
import { answerTest } from './answer.js';
import { takesGroups } from './groups.js';
import * as own from './options.js';
import type { CommonOptions, HypothesisTest } from './test.js';
import { hypothesisTests } from './tests.js';
import type { JSONSchema } from '../../ports/schema.js';

const nullable = { type: ['number', 'null'] } as const;
const interval = { type: 'array', items: nullable, minItems: 2, maxItems: 2 } as const;

/** `results` of one test. */
export const outcomeSchema = {
  type: 'object',
  required: ['test', 'statistic'],
  properties: {
    test: { type: 'string' },
    statistic: nullable,
    p_value: nullable,
    log10_p: { ...nullable, description: 'log10 of the p-value, right also where that underflows.' },
    df: nullable,
    groups: {
      type: 'array',
      items: { type: 'string' },
      description: 'The samples of `groupby`, in the order of `n`.',
    },
    confidence_interval: { ...interval, description: 'An open end is null.' },
    effect_size: {
      type: 'object',
      properties: {
        name: { type: 'string' },
        value: nullable,
        confidence_interval: { type: ['array', 'null'], items: nullable },
      },
    },
    n: { type: 'array', items: { type: 'integer' } },
    assumptions: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          sample: { type: 'string' },
          test: { type: ['string', 'null'] },
          p_value: nullable,
          holds: { type: ['boolean', 'null'] },
        },
      },
    },
  },
} as const;

/** The schema of all options of a test. */
export function optionsOf({ options, takes }: HypothesisTest): JSONSchema {
  return {
    type: 'object',
    additionalProperties: false,
    required: [...options.required],
    properties: {
      columns: shared.columns,
      ...(takesGroups(takes) && { groupby: own.groupby }),
      ...options.properties,
      nan_policy: shared.nan_policy,
      engine: shared.engine,
    },
  };
}

/** `POST /analytics/tests/{name}`, one endpoint a test. */
export const testEndpoints: readonly Endpoint[] = hypothesisTests.map((test) =>
  endpoint<CommonOptions>({
    name: test.name,
    path: `/analytics/tests/${test.name}`,
    summary: test.summary,
    description: test.description,
    options: optionsOf(test),
    results: outcomeSchema,
    details: { type: 'object' },
    answersArrow: false,
    example: test.example,
    run({ table, options, pointer, engine, space, notes }) {
      const { results, columns } = answerTest(test, { table, options, pointer }, { engine, space, notes });
      return { results, details: {}, columns: columns.length };
    },
  }),
);
