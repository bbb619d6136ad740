import { ModelCache } from '../../src/domain/models/cache.js';
import type { JobModel } from '../../src/ports/lanes.js';
import { RuntimeLost, type OpenOnnx } from '../../src/ports/onnx.js';
import { Problem } from '../../src/ports/problem.js';
import type { ModelCard } from '../../src/ports/registry.js';

const card: ModelCard = {
  format: 'onnx',
  task: 'regression',
  pipeline: [],
  inputs: [],
  outputs: [],
  target: null,
  metrics: {},
  metrics_on: null,
  rows: 0,
  training_sha256: null,
  engine: 'onnxruntime',
  engine_version: '1',
};
const stored = (sha256: string, bytes = 10, version = 1): JobModel => ({
  name: sha256,
  version,
  format: 'onnx',
  card: { ...card, rows: version },
  sha256,
  document: new SharedArrayBuffer(bytes),
});

/** A runtime that has room for so many sessions at a time, and says what is open. */
function runtime(room = Infinity): {
  readonly openOnnx: OpenOnnx;
  readonly open: () => number;
  asked: number;
} {
  let open = 0;
  const own = {
    asked: 0,
    open: () => open,
    openOnnx: (() => {
      own.asked++;
      if (open >= room) return Promise.reject(new Problem('invalid_model', 'expected less, got more'));
      open++;
      return Promise.resolve({
        inputs: [],
        outputs: [],
        classes: null,
        opsets: new Map(),
        version: '1',
        run: () => Promise.resolve(new Map()),
        release() {
          open--;
          return Promise.resolve();
        },
      });
    }) satisfies OpenOnnx,
  };
  return own;
}

describe('sessions that a lane keeps', () => {
  test('the last used ones, within the budget; others are released', async () => {
    const [cache, ort] = [new ModelCache(50), runtime()];
    const open = async (sha256: string): Promise<boolean> => (await cache.open(stored(sha256), ort)).fresh;
    expect([await open('a'), await open('b'), await open('a'), await open('c')]).toEqual([
      true,
      true,
      false,
      true,
    ]);
    expect([await open('a'), await open('b')]).toEqual([false, true]);
    expect(ort.open()).toBe(2);
  });

  test('one beyond the budget is released when the next is asked for', async () => {
    const [cache, ort] = [new ModelCache(0), runtime()];
    for (const sha256 of ['a', 'b', 'a', 'b', 'a']) await cache.open(stored(sha256), ort);
    expect([ort.asked, ort.open()]).toEqual([5, 1]);
  });

  test('a file that is stored twice is opened once, with the card of the version asked', async () => {
    const [cache, ort] = [new ModelCache(100), runtime()];
    await cache.open(stored('a'), ort);
    const { model } = await cache.open(stored('a', 10, 2), ort);
    expect(model).toMatchObject({ version: 2, card: { rows: 2 } });
    expect(ort.asked).toBe(1);
  });

  test('where the runtime has no room, the sessions that are kept make it', async () => {
    const [cache, ort] = [new ModelCache(100), runtime(2)];
    for (const sha256 of ['a', 'b', 'c']) await cache.open(stored(sha256), ort);
    expect(ort.open()).toBe(1);
    expect((await cache.open(stored('c'), ort)).fresh).toBe(false);
  });

  test('a runtime that is lost is not asked again', async () => {
    const cache = new ModelCache(100);
    let asked = 0;
    const openOnnx: OpenOnnx = (file) => {
      asked++;
      return file.length === 10 ? runtime().openOnnx(file) : Promise.reject(new RuntimeLost('it stopped'));
    };
    await cache.open(stored('a'), { openOnnx });
    await expect(cache.open(stored('b', 11), { openOnnx })).rejects.toThrow('it stopped');
    expect(asked).toBe(2);
  });
});
