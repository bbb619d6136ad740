/** Values of JSON as the datatype of their tensor says. */
import { type Column, type NumericColumn, numericCells } from '../../ports/tables.js';
import { Problem } from '../../ports/problem.js';
import { KINDS } from './datatypes.js';
import { pointerTo } from './grid.js';
import type { Tensor } from './tensors.js';

/**
 * Column j of a tensor that came in JSON, under its name. A column without a value is as it came. FP32 is rounded to what it
 * would be in binary data. Throws 422 `unsupported_value`, `number_out_of_range` with a pointer to the value.
 */
export function typedColumn(column: Column, tensor: Tensor, j: number, name: string): Column {
  const { datatype } = tensor;
  if (column.type === 'mixed' && column.missing === tensor.rows) return { ...column, name };
  if (datatype === 'BYTES') {
    if (column.type === 'string') return { ...column, name };
    throw refuse(
      tensor,
      j,
      firstWith(column, (cell) => cell !== null && typeof cell !== 'string'),
      'a string',
    );
  }
  if (datatype === 'BOOL') return truth(column, tensor, j, name);
  if (column.type !== 'number') {
    throw refuse(
      tensor,
      j,
      firstWith(column, (cell) => cell !== null && typeof cell !== 'number'),
      'a number',
    );
  }
  const { whole } = KINDS[datatype];
  if (whole !== undefined) refuseParts(column, tensor, j, whole);
  if (datatype !== 'FP32') return { ...column, name };
  roundSingle(column, tensor, j);
  const { numbers } = column;
  return { ...column, name, cells: () => numericCells('number', numbers) };
}

function refuse(
  { datatype, pointer, width, shape, data }: Tensor,
  j: number,
  row: number,
  expected: string,
  code: 'unsupported_value' | 'number_out_of_range' = 'unsupported_value',
): Problem {
  const nested = data.kind === 'json' && data.nested;
  const at = pointerTo({ pointer: `${pointer}/data`, shape, nested }, row * width + j);
  return Problem.at(at, code, `expected ${expected} for ${datatype}, got another value`);
}

function firstWith(column: Column, wanted: (cell: string | number | boolean | null) => boolean): number {
  let row = 0;
  for (const cell of column.cells()) {
    if (wanted(cell)) return row;
    row++;
  }
  return 0;
}

function truth(column: Column, tensor: Tensor, j: number, name: string): Column {
  if (column.type === 'boolean') return { ...column, name };
  const row = firstWith(
    column,
    (cell) => cell !== null && typeof cell !== 'boolean' && cell !== 0 && cell !== 1,
  );
  const expected = 'true, false, 1 or 0';
  if (column.type !== 'number') throw refuse(tensor, j, row, expected);
  eachPresent(column, (value, at) => {
    if (value !== 0 && value !== 1) throw refuse(tensor, j, at, expected);
  });
  const { numbers } = column;
  return { name, type: 'boolean', numbers, inexact: 0, cells: () => numericCells('boolean', numbers) };
}

function refuseParts(
  column: NumericColumn,
  tensor: Tensor,
  j: number,
  [least, most]: readonly [number, number],
): void {
  eachPresent(column, (value, row) => {
    if (!Number.isInteger(value)) throw refuse(tensor, j, row, 'a whole number');
    if (value < least || value > most)
      throw refuse(tensor, j, row, `a number of ${least} to ${most}`, 'number_out_of_range');
  });
}

function roundSingle(column: NumericColumn, tensor: Tensor, j: number): void {
  let row = 0;
  for (const { values } of column.numbers.chunks) {
    for (let i = 0; i < values.length; i++, row++) {
      const value = values[i]!;
      if (value !== value) continue;
      const single = Math.fround(value);
      if (!Number.isFinite(single))
        throw refuse(tensor, j, row, 'a number within the range of float32', 'number_out_of_range');
      values[i] = single;
    }
  }
}

function eachPresent({ numbers }: NumericColumn, visit: (value: number, row: number) => void): void {
  let row = 0;
  for (const { values } of numbers.chunks)
    for (let i = 0; i < values.length; i++, row++) if (values[i] === values[i]) visit(values[i]!, row);
}
