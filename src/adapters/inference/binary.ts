/** Columns of tensors that came as bytes, little-endian and row-major. */
import { isUtf8 } from 'node:buffer';
import type { DecodeTools } from '../../ports/formats.js';
import { Problem } from '../../ports/problem.js';
import { type Column, type Numbers, numericCells, type TextColumn } from '../../ports/tables.js';
import { KINDS } from './datatypes.js';
import type { Tensor } from './tensors.js';

/** A column a value of the rows, in order. Throws 422 for what is no value of the datatype, 400 `invalid_utf8`. */
export function binaryColumns(
  tensor: Tensor,
  names: readonly string[],
  bytes: Uint8Array,
  tools: DecodeTools,
): readonly Column[] {
  if (tensor.datatype === 'BYTES') return textColumns(tensor, names, bytes, tools);
  const { rows, width, datatype } = tensor;
  const { values, inexact } = numbersOf(tensor, bytes, tools);
  if (datatype === 'BOOL') refuseTruth(values, tensor);
  const type = datatype === 'BOOL' ? 'boolean' : 'number';
  const columns = width === 1 ? [values] : apart(values, rows, width, tools);
  return columns.map((column, j): Column => {
    const numbers: Numbers = {
      length: rows,
      chunks: [{ values: column, validity: null, bitOffset: 0 }],
    };
    return {
      name: names[j]!,
      type,
      numbers,
      inexact: inexact === 0 ? 0 : inexactIn(tensor, bytes, j),
      cells: () => numericCells(type, numbers),
    };
  });
}

function numbersOf(
  { rows, width, datatype }: Tensor,
  bytes: Uint8Array,
  { engine, space }: DecodeTools,
): { readonly values: Float64Array; readonly inexact: number } {
  const length = rows * width;
  const { storage } = KINDS[datatype];
  if (storage === undefined) {
    const values = space.float64(length);
    new Uint8Array(values.buffer, values.byteOffset, bytes.length).set(bytes);
    return { values, inexact: 0 };
  }
  // Behind JSON of any length: kernels read where values are aligned.
  const aligned = space.bytes(bytes.length);
  aligned.set(bytes);
  return engine.widen({ storage, bytes: aligned, validity: null, bitOffset: 0, length });
}

/** Columns of row-major values. */
function apart(
  values: Float64Array,
  rows: number,
  width: number,
  { space }: DecodeTools,
): readonly Float64Array[] {
  const columns = Array.from({ length: width }, () => space.float64(rows));
  for (let j = 0; j < width; j++) {
    const column = columns[j]!;
    for (let row = 0, at = j; row < rows; row++, at += width) column[row] = values[at]!;
  }
  return columns;
}

function refuseTruth(values: Float64Array, { pointer }: Tensor): void {
  const at = values.findIndex((value) => value !== 0 && value !== 1);
  if (at === -1) return;
  const detail = `expected a byte of 0 or 1 for BOOL, got ${values[at]} at element ${at}`;
  throw Problem.at(pointer, 'unsupported_value', detail);
}

/** Integers of 64 bits in column j that float64 does not hold. */
function inexactIn({ datatype, rows, width }: Tensor, bytes: Uint8Array, j: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const at = (row * width + j) * 8;
    const stored = datatype === 'UINT64' ? view.getBigUint64(at, true) : view.getBigInt64(at, true);
    if (BigInt(Number(stored)) !== stored) count++;
  }
  return count;
}

/** Where each element begins and ends is kept in the memory of the request; texts are made when they are asked for. */
function textColumns(
  { rows, width, pointer }: Tensor,
  names: readonly string[],
  bytes: Uint8Array,
  { space }: DecodeTools,
): readonly TextColumn[] {
  const count = rows * width;
  const room = space.bytes(count * 4);
  const starts = new Uint32Array(room.buffer, room.byteOffset, count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const refuse = (element: number, got: string): never => {
    const detail = `expected a length in 4 bytes and as many bytes of text for each of ${count} elements, got ${got} at element ${element}`;
    throw Problem.at(pointer, 'invalid_request', detail);
  };
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.length) refuse(i, 'the end of the data');
    const length = view.getUint32(at, true);
    if (length > bytes.length - at - 4) refuse(i, `a length of ${length}`);
    if (!isUtf8(bytes.subarray(at + 4, at + 4 + length)))
      throw Problem.at(pointer, 'invalid_utf8', `expected UTF-8, got bytes that are not at element ${i}`);
    starts[i] = at;
    at += 4 + length;
  }
  if (at < bytes.length) refuse(count, `${bytes.length - at} bytes more`);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const text = (i: number): string => {
    const start = starts[i]! + 4;
    return decoder.decode(bytes.slice(start, start + view.getUint32(starts[i]!, true)));
  };
  return names.map((name, j) => ({
    name,
    type: 'string',
    missing: 0,
    *cells() {
      for (let row = 0; row < rows; row++) yield text(row * width + j);
    },
  }));
}
