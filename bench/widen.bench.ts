import type { NumberStorage, WidenKernel } from '../src/ports/engine.js';
import { bitmap, mulberry32 } from './data.js';
import type { Case, Contest, Stage } from './stage.js';

const ROWS = 1_000_000;

/** Stored values of each width, small enough for float64 to hold. */
function stored(storage: NumberStorage): Uint8Array {
  const next = mulberry32(701);
  const value = (): number => Math.floor(100 * next());
  if (storage === 'bit') return bitmap(702, ROWS, 0.5);
  if (storage === 'int64') return bytesOf(BigInt64Array.from({ length: ROWS }, () => BigInt(value())));
  if (storage === 'float32') return bytesOf(Float32Array.from({ length: ROWS }, value));
  if (storage === 'int32') return bytesOf(Int32Array.from({ length: ROWS }, value));
  return bytesOf(Uint8Array.from({ length: ROWS }, value));
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function contest({ wasm, js, arena }: Stage, storage: NumberStorage, validity: Uint8Array | null): Contest {
  const bytes = stored(storage);
  const ourBytes = new Uint8Array(arena.buffer, arena.place(bytes), bytes.length);
  const source = { storage, validity, bitOffset: 0, length: ROWS };
  const last = ({ values, inexact }: ReturnType<WidenKernel>): number =>
    values[ROWS - 1]! + values[ROWS >> 1]! + inexact + 1;
  return {
    ours: () => arena.scratch(() => last(wasm.widen({ ...source, bytes: ourBytes }))),
    rival: () => last(js.widen({ ...source, bytes })),
    agree: 0,
  };
}

const one = (storage: NumberStorage, name: string, floor: number, missing = false): Case => ({
  family: 'widen',
  name: `${name}, 1,000,000 rows`,
  rival: 'js engine',
  floor,
  prepare: (stage) => contest(stage, storage, missing ? bitmap(703, ROWS, 0.1) : null),
});

// Floors: about two thirds of the lowest median ratio of several runs (two cores, Node 20): 2.1, 5.8, 7, 9 and 1.55.
export const cases: readonly Case[] = [
  one('uint8', 'uint8', 1.4),
  one('int32', 'int32', 3.8),
  one('float32', 'float32', 4.6),
  one('int64', 'int64, one in ten missing', 6, true),
  one('bit', 'boolean', 1),
];
