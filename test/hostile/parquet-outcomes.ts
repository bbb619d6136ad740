import { codecs } from '../../src/adapters/codecs/codecs.js';
import { readParquet } from '../../src/adapters/parquet/read.js';
import { readConfig } from '../../src/config.js';
import { jsEngine } from '../../src/engine/js/engine.js';
import { Problem } from '../../src/ports/problem.js';
import type { Cell } from '../../src/ports/tables.js';

const limits = readConfig({}).tableLimits;
const space = {
  float64: (length: number) => new Float64Array(length),
  bytes: (length: number) => new Uint8Array(length),
  scratch: <T>(use: () => T): T => use(),
};

/** All cells of all columns, from a body in shared memory as in a lane. */
export async function readAll(file: Uint8Array): Promise<Cell[][]> {
  const body = new Uint8Array(new SharedArrayBuffer(file.length));
  body.set(file);
  const { table } = await readParquet(body, { space, engine: await jsEngine(), limits, codecs });
  return table.names.map((name) => [...table.column(name).cells()]);
}

/** The code of the Problem, 'table' when there is none. Anything else is thrown on. */
export async function outcomeOf(file: Uint8Array): Promise<string> {
  try {
    await readAll(file);
    return 'table';
  } catch (error) {
    if (error instanceof Problem) {
      expect(error.message).toMatch(/^expected .*got /su);
      return error.code;
    }
    throw error;
  }
}

export const int32 = (...values: number[]): Buffer => Buffer.from(Int32Array.from(values).buffer);
export const u32 = (value: number): number[] => [...Buffer.from(Uint32Array.of(value).buffer)];
export const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
