import type { ColumnDrift, ColumnProfile, Overview, Profile } from '../../ports/profile.js';
import { Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import type { Space } from '../../ports/space.js';
import type { Column } from '../../ports/tables.js';
import { columnDetails, refuseMissing, type Selection, selectColumns } from '../columns.js';
import { endpoint, type Question } from '../endpoint.js';
import { Notes } from '../notes.js';
import * as shared from '../options.js';
import { eachTold } from '../progress.js';
import { alertsOf, type Examined } from './alerts.js';
import { profileOf, type ProfileTools, QUANTILES, survey } from './columns.js';
import { correlate } from './correlations.js';
import { compare, driftOf } from './drift.js';
import { comparableCodes, comparableNumbers, duplicateRows } from './duplicates.js';
import { results } from './schema.js';
import { codeValues, isNumeric } from './values.js';

const options = {
  type: 'object',
  additionalProperties: false,
  required: [],
  properties: {
    columns: shared.columns,
    nan_policy: shared.nan_policy,
    engine: shared.engine,
  },
} as const;
type Options = FromSchema<typeof options>;

/** `POST /analytics/profile`: what there is to say of a table, and how it differs from a reference. */
export const profile = endpoint<Options>({
  name: 'profile',
  path: '/analytics/profile',
  summary: 'Profile of a table: columns, correlations, duplicates, alerts, drift',
  description:
    'Types, missing values and distributions of the columns, correlations, duplicate rows and alerts; with a second table as part `reference` of a multipart body also the drift against it, by the default rule of Evidently. JSON, or one page of HTML that needs nothing else.',
  options,
  results,
  details: { type: 'object', properties: { columns: shared.columnDetailsSchema } },
  answersArrow: false,
  answersHtml: true,
  takesReference: true,
  example: {
    data: [
      { species: 'Adelie', mass: 3750 },
      { species: 'Adelie', mass: 3800 },
      { species: 'Gentoo', mass: 5050 },
    ],
  },
  run(question) {
    const { table, options: asked, pointer, engine, space, notes, progress } = question;
    const selection = selectColumns(table, asked.columns, pointer, notes);
    if (asked.nan_policy === 'raise') refuseMissing(selection, engine, pointer);
    const reference = referenceOf(question);
    const numbers = selection.numbers.map((column) => column.numbers);
    engine.ahead.moments(numbers, 4);
    engine.ahead.select(numbers, QUANTILES);
    const tools = { engine, space, notes, propagate: asked.nan_policy === 'propagate' };
    const examined = eachTold('columns', selection.all, progress, (column) =>
      examine(column, selection.rows, reference, tools),
    );
    const columns = new Map(examined.map(({ column, profile: one }) => [column.name, one]));
    // The parts that look at the whole table, where there is time for them.
    const stopped = examined.length < selection.all.length || progress.stopping();
    const correlations = stopped ? {} : correlate(selection.numbers, tools);
    progress.tell({ stage: 'correlations', done: 1, total: 1 });
    const unseen = stopped || progress.stopping();
    const duplicates = unseen ? NO_DUPLICATES : duplicatesOf(examined, selection.rows, space);
    if (unseen)
      notes.partial(
        `stopped: ${examined.length} of ${selection.all.length} columns examined, ${stopped ? 'no correlations, ' : ''}no duplicates looked for`,
      );
    progress.tell({ stage: 'duplicates', done: 1, total: 1 });
    const compared = examined.flatMap(({ column, drift }): [string, ColumnDrift][] =>
      drift === undefined ? [] : [[column.name, drift]],
    );
    const alerts = alertsOf(examined, { duplicates, correlations }, reference?.columns);
    const page: Profile = {
      overview: overviewOf({ ...selection, all: examined.map(({ column }) => column) }, columns, duplicates),
      columns,
      correlations,
      duplicates,
      alerts,
      ...(reference && { drift: driftOf(new Map(compared), reference.rows) }),
    };
    const about = {
      details: { columns: columnDetails(selection, engine) },
      columns: selection.all.length,
    };
    if (!unseen) return { ...about, results: page, page };
    const overview = { ...page.overview, duplicate_rows: null, duplicate_share: null };
    return { ...about, results: { ...page, overview, duplicates: null } };
  },
});

/** Stands where none were looked for; it is not shown. */
const NO_DUPLICATES: Profile['duplicates'] = { rows: 0, share: 0 };

interface Reference {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, Column>;
}

/** A column at a time: what its values are sorted in is given back before the next. */
function examine(
  column: Column,
  rows: number,
  reference: Reference | undefined,
  tools: ProfileTools,
): Examined {
  const { engine, space } = tools;
  const other = reference?.columns.get(column.name);
  // Codes of values are needed again, to tell rows apart.
  const coded = isNumeric(column) ? undefined : codeValues(column, rows, space);
  return space.scratch(() => {
    const surveyed = coded === undefined ? survey(column, rows, tools) : { column, rows, coded };
    const drift =
      reference === undefined || other === undefined
        ? undefined
        : compare(surveyed, survey(other, reference.rows, tools), engine.distributions);
    const isWhole = surveyed.sorted?.every((value) => Number.isInteger(value)) === true;
    return { column, rows, profile: profileOf(surveyed, tools), coded, isWhole, drift };
  });
}

function overviewOf(
  { rows, all }: Selection,
  columns: ReadonlyMap<string, ColumnProfile>,
  duplicates: Profile['duplicates'],
): Overview {
  const missing = [...columns.values()].reduce((sum, column) => sum + column.missing, 0);
  const types: Record<string, number> = {};
  for (const { type } of all) types[type] = (types[type] ?? 0) + 1;
  return {
    rows,
    columns: all.length,
    cells_missing: missing,
    missing_share: missing / (rows * all.length),
    duplicate_rows: duplicates.rows,
    duplicate_share: duplicates.share,
    types,
  };
}

function duplicatesOf(examined: readonly Examined[], rows: number, space: Space): Profile['duplicates'] {
  const comparable = examined.map(({ column, coded }) =>
    isNumeric(column) ? comparableNumbers(column.numbers) : comparableCodes(coded!.codes),
  );
  const found = space.scratch(() => duplicateRows(comparable, rows, space));
  return { rows: found, share: found / rows };
}

/** Columns of the reference: those that are asked for, where some are, else all. What is to be warned of there is not told. */
function referenceOf({ reference, options: { columns: asked } }: Question<Options>): Reference | undefined {
  if (reference === undefined) return undefined;
  if (reference.rows === 0)
    throw Problem.at('/reference', 'no_data', 'expected at least one row in the reference, got none');
  const wanted = new Set(asked ?? reference.names);
  const names = reference.names.filter((name) => wanted.has(name));
  const columns =
    names.length === 0 ? [] : selectColumns(reference, names, (option) => `/${option}`, new Notes()).all;
  return { rows: reference.rows, columns: new Map(columns.map((column) => [column.name, column])) };
}
