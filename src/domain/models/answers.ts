/** Predictions as answers: values a row, null where the row lacked one. */
import { type Json, WrittenJson } from '../../ports/formats.js';
import type { ModelOutput } from '../../ports/registry.js';
import type { Space } from '../../ports/space.js';
import type { Cell, Column, Table, TextColumn } from '../../ports/tables.js';
import { columnOf, numberFeature, room } from '../features/column.js';
import type { Notes } from '../notes.js';
import type { Asked } from './train.js';

/** What a model answered for a table, whatever it is written as. */
export interface Predictions {
  readonly rows: number;
  /** One a row, or, of a decomposition, columns. */
  readonly values: Values | Columns;
  /** Rows × classes, row-major, NaN where the row lacked a value. */
  readonly probabilities?: { readonly classes: readonly Cell[]; readonly values: Float64Array };
  /** Of outlier detectors: below 0 for outliers. */
  readonly scores?: Float64Array;
}

interface Columns {
  readonly kind: 'columns';
  readonly columns: ReadonlyMap<string, Float64Array>;
  /** Of a graph: outputs that the columns, as many as each is wide, belong to; JSON has them by these names. */
  readonly outputs?: readonly ModelOutput[];
}

export type Values =
  /** NaN where missing. */
  | { readonly kind: 'numbers'; readonly numbers: Float64Array }
  /** Codes into classes, −1 where missing. */
  | { readonly kind: 'classes'; readonly codes: Int32Array; readonly classes: readonly Cell[] };

/** An estimator's answer for the complete rows, laid out for all. */
export function predictionsOf(
  { prediction, kept }: Pick<Asked, 'prediction' | 'kept'>,
  classes: readonly Cell[],
  rows: number,
  space: Space,
): Predictions {
  const spread = (values: ArrayLike<number>, width = 1): Float64Array =>
    spreadOver(values, kept, rows, width, space);
  switch (prediction.kind) {
    case 'numbers':
      return { rows, values: { kind: 'numbers', numbers: spread(prediction.values) } };
    case 'labels': {
      const numbers = spread(prediction.labels);
      const { scores } = prediction;
      return {
        rows,
        values: { kind: 'numbers', numbers },
        ...(scores !== undefined && { scores: spread(scores) }),
      };
    }
    case 'columns': {
      const columns = prediction.names.map((name, j): [string, Float64Array] => [
        name,
        spread(prediction.columns[j]!),
      ]);
      return { rows, values: { kind: 'columns', columns: new Map(columns) } };
    }
    case 'classes': {
      const { codes, probabilities } = prediction;
      const all = kept === null ? codes : new Int32Array(rows).fill(-1);
      kept?.forEach((row, i) => {
        all[row] = codes[i]!;
      });
      return {
        rows,
        values: { kind: 'classes', codes: all, classes },
        ...(probabilities !== undefined && {
          probabilities: { classes, values: spread(probabilities, classes.length) },
        }),
      };
    }
  }
}

/** `width` values a row, NaN for the rows that are not among those kept. By index: iterators over shared memory are slow. */
function spreadOver(
  values: ArrayLike<number>,
  kept: Int32Array | null,
  rows: number,
  width: number,
  space: Space,
): Float64Array {
  if (kept === null && values instanceof Float64Array) return values;
  const all = room(space, rows * width);
  if (kept === null) {
    for (let i = 0; i < all.length; i++) all[i] = values[i]!;
    return all;
  }
  all.fill(NaN);
  for (let i = 0; i < kept.length; i++)
    for (let j = 0, to = kept[i]! * width; j < width; j++) all[to + j] = values[i * width + j]!;
  return all;
}

/** Names the members of an answer that hold numbers that are not finite: these are written as null. */
export function noteNulls(members: { readonly [name: string]: Json | undefined }, notes: Notes): void {
  for (const [name, value] of Object.entries(members)) {
    const odd = oddIn(value);
    if (odd !== undefined) notes.finite(odd, name);
  }
}

/** By a sum that is 0 of finite numbers alone: a call a value costs more than the predictions. */
function isFiniteIn(values: Float64Array): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! - values[i]!;
  return sum === 0;
}

/** A number that is not finite, or a null in a list of numbers. */
function oddIn(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : value;
  if (typeof value !== 'object' || value === null) return undefined;
  if (value instanceof Float64Array)
    return isFiniteIn(value) ? undefined : value.find((one) => !Number.isFinite(one));
  if (value instanceof Int32Array || value instanceof WrittenJson) return undefined;
  const isList = Array.isArray(value);
  for (const one of value instanceof Map ? value.values() : Object.values(value)) {
    const odd = one === null && isList ? NaN : oddIn(one as Json | undefined);
    if (odd !== undefined) return odd;
  }
  return undefined;
}

/** `results` of a JSON answer. */
export function predictionsJson({ values, probabilities, scores }: Predictions): {
  readonly [key: string]: Json;
} {
  return {
    predictions: valuesJson(values),
    ...(probabilities !== undefined && {
      probabilities: {
        classes: probabilities.classes,
        values: rowsJson(probabilities.values, probabilities.classes.length),
      },
    }),
    ...(scores !== undefined && { scores }),
  };
}

function valuesJson(values: Predictions['values']): Json {
  if (values.kind === 'numbers') return values.numbers;
  if (values.kind === 'columns') return columnsJson(values);
  const texts = values.classes.map((value) => JSON.stringify(value));
  const parts = Array.from(values.codes, (code) => (code < 0 ? 'null' : texts[code]!));
  return new WrittenJson(`[${parts.join(',')}]`);
}

function columnsJson({ columns, outputs }: Columns): Json {
  const all = [...columns.values()];
  if (outputs === undefined) return transposed(all);
  let from = 0;
  return new Map(
    outputs.map(({ name, width }): [string, Json] => {
      const own = all.slice(from, from + width);
      from += width;
      return [name, width === 1 ? own[0]! : transposed(own)];
    }),
  );
}

const transposed = (columns: readonly Float64Array[]): Json =>
  Array.from(columns[0] ?? [], (_, row) => Float64Array.from(columns, (column) => column[row]!));

const rowsJson = (values: Float64Array, width: number): Json =>
  Array.from({ length: values.length / width }, (_, row) => values.subarray(row * width, (row + 1) * width));

/**
 * The answer as a table: `predictions` and a column `probabilities_<class>` for each class; components by their names.
 * Columns lie in `space`.
 */
export function predictionsTable({ rows, values, probabilities, scores }: Predictions, space: Space): Table {
  const columns: Column[] = [];
  const add = (name: string, numbers: Float64Array): void => {
    columns.push(columnOf(numberFeature(name, numbers)));
  };
  if (values.kind === 'numbers') add('predictions', values.numbers);
  else if (values.kind === 'columns') for (const [name, column] of values.columns) add(name, column);
  else columns.push(classColumn(values, space));
  if (probabilities !== undefined) {
    const { classes } = probabilities;
    const parts = columnsIn(probabilities.values, classes.length, space);
    classes.forEach((value, c) => {
      add(`probabilities_${String(value)}`, parts[c]!);
    });
  }
  if (scores !== undefined) add('scores', scores);
  const byName = new Map(columns.map((column) => [column.name, column]));
  return { rows, names: [...byName.keys()], column: (name) => byName.get(name)! };
}

/** The columns of rows of `width` values. */
function columnsIn(values: Float64Array, width: number, space: Space): readonly Float64Array[] {
  const rows = values.length / width;
  return Array.from({ length: width }, (_, j) => {
    const column = room(space, rows);
    for (let row = 0, at = j; row < rows; row++, at += width) column[row] = values[at]!;
    return column;
  });
}

/** Labels of the target's own type. */
function classColumn({ codes, classes }: Extract<Values, { kind: 'classes' }>, space: Space): Column {
  const [first] = classes;
  const name = 'predictions';
  if (typeof first !== 'string') {
    const table = Float64Array.from(classes, Number);
    const numbers = room(space, codes.length);
    for (let row = 0; row < numbers.length; row++) {
      const code = codes[row]!;
      numbers[row] = code < 0 ? NaN : table[code]!;
    }
    return columnOf(numberFeature(name, numbers, typeof first === 'boolean' ? 'boolean' : 'number'));
  }
  const texts = classes.map(String);
  let missing = 0;
  for (let row = 0; row < codes.length; row++) if (codes[row]! < 0) missing++;
  return {
    name,
    type: 'string',
    missing,
    categories: { texts, codes },
    *cells() {
      for (const code of codes) yield code < 0 ? null : texts[code]!;
    },
    dictionary: {
      counts() {
        const counts = new Uint32Array(texts.length);
        for (let row = 0; row < codes.length; row++) if (codes[row]! >= 0) counts[codes[row]!]!++;
        return counts;
      },
      places: () => codes.slice(),
      text: (place) => texts[place]!,
    },
  } satisfies TextColumn;
}
