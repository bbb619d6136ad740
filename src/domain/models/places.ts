import type { ModelInput } from '../../ports/registry.js';
import { Problem } from '../../ports/problem.js';
import type { Table } from '../../ports/tables.js';

/**
 * A table whose columns are a model's inputs by their places, under the inputs' names. Throws 422 `missing_column` at `pointer`
 * unless there are as many.
 */
export function byPlace(table: Table, inputs: readonly ModelInput[], pointer: string): Table {
  if (table.names.length !== inputs.length) {
    const detail = `expected ${inputs.length} values in a row, one for each column of the fit, got ${table.names.length}`;
    throw Problem.at(pointer, 'missing_column', detail);
  }
  const own = new Map(inputs.map(({ name }, i) => [name, table.names[i]!]));
  return {
    rows: table.rows,
    names: [...own.keys()],
    column: (name) => ({ ...table.column(own.get(name)!), name }),
  };
}
