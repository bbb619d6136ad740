import type { ModelInput } from '../../ports/registry.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { Space } from '../../ports/space.js';
import type { Table } from '../../ports/tables.js';
import { type Feature, featureOf, isNumber, lengthOf, missingIn } from '../features/column.js';
import type { FeatureTable } from '../features/steps.js';
import type { Notes } from '../notes.js';
import { emptyText } from './rows.js';

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

/** Numbers and booleans stand for each other; a column without values is of any type. */
function ofType(feature: Feature, { name, type }: ModelInput): Feature {
  const isNumeric = type === 'number' || type === 'boolean';
  if (isNumeric === isNumber(feature)) {
    if (isNumber(feature) || feature.type === type) return feature;
    // Text that looks like timestamps in these rows is text all the same.
    if (type === 'string' && feature.type === 'timestamp') return { ...feature, type };
  } else if (!isNumeric && missingIn(feature) === lengthOf(feature)) return emptyText(feature, type);
  const got = `values of ${feature.type === 'mixed' ? 'several types' : `type ${feature.type}`}`;
  throw Problem.at(
    '',
    'unsupported_type',
    `expected column ${quoted(name)} to be of type ${type}, as in the fit, got ${got}`,
  );
}

const quoted = (name: string): string => JSON.stringify(excerpt(name, 60));

function listed(columns: readonly { readonly name: string }[]): string {
  const names = columns.slice(0, MOST_NAMED).map(({ name }) => quoted(name));
  return names.join(', ') + (columns.length > MOST_NAMED ? ', …' : '');
}
