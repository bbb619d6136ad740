import { type TableLimits, refuseSize, token } from '../../ports/limits.js';
import type { Datatype } from '../../ports/inference.js';
import { excerpt, Problem } from '../../ports/problem.js';
import { datatypeOf, kindOf, KINDS } from './datatypes.js';
import type { Stretch } from './scan.js';

/** An array of data in JSON. */
export interface Cut extends Stretch {
  readonly nested: boolean;
}

/** A tensor of a request, and where its elements are. */
export interface Tensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly rows: number;
  /** Elements of a row. */
  readonly width: number;
  readonly pointer: string;
  readonly data:
    | { readonly kind: 'json'; readonly stretch: Stretch; readonly nested: boolean }
    | { readonly kind: 'binary'; readonly bytes: Uint8Array };
}

type Members = Readonly<Record<string, unknown>>;

/** An object of JSON. Throws 422 `invalid_request` at `pointer`. */
export function membersAt(value: unknown, pointer: string, what: string): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members;
  throw Problem.at(pointer, 'invalid_request', `expected ${what}, got ${kindOf(value)}`);
}

/** Only what stands in the object itself: a name such as "constructor" means nothing. */
const own = (members: Members, name: string): unknown =>
  Object.hasOwn(members, name) ? members[name] : undefined;

/**
 * The tensors of a request's head. `cuts`: the arrays that its `data` members stand for; `binary`: what follows the head, which
 * the tensors with `binary_data_size` have one after the other, all of it. Throws Problem 422 with a pointer, and 413
 * before anything is made.
 */
export function tensorsOf(
  inputs: unknown,
  cuts: readonly Cut[],
  binary: Uint8Array,
  limits: TableLimits,
): readonly Tensor[] {
  if (!Array.isArray(inputs)) {
    const detail = `expected an array of tensors in "inputs", got ${kindOf(inputs)}`;
    throw Problem.at('/inputs', 'invalid_request', detail);
  }
  if (inputs.length === 0) throw Problem.at('/inputs', 'no_data', 'expected at least one tensor, got none');
  let taken = 0;
  let width = 0;
  const names = new Set<string>();
  const tensors = inputs.map((input: unknown, i): Tensor => {
    const pointer = `/inputs/${i}`;
    const members = membersAt(input, pointer, 'a tensor');
    for (const key of Object.keys(members)) {
      if (KNOWN.has(key)) continue;
      const detail = `expected only ${[...KNOWN].join(', ')} in a tensor, got ${JSON.stringify(excerpt(key))}`;
      throw Problem.at(`${pointer}/${token(key)}`, 'invalid_request', detail);
    }
    const head = headOf(members, pointer, limits);
    if (names.has(head.name)) {
      const detail = `expected tensors with different names, got ${JSON.stringify(excerpt(head.name))} twice`;
      throw Problem.at(`${pointer}/name`, 'duplicate_column', detail);
    }
    names.add(head.name);
    width += head.width;
    refuseSize(head.rows, width, limits);
    const size = binarySize(members, pointer);
    if (size === undefined) return { ...head, data: jsonData(members, cuts, head) };
    if ((own(members, 'data') ?? null) !== null) {
      const detail = 'expected data in JSON or binary_data_size, got both';
      throw Problem.at(`${pointer}/data`, 'invalid_request', detail);
    }
    refuseBytes(head, size, binary.length - taken);
    const bytes = binary.subarray(taken, taken + size);
    taken += size;
    return { ...head, data: { kind: 'binary', bytes } };
  });
  if (taken < binary.length) {
    const detail = `expected ${taken} bytes of binary data behind the JSON, got ${binary.length}`;
    throw Problem.at('/inputs', 'invalid_request', detail);
  }
  const [first] = tensors;
  for (const { rows, pointer } of tensors) {
    if (rows === first!.rows) continue;
    const detail = `expected ${first!.rows} rows as in the first tensor, got ${rows}`;
    throw Problem.at(`${pointer}/shape/0`, 'invalid_request', detail);
  }
  return tensors;
}

const KNOWN: ReadonlySet<string> = new Set(['name', 'shape', 'datatype', 'parameters', 'data']);

type Head = Omit<Tensor, 'data'>;

function headOf(members: Members, pointer: string, limits: TableLimits): Head {
  const name = own(members, 'name');
  if (typeof name !== 'string') {
    const detail = `expected the name of a tensor, got ${kindOf(name)}`;
    throw Problem.at(`${pointer}/name`, 'invalid_request', detail);
  }
  const datatype = datatypeOf(own(members, 'datatype'), `${pointer}/datatype`);
  const shape = shapeOf(own(members, 'shape'), pointer, limits);
  const [rows = 0, ...others] = shape;
  const width = others.reduce((product, size) => product * size, 1);
  return { name, datatype, shape, rows, width, pointer };
}

/** At most so many sizes: what cannot be is refused before it is multiplied. */
const MAX_RANK = 8;

function shapeOf(value: unknown, tensor: string, limits: TableLimits): readonly number[] {
  const pointer = `${tensor}/shape`;
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_RANK) {
    const got = Array.isArray(value) ? `${value.length} of them` : kindOf(value);
    throw Problem.at(pointer, 'invalid_request', `expected a shape of 1 to ${MAX_RANK} sizes, got ${got}`);
  }
  let elements = 1;
  for (const [i, size] of (value as unknown[]).entries()) {
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
      const got = typeof size === 'number' ? String(size) : kindOf(size);
      const detail = `expected a size that is a whole number of at least 0, got ${got}`;
      throw Problem.at(`${pointer}/${i}`, 'invalid_request', detail);
    }
    if (size === 0) {
      const what = i === 0 ? 'row' : 'value in a row';
      throw Problem.at(`${pointer}/${i}`, 'no_data', `expected at least one ${what}, got none`);
    }
    elements *= size;
    if (i === 0 && size > limits.rows) refuseSize(size, 1, limits);
    if (elements > limits.cells) {
      const detail = `expected at most ${limits.cells} cells (MAX_CELLS), got a shape of more`;
      throw Problem.at(pointer, 'too_many_cells', detail);
    }
    if (i > 0 && elements / (value[0] as number) > limits.columns) {
      const detail = `expected at most ${limits.columns} columns (MAX_COLUMNS), got a shape of more`;
      throw Problem.at(pointer, 'too_many_columns', detail);
    }
  }
  return value as number[];
}

function binarySize(members: Members, pointer: string): number | undefined {
  const given = own(members, 'parameters');
  if (given === undefined || given === null) return undefined;
  const parameters = membersAt(given, `${pointer}/parameters`, 'an object of parameters');
  const at = `${pointer}/parameters`;
  if (own(parameters, 'shared_memory_region') !== undefined) {
    const detail = 'expected data in the request, got a region of shared memory: there is none here';
    throw Problem.at(`${at}/shared_memory_region`, 'unsupported_value', detail);
  }
  const size = own(parameters, 'binary_data_size');
  if (size === undefined) return undefined;
  if (typeof size === 'number' && Number.isSafeInteger(size) && size >= 0) return size;
  const got = typeof size === 'number' ? String(size) : kindOf(size);
  const detail = `expected a number of bytes, got ${got}`;
  throw Problem.at(`${at}/binary_data_size`, 'invalid_request', detail);
}

function jsonData(members: Members, cuts: readonly Cut[], { pointer, datatype }: Head): Tensor['data'] {
  const data = own(members, 'data');
  if (!Array.isArray(data)) {
    const detail = `expected an array of values, or binary_data_size in the parameters, got ${kindOf(data)}`;
    throw Problem.at(`${pointer}/data`, 'invalid_request', detail);
  }
  if (datatype === 'FP16') {
    const detail = 'expected FP16 as binary data, got it in JSON';
    throw Problem.at(`${pointer}/data`, 'unsupported_type', detail);
  }
  const stretch = cuts[Number(data[0])]!;
  return { kind: 'json', stretch, nested: stretch.nested };
}

/** A tensor has exactly the bytes of its shape; one of BYTES at least a length for each element. */
function refuseBytes({ shape, datatype, rows, width, pointer }: Head, size: number, left: number): void {
  const at = `${pointer}/parameters/binary_data_size`;
  if (size > left) {
    const detail = `expected at least ${size} more bytes of binary data behind the JSON, got ${left}`;
    throw Problem.at(at, 'invalid_request', detail);
  }
  const element = KINDS[datatype].size;
  const needed = rows * width * (element === 0 ? 4 : element);
  if (element === 0 ? size >= needed : size === needed) return;
  const bound = element === 0 ? 'at least ' : '';
  const detail = `expected ${bound}${needed} bytes for ${datatype} of shape ${JSON.stringify(shape)}, got ${size}`;
  throw Problem.at(at, 'invalid_request', detail);
}
