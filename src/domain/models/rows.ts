import type { Space } from '../../ports/space.js';
import {
  codedFeature,
  codesOf,
  type Feature,
  isNumber,
  lengthOf,
  missingIn,
  room,
} from '../features/column.js';
import type { FeatureTable } from '../features/steps.js';
import type { Features } from './estimator.js';

/** Some rows of a column, in the order given. */
export function takeRows(feature: Feature, rows: ArrayLike<number>, space: Space): Feature {
  if (isNumber(feature)) {
    const { name, type, values } = feature;
    const out = room(space, rows.length);
    for (let i = 0; i < out.length; i++) out[i] = values[rows[i]!]!;
    return { name, type, values: out };
  }
  const { name, type, instants } = feature;
  const { codes, texts } = codesOf(feature)!;
  const taken = codedFeature(name, type, {
    codes: Int32Array.from(rows, (row) => codes[row]!),
    texts,
  });
  if (instants === undefined) return taken;
  return {
    ...taken,
    instants() {
      const all = instants();
      return Float64Array.from(rows, (row) => all[row]!);
    },
  };
}

/** Some rows of a table, in the order given. */
export const takeTable = (
  { columns }: FeatureTable,
  rows: ArrayLike<number>,
  space: Space,
): FeatureTable => ({
  rows: rows.length,
  columns: columns.map((column) => takeRows(column, rows, space)),
});

/** Rows in which none of the columns lacks a value, ascending; null where that is all of them. */
export function completeIn(columns: readonly Feature[], rows: number): Int32Array | null {
  const gappy = columns.filter((column) => missingIn(column) > 0);
  if (gappy.length === 0) return null;
  const gaps = new Uint8Array(rows);
  for (const column of gappy) markGaps(column, gaps);
  const kept = new Int32Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row++) if (gaps[row] === 0) kept[count++] = row;
  return kept.subarray(0, count);
}

function markGaps(column: Feature, gaps: Uint8Array): void {
  if (isNumber(column)) {
    const { values } = column;
    for (let row = 0; row < values.length; row++) if (values[row] !== values[row]) gaps[row] = 1;
    return;
  }
  let row = 0;
  for (const cell of column.cells()) {
    if (cell === null) gaps[row] = 1;
    row++;
  }
}

/** Columns of numbers as estimators take them. Throws TypeError for text. */
export function featuresOf({ rows, columns }: FeatureTable): Features {
  const numbers = columns.filter(isNumber);
  if (numbers.length < columns.length) throw new TypeError('expected columns of numbers');
  return { names: numbers.map(({ name }) => name), columns: numbers.map(({ values }) => values), rows };
}

/** A column without values for so many rows, as text: what a format without types says nothing of. */
export const emptyText = (feature: Feature, type: 'string' | 'timestamp' | 'mixed'): Feature => ({
  name: feature.name,
  type,
  length: lengthOf(feature),
  missing: lengthOf(feature),
  *cells() {
    for (let row = 0; row < lengthOf(feature); row++) yield null;
  },
  ...(type === 'timestamp' && { instants: () => new Float64Array(lengthOf(feature)).fill(NaN) }),
});
