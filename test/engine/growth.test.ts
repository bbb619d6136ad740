/** A tree is one unit of work, however large it is: it ends by itself when the request is cancelled. */
import { Worker } from 'node:worker_threads';
import { openTeam } from '../../bench/team.js';
import { noise } from '../contract/columns.js';
import { Cancelled } from '../../src/engine/wasm/team.js';
import type { GrowthTable } from '../../src/ports/trees.js';

const CANCEL = 256;

/** Seconds of growth: nothing of the target is in the columns. */
function endless(rows: number): GrowthTable {
  const next = noise(3);
  const ranks = Array.from({ length: 8 }, (_, j) =>
    Int32Array.from({ length: rows }, (_row, i) => (i * (2 * j + 1) * 7919) % rows),
  );
  return {
    ranks,
    target: { criterion: 'squared_error', values: Float64Array.from({ length: rows }, () => next()) },
    bounds: {
      ...{ maxDepth: Infinity, minSamplesSplit: 2, minSamplesLeaf: 1 },
      ...{ maxFeatures: 8, maxLeafNodes: Infinity, minImpurityDecrease: 0 },
    },
    checkpoint: () => undefined,
  };
}

test.each([Infinity, 100_000])(
  'a tree of at most %d leaves ends when the request does',
  async (maxLeafNodes) => {
    const { engine, control, memory, kernels, close } = await openTeam(1);
    const whole = endless(400_000);
    const table = { ...whole, bounds: { ...whole.bounds, maxLeafNodes } };
    const byte = Math.ceil(kernels.heap_base.value / 64) * 64 + CANCEL;
    const code = `
    const { workerData: { memory, byte } } = require('node:worker_threads');
    setTimeout(() => Atomics.store(new Int32Array(memory), byte / 4, 1), 200);
  `;
    const worker = new Worker(code, { eval: true, workerData: { memory: memory.buffer, byte } });
    await new Promise((resolve) => worker.once('online', resolve));
    const started = performance.now();
    expect(() => {
      engine.trees.grow(table, [{ draws: null, state: 1 }], () => undefined);
    }).toThrow(Cancelled);
    expect(performance.now() - started).toBeLessThan(1500);
    await worker.terminate();
    control.open();
    let grown = 0;
    engine.trees.grow(endless(100), [{ draws: null, state: 1 }], ({ leaves }) => {
      grown = leaves;
    });
    expect(grown).toBe(100);
    await close();
  },
);
