import type { ModelInput } from '../../ports/registry.js';
import { Problem } from '../../ports/problem.js';
import type { Space } from '../../ports/space.js';
import type { Table } from '../../ports/tables.js';
import { type Feature, featureOf, isNumber, lengthOf, missingIn } from '../features/column.js';
import type { FeatureTable } from '../features/steps.js';
import type { Notes } from '../notes.js';
import { emptyText } from './rows.js';
import { quoted } from '../features/transformer.js';

/** Columns that one warning names at most. */
const MOST_NAMED = 20;

/**
 * The columns that a model takes, in its order. Throws 422 `missing_column` or `unsupported_type`, which name the column;
 * others are ignored with a warning.
 */
export function inputsOf(
  table: Table,
  inputs: readonly ModelInput[],
  besides: readonly string[],
  space: Space,
  notes: Notes,
): FeatureTable {
  if (table.rows === 0) throw Problem.at('', 'no_data', 'expected at least one row, got none');
  const there = new Set(table.names);
  const lacking = inputs.filter(({ name }) => !there.has(name));
  if (lacking.length > 0)
    throw new Problem(
      'missing_column',
      `expected the columns of the fit, got none named ${listed(lacking)}`,
      lacking.map(({ name, type }) => ({
        pointer: '',
        code: 'missing_column',
        detail: `expected a column ${quoted(name)} of type ${type}, got none`,
      })),
    );
  const known = new Set([...inputs.map(({ name }) => name), ...besides]);
  const extra = table.names.filter((name) => !known.has(name));
  if (extra.length > 0) {
    const detail = `columns that the model does not take are ignored: ${listed(extra.map((name) => ({ name })))}`;
    notes.warn('extra_columns', detail);
  }
  return {
    rows: table.rows,
    columns: inputs.map((input) => ofType(featureOf(table.column(input.name), table.rows, space), input)),
  };
}

/**
 * The same values as a column of the fit: booleans stand for 0 and 1 and these for them, timestamps for their text, and a
 * column without values is of any type. Throws 422 `unsupported_type`.
 */
export function ofType(feature: Feature, { name, type }: ModelInput): Feature {
  if (type === 'number' || type === 'boolean') {
    if (isNumber(feature))
      return type === 'number' || isBinary(feature.values) ? { ...feature, type } : feature;
  } else if (isNumber(feature)) {
    if (missingIn(feature) === lengthOf(feature)) return emptyText(feature, type);
  } else if (feature.type !== 'mixed') return type === 'string' ? { ...feature, type } : feature;
  const got = `values of ${feature.type === 'mixed' ? 'several types' : `type ${feature.type}`}`;
  throw Problem.at(
    '',
    'unsupported_type',
    `expected column ${quoted(name)} to be of type ${type}, as in the fit, got ${got}`,
  );
}

/** Whether there are no other numbers than 0 and 1. */
const isBinary = (values: Float64Array): boolean =>
  values.every((value) => value === 0 || value === 1 || value !== value);

function listed(columns: readonly { readonly name: string }[]): string {
  const names = columns.slice(0, MOST_NAMED).map(({ name }) => quoted(name));
  return names.join(', ') + (columns.length > MOST_NAMED ? ', …' : '');
}
