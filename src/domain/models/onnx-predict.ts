import type { OnnxSession, Tensor } from '../../ports/onnx.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { ModelCard, ModelOutput } from '../../ports/registry.js';
import type { Space } from '../../ports/space.js';
import type { Cell } from '../../ports/tables.js';
import { isNumber, missingIn, room, type Feature } from '../features/column.js';
import type { FeatureTable } from '../features/steps.js';
import type { Notes } from '../notes.js';
import { layoutOf, rolesOf, widthOf, type OnnxInput, type OnnxLayout } from './onnx-layout.js';
import type { Predictions } from './answers.js';

/** What is done about missing values: `null`, a row that lacks one is not asked; `nan`, the graph gets NaN. */
export type OnMissing = 'null' | 'nan';

interface Tools {
  readonly space: Space;
  readonly notes: Notes;
  readonly checkpoint: () => void;
}

/** Values that are fed at a time: so many, or one row. Between batches a request can be stopped. */
const BATCH_VALUES = 65_536;
const MOST_BATCH = 8192;
/** Values that an answer holds at most. */
const MOST_VALUES = 50_000_000;

/**
 * What a graph answers for the rows of a table whose columns are those of the card, in its order. Rows go in batches; each is
 * answered alone by a graph that goes by rows. Rows that lack a value are answered null, unless the card says that the graph
 * takes NaN (and then those that lack text, a whole number or a boolean). Throws 422 `invalid_model` when the graph fails,
 * `unsupported_value` for values that its types cannot hold.
 */
export async function predictOnnx(
  session: OnnxSession,
  card: ModelCard,
  { rows, columns }: FeatureTable,
  { space, notes, checkpoint }: Tools,
): Promise<Predictions> {
  const layout = layoutOf(
    session.inputs,
    card.inputs.map(({ name }) => name),
    '',
  );
  const kept = rowsToAsk(layout, columns, rows, missingOf(card));
  const asked = kept?.length ?? rows;
  refuseSize(rows, card.outputs);
  if (kept !== null) {
    const detail = `${rows - kept.length} rows with missing values have no prediction`;
    notes.warn('rows_dropped', detail);
  }
  notePrecision(layout, columns, notes);
  const feeders = layout.inputs.map((input) => feeder(input, columns));
  const collector = collectorOf(card, rows, space);
  const batch = layout.single ? 1 : batchRows(columns.length, card.outputs);
  for (let first = 0; first < asked; first += batch) {
    checkpoint();
    const count = Math.min(batch, asked - first);
    const places = kept?.subarray(first, first + count) ?? null;
    const feeds = new Map(feeders.map((feed) => feed(places, first, count)));
    collector.take(await session.run(feeds), places, first, count);
  }
  return collector.done();
}

export const missingOf = ({ pipeline: [step] }: ModelCard): OnMissing =>
  step?.missing === 'nan' ? 'nan' : 'null';

function batchRows(width: number, outputs: readonly ModelOutput[]): number {
  const given = outputs.reduce((sum, output) => sum + output.width, 0);
  return Math.min(MOST_BATCH, Math.max(1, Math.floor(BATCH_VALUES / Math.max(width, given, 1))));
}

function refuseSize(rows: number, outputs: readonly ModelOutput[]): void {
  const width = outputs.reduce((sum, output) => sum + output.width, 0);
  if (rows * width <= MOST_VALUES) return;
  const detail = `expected an answer of at most ${MOST_VALUES} values, got ${rows} rows of ${width}`;
  throw new Problem('too_many_cells', detail);
}

const takesNan = ({ type }: OnnxInput): boolean => type === 'float32' || type === 'float64';

/** Rows that are asked, ascending; null where that is all of them. */
function rowsToAsk(
  { inputs }: OnnxLayout,
  columns: readonly Feature[],
  rows: number,
  missing: OnMissing,
): Int32Array | null {
  const whole = inputs
    .filter((input) => missing === 'null' || !takesNan(input))
    .flatMap(({ from, width }) => columns.slice(from, from + width))
    .filter((column) => missingIn(column) > 0);
  if (whole.length === 0) return null;
  const gaps = new Uint8Array(rows);
  for (const column of whole) {
    let row = 0;
    for (const value of isNumber(column) ? column.values : column.cells()) {
      if (value === null || value !== value) gaps[row] = 1;
      row++;
    }
  }
  const kept = new Int32Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row++) if (gaps[row] === 0) kept[count++] = row;
  return kept.subarray(0, count);
}

/** float32 rounds every decimal, as the graph expects; what is told is a number that becomes another or none. */
function notePrecision({ inputs }: OnnxLayout, columns: readonly Feature[], notes: Notes): void {
  for (const { type, from, width } of inputs) {
    if (type !== 'float32') continue;
    for (const column of columns.slice(from, from + width)) {
      if (!isNumber(column)) continue;
      let lost = 0;
      for (const value of column.values) if (loses(value)) lost++;
      if (lost === 0) continue;
      const detail = `${lost} values are whole numbers beyond 2^24, or too large or too small, for the float32 that the graph takes`;
      notes.warn('precision_loss', detail, column.name);
    }
  }
}

function loses(value: number): boolean {
  const single = Math.fround(value);
  if (single === value || value !== value) return false;
  return Number.isInteger(value) || single === 0 || !Number.isFinite(single);
}

type Feeder = (places: Int32Array | null, first: number, count: number) => readonly [string, Tensor];

/** Puts an input's columns side by side, batch by batch. */
function feeder(input: OnnxInput, columns: readonly Feature[]): Feeder {
  const { name, type, rank, from, width } = input;
  const own = columns.slice(from, from + width);
  const shapeOf = (count: number): number[] => (rank === 1 ? [count] : [count, width]);
  if (type === 'string') {
    const texts = own.map((column) => (isNumber(column) ? [] : Array.from(column.cells(), textOf)));
    return (places, first, count) => {
      const values = new Array<string>(count * width).fill('');
      texts.forEach((column, j) => {
        for (let i = 0; i < count; i++) values[i * width + j] = column[places?.[i] ?? first + i]!;
      });
      return [name, { type, shape: shapeOf(count), values }];
    };
  }
  const numbers = own.map((column) => numbersOf(column, type));
  return (places, first, count) => {
    const values = roomOf(type, count * width);
    numbers.forEach((column, j) => {
      for (let i = 0; i < count; i++) values[i * width + j] = column[places?.[i] ?? first + i]!;
    });
    return [name, { type, shape: shapeOf(count), values }];
  };
}

const textOf = (cell: Cell): string => (cell === null ? '' : String(cell));

function roomOf(
  type: Exclude<OnnxInput['type'], 'string'>,
  length: number,
): Float64Array | Float32Array | Int32Array | Uint8Array {
  if (type === 'float32') return new Float32Array(length);
  if (type === 'int32') return new Int32Array(length);
  return type === 'bool' ? new Uint8Array(length) : new Float64Array(length);
}

const RANGES = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  bool: [0, 1],
} as const;

/** A column's values, all of which the type holds. */
function numbersOf(column: Feature, type: Exclude<OnnxInput['type'], 'string'>): Float64Array {
  if (!isNumber(column)) throw new TypeError('expected columns of numbers');
  if (type === 'float32' || type === 'float64') return column.values;
  const [least, most] = RANGES[type];
  const odd = column.values.findIndex(
    (value) => value === value && !(Number.isInteger(value) && value >= least && value <= most),
  );
  if (odd < 0) return column.values;
  const expected = type === 'bool' ? 'true or false' : `whole numbers of ${type}`;
  const detail = `expected ${expected} in column ${JSON.stringify(excerpt(column.name, 60))}, got ${column.values[odd]!} in row ${odd}`;
  throw Problem.at('', 'unsupported_value', detail);
}

interface Collector {
  readonly take: (
    outputs: ReadonlyMap<string, Tensor>,
    places: Int32Array | null,
    first: number,
    count: number,
  ) => void;
  readonly done: () => Predictions;
}

/** Lays the outputs of batches out for all rows: NaN, or no class, for those that were not asked. */
function collectorOf(card: ModelCard, rows: number, space: Space): Collector {
  const { label, probabilities, scores, value } = rolesOf(card.outputs);
  const numeric = new Map(
    (label === undefined && value === undefined ? card.outputs : [probabilities, scores, value])
      .filter((output) => output !== undefined)
      .map((output) => [output.name, { output, into: room(space, rows * output.width).fill(NaN) }]),
  );
  const labels = label === undefined ? undefined : labelsOf(label, card, rows);
  const into = (output: ModelOutput): Float64Array => numeric.get(output.name)!.into;
  return {
    take(outputs, places, first, count) {
      for (const [name, { output, into: all }] of numeric) {
        const { values } = tensorOf(outputs, name, count, output.width);
        for (let i = 0; i < count; i++) {
          const to = (places?.[i] ?? first + i) * output.width;
          for (let k = 0; k < output.width; k++) all[to + k] = Number(values[i * output.width + k]!);
        }
      }
      if (label === undefined || labels === undefined) return;
      const { values } = tensorOf(outputs, label.name, count, 1);
      for (let i = 0; i < count; i++) labels.put(places?.[i] ?? first + i, values[i]!);
    },
    done() {
      if (labels !== undefined)
        return {
          rows,
          values: labels.done(),
          ...(probabilities !== undefined && {
            probabilities: { classes: card.target?.classes ?? [], values: into(probabilities) },
          }),
          ...(scores !== undefined && { scores: into(scores) }),
        };
      if (value !== undefined) return { rows, values: { kind: 'numbers', numbers: into(value) } };
      const columns = columnsOf(card.outputs, into);
      return { rows, values: { kind: 'columns', columns, outputs: card.outputs } };
    },
  };
}

function tensorOf(outputs: ReadonlyMap<string, Tensor>, name: string, count: number, width: number): Tensor {
  const tensor = outputs.get(name);
  if (tensor === undefined) throw new TypeError('expected every output of the graph');
  const got = widthOf(name, tensor, count);
  if (got === width) return tensor;
  const detail = `expected ${width} values a row of output ${JSON.stringify(name)}, got ${got}`;
  throw Problem.at('', 'invalid_model', detail);
}

/** Labels as codes into the classes of the card, and into others that the graph gives, behind them. */
function labelsOf(
  { type }: ModelOutput,
  { target, task }: ModelCard,
  rows: number,
): {
  readonly put: (row: number, value: string | number) => void;
  readonly done: () => Predictions['values'];
} {
  if (task !== 'classification') {
    const numbers = new Float64Array(rows).fill(NaN);
    return {
      put(row, value) {
        numbers[row] = Number(value);
      },
      done: () => ({ kind: 'numbers', numbers }),
    };
  }
  const classes: Cell[] = [...(target?.classes ?? [])];
  const codes = new Int32Array(rows).fill(-1);
  const places = new Map(classes.map((name, code) => [name, code]));
  return {
    put(row, value) {
      const cell = type === 'boolean' ? value === 1 : value;
      let code = places.get(cell);
      if (code === undefined) {
        code = classes.push(cell) - 1;
        places.set(cell, code);
      }
      codes[row] = code;
    },
    done: () => ({ kind: 'classes', codes, classes }),
  };
}

/** Outputs by name; those of several values a row as columns `<name>_0` …. */
function columnsOf(
  outputs: readonly ModelOutput[],
  into: (output: ModelOutput) => Float64Array,
): ReadonlyMap<string, Float64Array> {
  return new Map(
    outputs.flatMap((output): (readonly [string, Float64Array])[] => {
      const { name, width } = output;
      const all = into(output);
      if (width === 1) return [[name, all]];
      return Array.from({ length: width }, (_, k) => {
        const column = new Float64Array(all.length / width);
        for (let row = 0; row < column.length; row++) column[row] = all[row * width + k]!;
        return [`${name}_${k}`, column];
      });
    }),
  );
}
