import type { Engine } from '../../ports/engine.js';
import type { Json } from '../../ports/formats.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { Space } from '../../ports/space.js';
import type { Column, NumericColumn, Table } from '../../ports/tables.js';
import { refuseUnknown, selectColumns } from '../columns.js';
import type { Question } from '../endpoint.js';
import type { Notes } from '../notes.js';
import { groupedSamples } from './groups.js';
import { completeRows, numbersOf } from './samples.js';
import type { CommonOptions, HypothesisTest, Interval, Sample, Takes, TestOutcome } from './test.js';

type Tools = Pick<Question<unknown>, 'engine' | 'space' | 'notes'>;

/** Where a test's data come from, and what is said of an option that does not fit. */
export interface Asked {
  readonly table: Table;
  readonly options: CommonOptions;
  readonly pointer: (option: string, index?: number) => string;
}

/** `results` of one test. */
export type Results = Readonly<Record<string, Json>>;

/** Runs one test on the columns that its options name; `results` of the answer. Throws Problem. */
export function answerTest(
  test: HypothesisTest,
  asked: Asked,
  tools: Tools,
): { results: Results; columns: readonly Column[] } {
  const { table, options, pointer } = asked;
  const { engine, space, notes } = tools;
  const values = columnsOf(test, asked, notes);
  const numeric = test.takes.kind === 'table' ? [] : values.map((column) => numericOf(column, test, asked));
  const columns = options.groupby === undefined ? values : [...values, table.column(options.groupby)];
  engine.ahead.moments(
    numeric.map(({ numbers }) => numbers),
    test.moments ?? 2,
  );
  const missing = columns.map((column) => missingOf(column, engine));
  const first = missing.findIndex((count) => count > 0);
  if (first >= 0 && options.nan_policy === 'raise') {
    const detail = `expected no missing values under nan_policy "raise", got ${missing[first]} in column ${JSON.stringify(excerpt(columns[first]!.name))}`;
    throw Problem.at(pointer('nan_policy'), 'missing_values', detail);
  }
  if (first >= 0 && options.nan_policy === 'propagate') {
    notes.warn('missing_values', 'missing values under nan_policy "propagate": no result');
    return { results: { test: test.name, statistic: null, p_value: null, log10_p: null }, columns };
  }
  values.forEach(({ name }, i) => {
    if (missing[i]! === 0) return;
    notes.warn('rows_dropped', `${missing[i]} rows with missing values left out of the test`, name);
  });
  const given = samplesOf(test, numeric, asked, tools);
  const samples = test.takes.kind === 'pairs' ? pairsOf(given, first >= 0, space) : given;
  const outcome = test.run({ samples, columns: values, table, options, pointer, engine, space, notes });
  const groups = options.groupby === undefined ? undefined : samples.map(({ name }) => name);
  return { results: resultsOf(test.name, outcome, groups, notes), columns };
}

function missingOf(column: Column, engine: Engine): number {
  if (!('numbers' in column)) return column.missing;
  // Of the lowest order there is: what is known of higher ones answers it too.
  return column.numbers.length - engine.moments(column.numbers, 1).count;
}

/** The columns of values named in the options, in that order; without names every column of numbers. */
function columnsOf(test: HypothesisTest, { table, options, pointer }: Asked, notes: Notes): Column[] {
  const { name, takes } = test;
  const { groupby } = options;
  if (groupby !== undefined) refuseUnknown(table, groupby, pointer('groupby'));
  const selection = selectColumns(table, options.columns, pointer, notes);
  const wanted = options.columns?.map((one) => selection.all.find((column) => column.name === one)!);
  const numbers = selection.numbers.filter((column) => column.name !== groupby);
  const columns = wanted ?? (takes.kind === 'table' && numbers.length === 0 ? [...selection.all] : numbers);
  const { least, most } = groupby === undefined ? takes : { least: 1, most: 1 };
  if (columns.length < least || columns.length > most) {
    const got = `${columns.length}: ${excerpt(columns.map((column) => JSON.stringify(column.name)).join(', '))}`;
    const what = groupby === undefined ? name : `${name} by groups`;
    const detail = `expected ${countOf({ least, most })} for ${what}, got ${columns.length === 0 ? 'none' : got}`;
    throw Problem.at(pointer('columns'), 'invalid_option', detail);
  }
  return columns;
}

function countOf({ least, most }: Pick<Takes, 'least' | 'most'>): string {
  if (least === most) return least === 1 ? 'one column' : `${least} columns`;
  return most === Infinity ? `at least ${least} columns` : `${least} to ${most} columns`;
}

function numericOf(column: Column, { name }: HypothesisTest, { options, pointer }: Asked): NumericColumn {
  if ('numbers' in column) return column;
  const index = options.columns?.indexOf(column.name);
  const detail = `expected columns of numbers for ${name}, got ${column.type} in ${JSON.stringify(excerpt(column.name))}`;
  throw Problem.at(pointer('columns', index), 'invalid_option', detail);
}

function samplesOf(
  test: HypothesisTest,
  columns: readonly NumericColumn[],
  { table, options, pointer }: Asked,
  { space, notes }: Tools,
): Sample[] {
  const { groupby } = options;
  if (groupby === undefined) return columns.map(({ name, numbers }) => ({ name, numbers }));
  return groupedSamples(test, columns[0]!, groupby, table, pointer('groupby'), space, notes);
}

/** The rows in which every sample has a value. */
function pairsOf(samples: readonly Sample[], gaps: boolean, space: Space): Sample[] {
  if (!gaps && samples.every(({ numbers }) => numbers.chunks.length === 1)) return [...samples];
  const complete = completeRows(
    samples.map(({ numbers }) => numbers),
    space,
    gaps,
  );
  return samples.map(({ name }, i) => ({ name, numbers: numbersOf(complete[i]!) }));
}

function resultsOf(
  name: string,
  outcome: TestOutcome,
  groups: readonly string[] | undefined,
  notes: Notes,
): Results {
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
    ...(groups !== undefined && { groups }),
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
