import type { Tensor, TensorFacts, TensorType } from '../../ports/onnx.js';
import { Problem } from '../../ports/problem.js';
import type { ModelCard, ModelInput, ModelOutput } from '../../ports/registry.js';
import { quoted } from '../features/transformer.js';

/** An input of a graph and the columns that are put into it, side by side. */
export interface OnnxInput {
  readonly name: string;
  readonly type: TensorType;
  /** 2: [rows, columns]; 1: [rows]. */
  readonly rank: 1 | 2;
  /** The first of its columns, and how many. */
  readonly from: number;
  readonly width: number;
}

export interface OnnxLayout {
  readonly inputs: readonly OnnxInput[];
  readonly columns: readonly ModelInput[];
  /** Whether the graph takes one row at a time. */
  readonly single: boolean;
}

const MOST_COLUMNS = 4096;

/**
 * How columns of a table go into a graph: [rows, d] takes d of them, [rows, 1] and [rows] one. `names` are those of all, in
 * the graph's order; without them the columns of a single input are `x0` …, those of several are named by their inputs
 * (`<input>_0` … where one takes several). Throws 422: `invalid_model` for inputs of other shapes, `invalid_option` at
 * `at` for names that do not fit.
 */
export function layoutOf(
  inputs: readonly TensorFacts[],
  names: readonly string[] | undefined,
  at: string,
): OnnxLayout {
  const only = inputs.length === 1;
  let from = 0;
  const laid = inputs.map((input): OnnxInput => {
    const { name, type, shape } = input;
    if (shape.length !== 1 && shape.length !== 2) throw misshapen(input);
    const [, size = 1] = shape;
    if (size === null && (!only || names === undefined)) {
      const detail = `expected the option inputs, the names of the columns, got none: ${quoted(name)} takes any number of columns`;
      throw Problem.at(at, 'invalid_option', detail);
    }
    const width = size ?? names!.length;
    from += width;
    if (from > MOST_COLUMNS) throw misshapen(input);
    return { name, type, rank: shape.length, from: from - width, width };
  });
  const sizes = new Set(inputs.map(({ shape: [size = null] }) => size));
  const [rows = null] = sizes;
  if (sizes.size !== 1 || (rows !== null && rows !== 1)) throw misshapen(inputs[0]!);
  if (names !== undefined && names.length !== from) {
    const detail = `expected inputs to name the ${from} columns that the graph takes, got ${names.length} names`;
    throw Problem.at(at, 'invalid_option', detail);
  }
  const columns = laid.flatMap(({ name, type, from: first, width }) =>
    Array.from({ length: width }, (_, i): ModelInput => {
      const own = only ? `x${i}` : width === 1 ? name : `${name}_${i}`;
      return { name: names?.[first + i] ?? own, type: columnType(type) };
    }),
  );
  return { inputs: laid, columns, single: rows === 1 };
}

const columnType = (type: TensorType): ModelInput['type'] =>
  type === 'string' ? 'string' : type === 'bool' ? 'boolean' : 'number';

function misshapen({ name, shape }: TensorFacts): Problem {
  const got = `${quoted(name)} of ${shapeText(shape)}`;
  const expected = `inputs of [rows, columns], [rows, 1] or [rows], their rows free or all 1, ${MOST_COLUMNS} columns at most`;
  return Problem.at('', 'invalid_model', `expected ${expected}, got ${got}`);
}

const shapeText = (shape: readonly (number | null)[]): string =>
  `[${shape
    .slice(0, 8)
    .map((size) => size ?? 'any')
    .join(', ')}${shape.length > 8 ? ', …' : ''}]`;

/** Values that an output has for each of so many rows. Throws 422 `invalid_model` for an output that is not by rows. */
export function widthOf(name: string, { shape, values }: Tensor, rows: number): number {
  const width = shape.slice(1).reduce((product, size) => product * size, 1);
  if (shape.length > 0 && shape[0] === rows && values.length === rows * width && width > 0) return width;
  const got = `${quoted(name)} of ${shapeText(shape)} for ${rows}`;
  throw Problem.at(
    '',
    'invalid_model',
    `expected outputs with the same number of values for every row, got ${got}`,
  );
}

/** Which output of a graph is what. */
export interface OnnxRoles {
  readonly task: ModelCard['task'];
  /** Classes, cluster numbers, 1 and −1 of outlier detectors. */
  readonly label?: ModelOutput;
  readonly probabilities?: ModelOutput;
  /** Of outlier detectors. */
  readonly scores?: ModelOutput;
  /** Of regressors. */
  readonly value?: ModelOutput;
}

/**
 * What outputs mean by the names that skl2onnx and onnxmltools give them: `label` and `probabilities` are a classifier's,
 * `label` and `scores` of one value an outlier detector's, `variable` alone a regressor's. Text is a label.
 */
export function rolesOf(outputs: readonly ModelOutput[]): OnnxRoles {
  const single = outputs.filter(({ width }) => width === 1);
  const label =
    single.find(({ type }) => type === 'string') ?? single.find(({ name }) => /label$/iu.test(name));
  const chances = outputs.find(({ name, type }) => type === 'number' && /^(output_)?probabilit/iu.test(name));
  if (label !== undefined && (label.type === 'string' || chances !== undefined)) {
    const probabilities = chances !== undefined && chances.width > 1 ? chances : undefined;
    return { task: 'classification', label, ...(probabilities !== undefined && { probabilities }) };
  }
  const scores = single.find(({ name, type }) => type === 'number' && /^scores?$/iu.test(name));
  if (label !== undefined && scores !== undefined && outputs.length === 2)
    return { task: 'outliers', label, scores };
  const [value] = outputs;
  if (outputs.length === 1 && value?.name === 'variable' && value.width === 1 && value.type === 'number')
    return { task: 'regression', value };
  return { task: 'inference' };
}
