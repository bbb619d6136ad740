import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readArrow } from '../../src/adapters/arrow/read.js';
import { Arena } from '../../src/engine/wasm/arena.js';
import { wasmEngine } from '../../src/engine/wasm/engine.js';
import { instantiate } from '../../src/engine/wasm/exports.js';
import type { NumericColumn } from '../../src/ports/tables.js';
import { codecs } from '../../src/adapters/codecs/codecs.js';
import { readConfig } from '../../src/config.js';
import { ROOT } from '../service.js';

/** The body of an Arrow request is written once and never copied: its columns are views of the arena's memory. */
describe('an Arrow body in an arena', () => {
  const module = new WebAssembly.Module(readFileSync(join(ROOT, 'dist', 'wasm', 'release.wasm')));
  const memory = new WebAssembly.Memory({ initial: 8, maximum: 65536, shared: true });
  const kernels = instantiate(module, memory);
  const file = readFileSync(join(ROOT, 'test', 'fixtures', 'arrow', 'rows-600-batches-37.arrows'));
  const start = Math.ceil(kernels.heap_base.value / 64) * 64;
  const body = new Uint8Array(memory.buffer, start, file.length);
  body.set(file);
  const arena = new Arena(memory, start + file.length);
  const engine = wasmEngine(kernels, arena);
  let columns: NumericColumn[];
  beforeAll(async () => {
    const limits = readConfig({}).tableLimits;
    const { table } = await readArrow(body, { space: arena, engine, limits, codecs });
    columns = table.names.map((name) => table.column(name) as NumericColumn);
  });

  test("the column views' buffer is the arena's memory, inside the body", () => {
    expect(columns.length).toBe(4);
    for (const { numbers } of columns) {
      expect(numbers.chunks.length).toBe(17);
      for (const { values } of numbers.chunks) {
        expect(values.buffer).toBe(memory.buffer);
        expect(values.byteOffset).toBeGreaterThanOrEqual(start);
        expect(values.byteOffset + values.byteLength).toBeLessThanOrEqual(start + file.length);
      }
    }
  });

  test('kernels take them where they lie: what they need beside is far less than the columns', () => {
    const before = arena.top;
    for (const { numbers } of columns) {
      for (const { values } of numbers.chunks) expect(arena.place(values)).toBe(values.byteOffset);
      engine.moments(numbers, 4);
    }
    expect(arena.top).toBe(before);
    expect(Buffer.compare(Buffer.from(body), file)).toBe(0);
  });

  test('a growth of the memory leaves them valid and owned', () => {
    const [first] = columns[0]!.numbers.chunks;
    const copy = Float64Array.from(first!.values);
    arena.scratch(() => arena.take(64 * 2 ** 20));
    expect(memory.buffer).not.toBe(first!.values.buffer);
    expect(arena.owns(first!.values)).toBe(true);
    expect(Float64Array.from(first!.values)).toEqual(copy);
  });
});
