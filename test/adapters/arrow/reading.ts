import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readArrow } from '../../../src/adapters/arrow/read.js';
import { verifyArrow } from '../../../src/adapters/arrow/verify.js';
import { writeArrow } from '../../../src/adapters/arrow/write.js';
import { codecs } from '../../../src/adapters/codecs/codecs.js';
import { readConfig } from '../../../src/config.js';
import { jsEngine } from '../../../src/engine/js/engine.js';
import type { Engine } from '../../../src/ports/engine.js';
import type { Decoded } from '../../../src/ports/formats.js';
import { Problem } from '../../../src/ports/problem.js';
import type { Space } from '../../../src/ports/space.js';
import type { Cell, Table } from '../../../src/ports/tables.js';

const FIXTURES = join(__dirname, '..', '..', 'fixtures', 'arrow');
export const CORPORA = join(__dirname, '..', '..', 'corpora');
export const LIMITS = readConfig({}).tableLimits;

export const fixture = (name: string): Uint8Array => Uint8Array.from(readFileSync(join(FIXTURES, name)));

/** Fixtures of at most so many bytes that are read. */
export const smallFixtures = (bytes: number): string[] =>
  readdirSync(FIXTURES)
    .filter((name) => /\.arrows?$/u.test(name) && !/legacy|union|list-view|run-end|zero-columns/u.test(name))
    .filter((name) => fixture(name).length <= bytes);

const space: Space = {
  float64: (length) => new Float64Array(length),
  bytes: (length) => new Uint8Array(length),
  scratch: (use) => use(),
};
let engine: Engine | undefined;
/** Before the first read: the kernels that widen are an engine's. */
export async function loadEngine(): Promise<void> {
  engine ??= await jsEngine();
}

export function read(body: Uint8Array, limits = LIMITS): Table {
  if (engine === undefined) throw new Error('loadEngine() comes first');
  const decoded = readArrow(body, { space, engine, limits, codecs });
  return (decoded as Decoded).table;
}

/** The cells of a column; undefined: its type is not read. Throws what does not fit together. */
export function cellsOf(table: Table, name: string): Cell[] | undefined {
  const column = refused(() => table.column(name), 'unsupported_type');
  if (column === undefined) return undefined;
  const cells = [...column.cells()];
  if (cells.length !== table.rows) throw new Error(`${cells.length} cells of ${table.rows} rows`);
  const nulls = cells.filter((cell) => cell === null).length;
  if ('missing' in column) {
    if (column.missing !== nulls) throw new Error(`${column.missing} missing, but ${nulls} nulls`);
    for (const cell of cells)
      if (cell !== null && (typeof cell !== 'string' || !cell.isWellFormed())) throw new Error('no text');
    return cells;
  }
  const { length, chunks } = column.numbers;
  if (length !== table.rows) throw new Error(`${length} numbers of ${table.rows} rows`);
  let sum = 0;
  for (const { values, validity, bitOffset } of chunks) {
    if (validity !== null && validity.length * 8 < bitOffset + values.length) throw new Error('short bitmap');
    sum += values.length;
  }
  if (sum !== length) throw new Error(`chunks of ${sum} rows, not ${length}`);
  return cells;
}

function refused<T>(call: () => T, code: string): T | undefined {
  try {
    return call();
  } catch (error) {
    if (error instanceof Problem && error.code === code) return undefined;
    throw error;
  }
}

/**
 * The oracle of every hostile input: the code of a Problem, or "read" for a table that the verifier calls valid a second
 * time, whose every cell can be read, and which can be given back as Arrow that is valid too. Anything else throws.
 */
export function outcome(body: Uint8Array): string {
  let table: Table;
  try {
    table = read(body);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (!/^expected .*got /su.test(error.message))
      throw new Error(`a message without form: ${error.message}`, { cause: error });
    return error.code;
  }
  if (verifyArrow(body, { limits: LIMITS, codecs }).rows !== table.rows)
    throw new Error('verified as another number of rows');
  for (const name of table.names) cellsOf(table, name);
  const back = writeArrow(table, { name: 'cluster', values: new Int32Array(table.rows) }, new Map());
  const again = verifyArrow(back, {
    limits: { ...LIMITS, columns: LIMITS.columns + 1, nameBytes: LIMITS.nameBytes + 100 },
    codecs,
  });
  if (again.rows !== table.rows) throw new Error(`written as ${again.rows} rows, not ${table.rows}`);
  return 'read';
}

/** The time that an input takes (ms); of one that takes long the shortest of three more, as others use this machine too. */
export function timed(body: Uint8Array, most: number): { readonly outcome: string; readonly ms: number } {
  const once = (): { outcome: string; ms: number } => {
    const start = performance.now();
    return { outcome: outcome(body), ms: performance.now() - start };
  };
  const first = once();
  if (first.ms <= most) return first;
  return { ...first, ms: Math.min(...[once(), once(), once()].map(({ ms }) => ms)) };
}

/** mulberry32: numbers in [0, 1) from a seed. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

const WORDS = [
  0,
  1,
  2,
  7,
  8,
  127,
  128,
  255,
  256,
  32767,
  65535,
  65536,
  2 ** 20,
  2 ** 30,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 8,
  2 ** 32 - 1,
];

/** One to four changes of a body: bits, bytes, words of 32 and 64 bits, cuts, runs moved, removed or repeated. */
export function mutate(source: Uint8Array, random: () => number): Uint8Array {
  const below = (n: number): number => Math.floor(random() * n);
  let body = source.slice();
  for (let changes = 1 + below(4); changes > 0; changes--) {
    const at = below(body.length);
    const view = new DataView(body.buffer);
    const word = Math.min(at & ~3, body.length - 8);
    switch (below(9)) {
      case 0:
      case 1:
        body[at]! ^= 1 << below(8);
        break;
      case 2:
        body[at] = below(256);
        break;
      case 3:
      case 4:
        if (word >= 0) view.setUint32(word, WORDS[below(WORDS.length)]!, true);
        break;
      case 5:
        if (word >= 0) view.setInt32(word, view.getInt32(word, true) + below(17) - 8, true);
        break;
      case 6:
        if (word >= 0) view.setBigInt64(word, BigInt(WORDS[below(WORDS.length)]!) << BigInt(below(40)), true);
        break;
      case 7:
        body.copyWithin(at, below(body.length), below(body.length));
        break;
      default: {
        const length = 8 * below(5);
        const kept = [
          body.subarray(0, at & ~7),
          body.subarray(at & ~7, (at & ~7) + length),
          body.subarray((at & ~7) + length),
        ];
        body = Uint8Array.from(
          Buffer.concat(below(2) === 0 ? [kept[0]!, kept[2]!] : [kept[0]!, kept[1]!, kept[1]!, kept[2]!]),
        );
      }
    }
    if (body.length === 0) return body;
  }
  return body;
}
