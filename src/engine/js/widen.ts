import type { NumberStorage, WidenKernel } from '../../ports/engine.js';

type Reader = (view: DataView, row: number) => number | bigint;

const READERS: Record<Exclude<NumberStorage, 'bit'>, Reader> = {
  int8: (view, row) => view.getInt8(row),
  uint8: (view, row) => view.getUint8(row),
  int16: (view, row) => view.getInt16(row * 2, true),
  uint16: (view, row) => view.getUint16(row * 2, true),
  int32: (view, row) => view.getInt32(row * 4, true),
  uint32: (view, row) => view.getUint32(row * 4, true),
  int64: (view, row) => view.getBigInt64(row * 8, true),
  uint64: (view, row) => view.getBigUint64(row * 8, true),
  float16: (view, row) => half(view.getUint16(row * 2, true)),
  float32: (view, row) => view.getFloat32(row * 4, true),
};

const bitAt = (bytes: Uint8Array, bit: number): number => (bytes[bit >> 3]! >> (bit & 7)) & 1;

export const widen: WidenKernel = ({ storage, bytes, validity, bitOffset, length }) => {
  const values = new Float64Array(length);
  if (storage === 'bit') {
    for (let row = 0; row < length; row++) values[row] = bitAt(bytes, bitOffset + row);
    return { values, inexact: 0 };
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = READERS[storage];
  let inexact = 0;
  for (let row = 0; row < length; row++) {
    const stored = read(view, row);
    const value = Number(stored);
    values[row] = value;
    const present = validity === null || bitAt(validity, bitOffset + row) === 1;
    if (typeof stored === 'bigint' && present && BigInt(value) !== stored) inexact++;
  }
  return { values, inexact };
};

/** IEEE 754 binary16. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
