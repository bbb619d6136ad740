import { type Data, Type } from 'apache-arrow';
import { isValid } from './bits.js';

/**
 * A column with zeros behind its nulls, where the format leaves open what lies there: copied where there are nulls, so
 * that what it was read from stays as it is. Children of nested columns are given back as they came.
 */
export function zeroNulls(data: Data): Data {
  const values = data.values as (ArrayBufferView & { readonly length: number }) | undefined;
  if (data.nullCount <= 0 || values === undefined) return data;
  const { nullBitmap, length, stride } = data;
  const valueOffsets: unknown = data.valueOffsets;
  const bytes = new Uint8Array(values.byteLength);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  if (data.typeId === Type.Bool) {
    for (let i = 0; i < bytes.length; i++) bytes[i]! &= nullBitmap[i] ?? 0;
  } else {
    const offsets = valueOffsets as ArrayLike<number | bigint> | undefined;
    const width = values.length === 0 ? 0 : (values.byteLength / values.length) * stride;
    for (let row = 0; row < length; row++) {
      if (isValid(nullBitmap, row)) continue;
      if (offsets === undefined) bytes.fill(0, row * width, (row + 1) * width);
      else bytes.fill(0, Number(offsets[row]), Number(offsets[row + 1]));
    }
  }
  const array = values.constructor as new (buffer: ArrayBuffer) => ArrayBufferView;
  const buffers = [valueOffsets, new array(bytes.buffer), nullBitmap, data.typeIds];
  return data.clone(data.type, 0, length, data.nullCount, buffers as unknown as Data['buffers']);
}
