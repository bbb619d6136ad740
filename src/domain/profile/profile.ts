import type { ColumnProfile, Drift, Overview, Profile } from '../../ports/profile.js';
import { Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import type { Table } from '../../ports/tables.js';
import { columnDetails, refuseMissing, type Selection, selectColumns } from '../columns.js';
import { endpoint, type Question } from '../endpoint.js';
import { Notes } from '../notes.js';
import * as shared from '../options.js';
import { alertsOf } from './alerts.js';
import { profileColumns, type Surveyed, survey } from './columns.js';
import { correlate } from './correlations.js';
import { driftOf } from './drift.js';
import { comparableCodes, comparableNumbers, duplicateRows } from './duplicates.js';
import { results } from './schema.js';
import { type Engine, interim } from './interim.js';
import { isNumeric } from './values.js';

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
    const { table, options: asked, pointer, space, notes } = question;
    const engine = interim(question.engine);
    const selection = selectColumns(table, asked.columns, pointer, notes);
    if (asked.nan_policy === 'raise') refuseMissing(selection, engine, pointer);
    const tools = { engine, space, notes, propagate: asked.nan_policy === 'propagate' };
    const surveyed = survey(selection.all, selection.rows, engine, space);
    const columns = profileColumns(surveyed, tools);
    const correlations = correlate(selection.numbers, tools);
    const duplicates = duplicatesOf(surveyed, selection.rows, question);
    const reference = referenceOf({ ...question, engine });
    const drift: { drift?: Drift } =
      reference === undefined
        ? {}
        : { drift: driftOf(surveyed, reference.columns, reference.rows, engine.distributions) };
    const found = { columns, correlations, duplicates, ...drift };
    const alerts = alertsOf(surveyed, found, reference?.columns);
    const overview = overviewOf(selection, columns, duplicates);
    const page: Profile = { overview, columns, correlations, duplicates, alerts, ...drift };
    return {
      results: page,
      details: { columns: columnDetails(selection, engine) },
      columns: selection.all.length,
      page,
    };
  },
});

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

function duplicatesOf(
  surveyed: readonly Surveyed[],
  rows: number,
  { space }: Pick<Question<Options>, 'space'>,
): Profile['duplicates'] {
  const comparable = surveyed.map(({ column, coded }) =>
    isNumeric(column) ? comparableNumbers(column.numbers) : comparableCodes(coded!.codes),
  );
  const found = duplicateRows(comparable, rows, space);
  return { rows: found, share: found / rows };
}

/** Columns of the reference: those that are asked for, where some are, else all. */
function referenceOf({
  table,
  reference,
  options: { columns: asked },
  engine,
  space,
}: Question<Options> & { engine: Engine }):
  { readonly rows: number; readonly columns: ReadonlyMap<string, Surveyed> } | undefined {
  if (reference === undefined) return undefined;
  if (reference.rows === 0)
    throw Problem.at('/reference', 'no_data', 'expected at least one row in the reference, got none');
  const wanted = new Set(asked ?? [...table.names, ...reference.names]);
  const names = reference.names.filter((name) => wanted.has(name));
  const columns = names.length === 0 ? [] : columnsOf(reference, names);
  const surveyed = survey(columns, reference.rows, engine, space);
  return { rows: reference.rows, columns: new Map(surveyed.map((one) => [one.column.name, one])) };
}

/** What there is to warn of in the reference is for who asks about it. */
function columnsOf(reference: Table, names: readonly string[]): Selection['all'] {
  return selectColumns(reference, names, (option) => `/${option}`, new Notes()).all;
}
