/** Predictions as answers: values a row, null where the row lacked one. */
import { type Json, WrittenJson } from '../../ports/formats.js';
import type { Cell, Column, Table, TextColumn } from '../../ports/tables.js';
import { columnOf, numberFeature } from '../features/column.js';
import type { Notes } from '../notes.js';
import type { Asked } from './train.js';

/** What a model answered for a table, whatever it is written as. */
export interface Predictions {
  readonly rows: number;
  /** One a row, or, of a decomposition, columns. */
  readonly values: Values | { readonly kind: 'columns'; readonly columns: ReadonlyMap<string, Float64Array> };
  /** Rows × classes, row-major, NaN where the row lacked a value. */
  readonly probabilities?: { readonly classes: readonly Cell[]; readonly values: Float64Array };
  /** Of outlier detectors: below 0 for outliers. */
  readonly scores?: Float64Array;
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
): Predictions {
  switch (prediction.kind) {
    case 'numbers':
      return { rows, values: { kind: 'numbers', numbers: spread(prediction.values, kept, rows) } };
    case 'labels': {
      const numbers = spread(Float64Array.from(prediction.labels), kept, rows);
      const { scores } = prediction;
      return {
        rows,
        values: { kind: 'numbers', numbers },
        ...(scores !== undefined && { scores: spread(scores, kept, rows) }),
      };
    }
    case 'columns': {
      const columns = prediction.names.map((name, j): [string, Float64Array] => [
        name,
        spread(prediction.columns[j]!, kept, rows),
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
          probabilities: { classes, values: spread(probabilities, kept, rows, classes.length) },
        }),
      };
    }
  }
}

/** `width` values a row, NaN for the rows that are not among those kept. */
function spread(values: Float64Array, kept: Int32Array | null, rows: number, width = 1): Float64Array {
  if (kept === null) return values;
  const all = new Float64Array(rows * width).fill(NaN);
  for (let i = 0; i < kept.length; i++)
    all.set(values.subarray(i * width, (i + 1) * width), kept[i]! * width);
  return all;
}

/** Names the members of an answer that hold numbers that are not finite: these are written as null. */
export function noteNulls(members: { readonly [name: string]: Json | undefined }, notes: Notes): void {
  for (const [name, value] of Object.entries(members)) {
    const odd = oddIn(value);
    if (odd !== undefined) notes.finite(odd, name);
  }
}

/** A number that is not finite, or a null in a list of numbers. */
function oddIn(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : value;
  if (typeof value !== 'object' || value === null) return undefined;
  if (value instanceof Float64Array) return value.find((one) => !Number.isFinite(one));
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
  if (values.kind === 'columns') return transposed([...values.columns.values()]);
  const texts = values.classes.map((value) => JSON.stringify(value));
  const parts = Array.from(values.codes, (code) => (code < 0 ? 'null' : texts[code]!));
  return new WrittenJson(`[${parts.join(',')}]`);
}

const transposed = (columns: readonly Float64Array[]): Json =>
  Array.from(columns[0] ?? [], (_, row) => Float64Array.from(columns, (column) => column[row]!));

const rowsJson = (values: Float64Array, width: number): Json =>
  Array.from({ length: values.length / width }, (_, row) => values.subarray(row * width, (row + 1) * width));

/** The answer as a table: `predictions` and a column `probabilities_<class>` for each class; components by their names. */
export function predictionsTable({ rows, values, probabilities, scores }: Predictions): Table {
  const columns: Column[] = [];
  const add = (name: string, numbers: Float64Array): void => {
    columns.push(columnOf(numberFeature(name, numbers)));
  };
  if (values.kind === 'numbers') add('predictions', values.numbers);
  else if (values.kind === 'columns') for (const [name, column] of values.columns) add(name, column);
  else columns.push(classColumn(values));
  probabilities?.classes.forEach((value, c) => {
    add(`probabilities_${String(value)}`, strided(probabilities.values, c, probabilities.classes.length));
  });
  if (scores !== undefined) add('scores', scores);
  const byName = new Map(columns.map((column) => [column.name, column]));
  return { rows, names: [...byName.keys()], column: (name) => byName.get(name)! };
}

function strided(values: Float64Array, from: number, step: number): Float64Array {
  const out = new Float64Array(values.length / step);
  for (let row = 0, at = from; row < out.length; row++, at += step) out[row] = values[at]!;
  return out;
}

/** Labels of the target's own type. */
function classColumn({ codes, classes }: Extract<Values, { kind: 'classes' }>): Column {
  const [first] = classes;
  const name = 'predictions';
  if (typeof first !== 'string') {
    const table = Float64Array.from(classes, Number);
    const numbers = Float64Array.from(codes, (code) => (code < 0 ? NaN : table[code]!));
    return columnOf(numberFeature(name, numbers, typeof first === 'boolean' ? 'boolean' : 'number'));
  }
  const texts = classes.map(String);
  let missing = 0;
  for (const code of codes) if (code < 0) missing++;
  return {
    name,
    type: 'string',
    missing,
    *cells() {
      for (const code of codes) yield code < 0 ? null : texts[code]!;
    },
    dictionary: {
      counts() {
        const counts = new Uint32Array(texts.length);
        for (const code of codes) if (code >= 0) counts[code]!++;
        return counts;
      },
      places: () => codes.slice(),
      text: (place) => texts[place]!,
    },
  } satisfies TextColumn;
}
