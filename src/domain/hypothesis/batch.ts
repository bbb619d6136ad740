import type { Json } from '../../ports/formats.js';
import { Problem } from '../../ports/problem.js';
import type { FromSchema, JSONSchema } from '../../ports/schema.js';
import type { Column, NumericColumn } from '../../ports/tables.js';
import { endpoint, type Question } from '../endpoint.js';
import * as shared from '../options.js';
import { eachTold } from '../progress.js';
import { adjustedP, ADJUSTMENTS } from './adjust.js';
import { answerTest, type Asked, type Results } from './answer.js';
import { optionsOf, outcomeSchema } from './endpoints.js';
import type { CommonOptions, HypothesisTest } from './test.js';
import { hypothesisTests } from './tests.js';

const byName = new Map(hypothesisTests.map((test) => [test.name, test]));

const options = {
  type: 'object',
  additionalProperties: false,
  required: ['tests'],
  properties: {
    tests: {
      description: 'Tests by name, each with the options of its own endpoint.',
      type: 'array',
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string', enum: [...byName.keys()] } },
      },
      minItems: 1,
      maxItems: 1000,
    },
    adjust: {
      description:
        'How p-values are adjusted for the number of tests: `bonferroni`, `holm` (its step-down form), or `fdr_bh` (Benjamini and Hochberg).',
      enum: ADJUSTMENTS,
      default: 'holm',
    },
    nan_policy: shared.nan_policy,
    engine: shared.engine,
  },
} as const;

type BatchOptions = FromSchema<typeof options>;

/** A test of the batch: its options without the engine, which is one for all, and with a policy only where it has its own. */
function partOf(test: HypothesisTest): JSONSchema {
  const { properties, ...rest } = optionsOf(test) as { properties: Record<string, JSONSchema> };
  const { description, enum: policies } = shared.nan_policy;
  const own = Object.entries(properties).filter(([name]) => name !== 'engine');
  const nanPolicy = { description, enum: policies };
  return {
    ...rest,
    properties: { name: { const: test.name }, ...Object.fromEntries(own), nan_policy: nanPolicy },
  };
}

/** Values that the results of a batch hold at most. */
const MOST_VALUES = 1_000_000;

/** `POST /analytics/tests`: a family of tests over one table, with p-values adjusted for their number. */
export const batch = endpoint<BatchOptions>({
  name: 'tests',
  path: '/analytics/tests',
  summary: 'Many hypothesis tests over one table, with adjusted p-values',
  description:
    'Each of `tests` is answered as by its own endpoint; `p_adjusted` is its p-value in the family of all of them. A test without a p-value takes no part in the family.',
  options,
  beside: ['tests', 'adjust'],
  parts: new Map(hypothesisTests.map((test) => [test.name, partOf(test)])),
  results: {
    type: 'object',
    required: ['tests', 'adjust'],
    properties: {
      tests: {
        type: 'array',
        items: {
          ...outcomeSchema,
          properties: { ...outcomeSchema.properties, p_adjusted: { type: ['number', 'null'] } },
        },
      },
      adjust: { enum: ADJUSTMENTS },
    },
  },
  details: { type: 'object' },
  answersArrow: false,
  example: {
    columns: { a: [5.1, 4.9, 6.2, 5.8], b: [6.1, 6.9, 7.2, 6.8] },
    tests: [{ name: 'ttest_ind' }, { name: 'levene', center: 'mean' }],
    adjust: 'holm',
  },
  run(question) {
    const { engine, space, notes, progress } = question;
    const { adjust } = question.options;
    const asked = question.options.tests.map((given, i) => testOf(given, i, question));
    learnMoments(asked, question);
    let values = 0;
    const columns = new Set<string>();
    const answers = eachTold('tests', asked, progress, ({ test, ...rest }, i) => {
      const answer = space.scratch(() => answerTest(test, rest, { engine, space, notes }));
      for (const { name } of answer.columns) columns.add(name);
      values += valuesIn(answer.results);
      if (values > MOST_VALUES) {
        const detail = `expected tests whose results hold at most ${MOST_VALUES} values, got more by test ${i}`;
        throw Problem.at(question.pointer('tests', i), 'invalid_option', detail);
      }
      return answer.results;
    });
    const adjusted = adjustedP(answers.map(pOf), adjust);
    const tests = asked.map((_, i) =>
      i < answers.length ? { ...answers[i]!, p_adjusted: adjusted[i]! } : null,
    );
    if (answers.length < asked.length)
      notes.partial(
        `stopped: ${answers.length} of ${asked.length} tests, the others are null; p-values adjusted for those done`,
      );
    return { results: { tests, adjust }, details: {}, columns: columns.size };
  },
});

type AskedTest = Asked & { readonly test: HypothesisTest };

/** Throws 422 that points into the test, for what it does not take. */
function testOf(
  given: BatchOptions['tests'][number],
  index: number,
  { table, options: { nan_policy, engine }, pointer, part }: Question<BatchOptions>,
): AskedTest {
  const test = byName.get(given.name)!;
  const { values, pointer: own } = part(test.name, given, pointer('tests', index));
  return {
    test,
    table,
    options: { nan_policy, ...(values as Partial<CommonOptions>), engine },
    pointer: own,
  };
}

/**
 * What several tests ask of a column is computed once, for all columns in one go. Every column is decoded here, before
 * the space of a test is given back after it.
 */
function learnMoments(asked: readonly AskedTest[], { table, engine }: Question<BatchOptions>): void {
  const names = new Set(table.names);
  const orders = new Map<string, 2 | 4>();
  for (const { test, options: own } of asked) {
    const key = own.groupby === undefined ? [] : [own.groupby];
    for (const name of [...(own.columns ?? table.names), ...key]) {
      if (names.has(name)) orders.set(name, test.moments === 4 ? 4 : (orders.get(name) ?? 2));
    }
  }
  for (const order of [2, 4] as const) {
    const columns = [...orders].filter(([, of]) => of === order).map(([name]) => table.column(name));
    engine.ahead.moments(
      columns.filter(isNumeric).map(({ numbers }) => numbers),
      order,
    );
  }
}

const isNumeric = (column: Column): column is NumericColumn => 'numbers' in column;

function pOf({ p_value: p }: Results): number | null {
  return typeof p === 'number' ? p : null;
}

function valuesIn(value: Json | undefined): number {
  if (typeof value !== 'object' || value === null) return 1;
  if (value instanceof Float64Array || value instanceof Int32Array) return value.length;
  const members: readonly (Json | undefined)[] = Array.isArray(value) ? value : Object.values(value);
  return members.reduce<number>((sum, each) => sum + valuesIn(each), 0);
}
