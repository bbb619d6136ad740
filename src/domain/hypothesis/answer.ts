import type { Json } from '../../ports/formats.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { Column, NumericColumn, Table } from '../../ports/tables.js';
import { missingIn, refuseMissing, selectColumns } from '../columns.js';
import type { Question } from '../endpoint.js';
import type { Notes } from '../notes.js';
import { completeRows, numbersOf } from './samples.js';
import type { CommonOptions, HypothesisTest, Interval, Sample, Takes, TestOutcome } from './test.js';

type Tools = Pick<Question<unknown>, 'engine' | 'space' | 'notes'>;

/** Where a test's data come from, and what is said of an option that does not fit. */
export interface Asked {
  readonly table: Table;
  readonly options: CommonOptions;
  readonly pointer: (option: string, index?: number) => string;
}

/** Runs one test on the columns that its options name; `results` of the answer. Throws Problem. */
export function answerTest(
  test: HypothesisTest,
  asked: Asked,
  tools: Tools,
): { results: Json; columns: readonly Column[] } {
  const { table, options, pointer } = asked;
  const { engine, space, notes } = tools;
  const columns = columnsOf(test, asked, notes);
  const numeric = test.takes.kind === 'table' ? [] : columns.map((column) => numericOf(column, test, asked));
  if (options.nan_policy === 'raise') {
    refuseMissing({ rows: table.rows, all: columns, numbers: numeric, booleans: [] }, engine, pointer);
  }
  const missing = columns.reduce((sum, column) => sum + missingIn(column, engine), 0);
  if (missing > 0 && options.nan_policy === 'propagate') {
    notes.warn('missing_values', 'missing values under nan_policy "propagate": no result');
    return { results: { test: test.name, statistic: null, p_value: null, log10_p: null }, columns };
  }
  for (const column of columns) {
    const left = missingIn(column, engine);
    if (left > 0)
      notes.warn('rows_dropped', `${left} rows with missing values left out of the test`, column.name);
  }
  const samples = samplesOf(test.takes, numeric, tools);
  const outcome = test.run({ samples, columns, options, pointer, engine, space, notes });
  return { results: resultsOf(test.name, outcome, notes), columns };
}

/** The columns named in the options, in that order; without names every column of numbers. */
function columnsOf(
  { name, takes }: HypothesisTest,
  { table, options, pointer }: Asked,
  notes: Notes,
): Column[] {
  const selection = selectColumns(table, options.columns, pointer, notes);
  const wanted = options.columns?.map((one) => selection.all.find((column) => column.name === one)!);
  const columns =
    wanted ??
    (takes.kind === 'table' && selection.numbers.length === 0 ? [...selection.all] : [...selection.numbers]);
  if (columns.length < takes.least || columns.length > takes.most) {
    const got = `${columns.length}: ${excerpt(columns.map((column) => JSON.stringify(column.name)).join(', '))}`;
    throw Problem.at(
      pointer('columns'),
      'invalid_option',
      `expected ${countOf(takes)} for ${name}, got ${got}`,
    );
  }
  return columns;
}

function countOf({ least, most }: Takes): string {
  if (least === most) return least === 1 ? 'one column' : `${least} columns`;
  return most === Infinity ? `at least ${least} columns` : `${least} to ${most} columns`;
}

function numericOf(column: Column, { name }: HypothesisTest, { options, pointer }: Asked): NumericColumn {
  if ('numbers' in column) return column;
  const index = options.columns?.indexOf(column.name);
  const detail = `expected columns of numbers for ${name}, got ${column.type} in ${JSON.stringify(excerpt(column.name))}`;
  throw Problem.at(pointer('columns', index), 'invalid_option', detail);
}

function samplesOf({ kind }: Takes, columns: readonly NumericColumn[], { space }: Tools): Sample[] {
  if (kind !== 'pairs') return columns.map(({ name, numbers }) => ({ name, numbers }));
  const complete = completeRows(
    columns.map(({ numbers }) => numbers),
    space,
  );
  return columns.map(({ name }, i) => ({ name, numbers: numbersOf(complete[i]!) }));
}

function resultsOf(name: string, outcome: TestOutcome, notes: Notes): Json {
  const { statistic, tail, df, confidenceInterval, effectSize, n, assumptions, more } = outcome;
  const finite = (value: number, what: string): number | null => notes.finite(value, what);
  // An infinite end is where an interval is open.
  const ends = (interval: Interval, what: string): Json =>
    interval.map((end, i) =>
      end === Infinity || end === -Infinity ? null : finite(end, `${what} ${i === 0 ? 'low' : 'high'}`),
    );
  return {
    test: name,
    statistic: finite(statistic, 'statistic'),
    ...(tail !== undefined && {
      p_value: finite(tail.p, 'p_value'),
      // Of p = 0 exactly there is none.
      log10_p: Number.isFinite(tail.log10) ? tail.log10 : null,
    }),
    ...(df !== undefined && { df: finite(df, 'df') }),
    ...(confidenceInterval !== undefined && {
      confidence_interval: ends(confidenceInterval, 'confidence_interval'),
    }),
    ...(effectSize !== undefined && {
      effect_size: {
        name: effectSize.name,
        value: finite(effectSize.value, 'effect_size'),
        confidence_interval:
          effectSize.confidenceInterval === null
            ? null
            : ends(effectSize.confidenceInterval, 'effect_size confidence_interval'),
      },
    }),
    ...more,
    n,
    assumptions: assumptions.map(({ name: assumption, test, pValue, holds, sample }) => ({
      name: assumption,
      ...(sample !== undefined && { sample }),
      test,
      p_value: pValue === null || !Number.isFinite(pValue) ? null : pValue,
      holds,
    })),
  };
}
