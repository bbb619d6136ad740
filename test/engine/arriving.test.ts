/** JSON that is read while it arrives: the same table as if it had been whole, whatever the pieces and the pauses. */
import { Worker } from 'node:worker_threads';
import { readConfig } from '../../src/config.js';
import { Arriving, Starved } from '../../src/engine/wasm/arriving.js';
import { wasmEngine } from '../../src/engine/wasm/engine.js';
import { Problem } from '../../src/ports/problem.js';
import type { Cell, Table } from '../../src/ports/tables.js';
import { openKernels } from '../contract/engines.js';
import { Arena } from '../../src/engine/wasm/arena.js';

const LIMITS = readConfig({}).tableLimits;

/** Writes a body piece by piece into shared memory, counting. */
const WRITER = `
  const { workerData } = require('node:worker_threads');
  const { memory, watch, body, text, pieces, pauseMs, stop } = workerData;
  const landed = new Int32Array(memory, watch, 1);
  const nap = new Int32Array(new SharedArrayBuffer(4));
  const source = Buffer.from(text);
  let at = 0;
  for (let i = 0; at < source.length && at < stop.at; i++) {
    const end = Math.min(source.length, at + pieces[i % pieces.length]);
    new Uint8Array(memory, body + at, end - at).set(source.subarray(at, end));
    at = end;
    Atomics.store(landed, 0, at);
    Atomics.notify(landed, 0);
    if (pauseMs > 0) Atomics.wait(nap, 0, 0, pauseMs);
  }
  if (at < source.length && stop.tells) {
    Atomics.store(landed, 0, -1);
    Atomics.notify(landed, 0);
  }
`;

interface Sending {
  readonly pieces: number[];
  readonly pauseMs?: number;
  /** The rest never comes; `tells`: and the reader is told so. */
  readonly stop?: { at: number; tells: boolean };
}

const contents = (table: Table): [string, Cell[]][] =>
  table.names.map((name) => [name, [...table.column(name).cells()]]);

describe('a body that is read while it arrives', () => {
  const { kernels, memory } = openKernels('release');
  const base = Math.ceil(kernels.heap_base.value / 64) * 64;
  const rows = (count: number): string[] =>
    Array.from({ length: count }, (_, i) => `{"a":${i / 7},"s":"row ${i % 50}","b":${i % 2 === 0}}`);

  async function readArriving(
    text: string,
    shape: 'document' | 'lines',
    { pieces, pauseMs = 0, stop = { at: Infinity, tells: false } }: Sending,
  ): Promise<Table> {
    const length = Buffer.byteLength(text);
    const pages = Math.ceil((base + 64 + length + 2 ** 20 - memory.buffer.byteLength) / 65536);
    if (pages > 0) memory.grow(pages);
    // What was there before is noise that looks like more of the body.
    new Uint8Array(memory.buffer, base + 64, length).fill(0x31);
    new Int32Array(memory.buffer, base, 1)[0] = 0;
    const arena = new Arena(memory, base + 64 + length);
    arena.arriving = new Arriving(memory.buffer, base, base + 64, length);
    const workerData = { memory: memory.buffer, watch: base, body: base + 64, text, pieces, pauseMs, stop };
    const writer = new Worker(WRITER, { eval: true, workerData });
    const ended = new Promise((resolve) => writer.once('exit', resolve));
    await new Promise((resolve) => writer.once('online', resolve));
    try {
      return wasmEngine(kernels, arena).json(new Uint8Array(memory.buffer, base + 64, length), shape, LIMITS)
        .table;
    } finally {
      await writer.terminate();
      await ended;
    }
  }

  function readWhole(text: string, shape: 'document' | 'lines'): Table {
    const { kernels: own, arena } = openKernels('release');
    return wasmEngine(own, arena).json(Buffer.from(text), shape, LIMITS).table;
  }

  const documents: [string, 'document' | 'lines', string][] = [
    ['rows', 'document', `{"options":{"k":1},"data":[${rows(30_000).join(',')}]}`],
    [
      'columns',
      'document',
      `{"columns":{"a":[${Array.from({ length: 90_000 }, (_, i) => i * 1.1).join(', ')}],"b":[${'null,'.repeat(89_999)}1]}}`,
    ],
    ['lines', 'lines', rows(30_000).join('\n')],
    [
      'a row longer than what is waited for',
      'document',
      `{"data":[{"a":"${'x'.repeat(300_000)}"},{"a":"y"}]}`,
    ],
    [
      'options longer than what is waited for',
      'document',
      `{"options":{"k":"${'x'.repeat(300_000)}"},"data":[{"a":1}]}`,
    ],
    ['a few bytes', 'document', '{"data":[{"a":1}]}'],
  ];

  test.each(documents)('%s, in pieces of any size', async (_name, shape, text) => {
    const expected = contents(readWhole(text, shape));
    for (const pieces of [[1_000_003], [65_536], [4099, 17, 70_001], [64, 100_000, 1]]) {
      expect(contents(await readArriving(text, shape, { pieces }))).toEqual(expected);
    }
    expect(
      contents(await readArriving(text, shape, { pieces: [Math.ceil(text.length / 9)], pauseMs: 20 })),
    ).toEqual(expected);
  });

  test('what is wrong is told as if it had come whole', async () => {
    for (const text of [
      `{"data":[${rows(20_000).join(',')},{"a":1e999}]}`,
      `{"data":[${rows(20_000).join(',')},x]}`,
      `{"data":[${rows(20_000).join(',')}]`,
    ]) {
      const told = (error: unknown): unknown =>
        error instanceof Problem ? [error.code, error.message, error.faults] : error;
      let expected: unknown;
      try {
        readWhole(text, 'document');
      } catch (error) {
        expected = told(error);
      }
      expect(expected).toBeDefined();
      expect(await readArriving(text, 'document', { pieces: [10_000] }).catch(told)).toEqual(expected);
    }
  });

  test('a body that breaks off is 400, one that stalls gives its lane back', async () => {
    const text = `{"data":[${rows(20_000).join(',')}]}`;
    const broken = readArriving(text, 'document', { pieces: [9000], stop: { at: 300_000, tells: true } });
    await expect(broken).rejects.toMatchObject({ code: 'unreadable_body' });
    const stalled = readArriving(text, 'document', { pieces: [9000], stop: { at: 300_000, tells: false } });
    await expect(stalled).rejects.toBeInstanceOf(Starved);
  });
});
