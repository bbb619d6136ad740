import type { Decoder } from '../../ports/formats.js';
import type { TensorHeader } from '../../ports/inference.js';
import { refuseColumns, refuseName } from '../../ports/limits.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { Column } from '../../ports/tables.js';
import { binaryColumns } from './binary.js';
import { kindOf } from './datatypes.js';
import { readGrids } from './grid.js';
import {
  afterSpace,
  afterValue,
  ARRAY,
  OBJECT,
  isNested,
  parseWithout,
  readArray,
  readObject,
} from './scan.js';
import { type Cut, type Tensor, tensorsOf } from './tensors.js';
import { typedColumn } from './values.js';

/**
 * A request of the Open Inference Protocol: JSON with tensors in `inputs`, flat or nested, or a head of `headerBytes` of JSON and
 * the tensors with `binary_data_size` behind it, one after the other (Triton's extension for binary tensor data). A tensor
 * with one element a row is a column of its name; one with d is d columns, `name_0` and so on. What else the head says stays
 * beside it; of `inputs`, `TensorHeader`s.
 */
export const readInference: Decoder = (body, tools) => {
  const { limits, headerBytes = body.length } = tools;
  if (headerBytes > body.length) {
    const detail = `expected Inference-Header-Content-Length of at most the body's ${body.length} bytes, got ${headerBytes}`;
    throw new Problem('invalid_request', detail);
  }
  const text = body.subarray(0, headerBytes);
  const cuts = dataOf(text, limits.depth);
  const head = parseWithout(text, cuts);
  if (typeof head !== 'object' || head === null || Array.isArray(head)) {
    const detail = `expected an object with "inputs", got ${kindOf(head)}`;
    throw Problem.at('', 'invalid_request', detail);
  }
  // What is null says nothing.
  const beside = new Map(Object.entries(head).filter(([, value]) => value !== null));
  const tensors = tensorsOf(beside.get('inputs'), cuts, body.subarray(headerBytes), limits);

  const count = tensors.reduce((sum, { width }) => sum + width, 0);
  refuseColumns(count, '/inputs', limits);
  const named = tensors.map((tensor) => ({ tensor, names: namesOf(tensor) }));
  const columns = new Map<string, Column>();
  const inJson = named.filter(({ tensor }) => tensor.data.kind === 'json');
  const read =
    inJson.length === 0
      ? []
      : readGrids(
          inJson.map(({ tensor }) => gridOf(tensor, text)),
          tools,
        );
  let next = 0;
  for (const { tensor, names } of named) {
    for (const name of names) {
      refuseName(name, () => `${tensor.pointer}/name`, limits);
      if (!columns.has(name)) continue;
      const detail = `expected tensors whose columns have different names, got ${JSON.stringify(excerpt(name))} twice`;
      throw Problem.at(`${tensor.pointer}/name`, 'duplicate_column', detail);
    }
    const made =
      tensor.data.kind === 'binary'
        ? binaryColumns(tensor, names, tensor.data.bytes, tools)
        : names.map((name, j) => typedColumn(read[next++]!, tensor, j, name));
    for (const column of made) columns.set(column.name, column);
  }
  const headers = named.map(({ tensor: { name, datatype, shape }, names }): TensorHeader => {
    return { name, datatype, shape, columns: names };
  });
  beside.set('inputs', headers);
  return {
    table: {
      rows: tensors[0]!.rows,
      names: [...columns.keys()],
      column: (name) => columns.get(name)!,
    },
    options: undefined,
    beside,
  };
};

/** Where the arrays in `data` of the tensors lie. */
function dataOf(text: Uint8Array, depth: number): readonly Cut[] {
  const cuts: Cut[] = [];
  const start = afterSpace(text, 0);
  if (text[start] !== OBJECT) {
    afterValue(text, start, depth);
    return cuts;
  }
  const tensor = (at: number): number =>
    text[at] !== OBJECT
      ? afterValue(text, at, depth, 2)
      : readObject(text, at, (key, value) => {
          const end = afterValue(text, value, depth, 3);
          if (key === 'data' && text[value] === ARRAY)
            cuts.push({ start: value, end, nested: isNested(text, value) });
          return end;
        });
  readObject(text, start, (key, value) =>
    key === 'inputs' && text[value] === ARRAY
      ? readArray(text, value, tensor)
      : afterValue(text, value, depth, 1),
  );
  return cuts;
}

const namesOf = ({ name, width }: Tensor): readonly string[] =>
  width === 1 ? [name] : Array.from({ length: width }, (_, j) => `${name}_${j}`);

function gridOf(
  { shape, width, pointer, data }: Tensor,
  text: Uint8Array,
): Parameters<typeof readGrids>[0][number] {
  if (data.kind !== 'json') throw new RangeError('a tensor of bytes is no grid');
  return { text, stretch: data.stretch, shape, width, pointer: `${pointer}/data` };
}
