import { statSync } from 'node:fs';
import { PerformanceObserver, performance, type PerformanceEntry } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { wasmEngine } from '../src/engine/wasm/engine.js';
import { median, type Limit } from './compare.js';
import { column, uniform, unseen } from './data.js';
import { openKernels, placed } from './stage.js';
import { wasmFile } from './team.js';

/** Four blocks: a moments call that allocated by the row or by the block would be found out. */
const ROWS = 262_144;
/** Few rows, so that the fit's own garbage brings no collection; still far more than an iteration may allocate. */
const KMEANS_ROWS = 16_384;

/**
 * Bytes that `use` leaves for the collector. A sample into which a collection fell says nothing and is left out; NaN when
 * one fell into every sample, which is garbage enough to fail any limit.
 */
async function garbage(collect: () => void, use: () => void): Promise<number> {
  use();
  let collections: readonly PerformanceEntry[] = [];
  const observer = new PerformanceObserver((list) => {
    collections = [...collections, ...list.getEntries()];
  });
  observer.observe({ entryTypes: ['gc'] });
  const samples: number[] = [];
  for (let i = 0; i < 7; i++) {
    collect();
    // A full collection throws compiled code away; interpreted, every number would be an object.
    for (let again = 0; again < 12; again++) use();
    const from = performance.now();
    const before = process.memoryUsage();
    use();
    const after = process.memoryUsage();
    const to = performance.now();
    // Entries arrive a turn of the event loop later.
    await setTimeout(5);
    if (collections.some(({ startTime }) => startTime > from && startTime < to)) continue;
    samples.push(after.heapUsed - before.heapUsed + after.external - before.external);
  }
  observer.disconnect();
  return median(samples);
}

/** The collector, whether or not Node was started with --expose-gc. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

/**
 * What must not grow with the rows or from call to call: the memory of the kernels not at all, JavaScript objects only by
 * the handful that one call (a moments pass, a k-means iteration) needs whatever the rows are.
 */
export async function measureLimits(): Promise<Limit[]> {
  const collect = collector();
  const { kernels, arena } = openKernels();
  const long = column(placed(arena, uniform(800, ROWS)));
  const columns = Array.from({ length: 4 }, (_, i) => column(placed(arena, uniform(801 + i, KMEANS_ROWS))));
  const engine = wasmEngine(kernels, arena);
  const moments = (): void => {
    engine.moments(unseen(long), 4);
  };
  const kmeans = (maxIter: number): void => {
    arena.scratch(() => engine.kmeans(columns, { nClusters: 8, randomState: 42, nInit: 1, maxIter, tol: 0 }));
  };
  moments();
  // Until the loop is compiled: before that every number it touches is boxed, which says nothing of what it allocates.
  for (let i = 0; i < 40; i++) kmeans(25);
  const memoryBefore = arena.memory.buffer.byteLength;
  const perCall = await garbage(collect, () => {
    for (let i = 0; i < 20; i++) moments();
  });
  const few = await garbage(collect, () => {
    kmeans(5);
  });
  const many = await garbage(collect, () => {
    kmeans(25);
  });
  const grown = arena.memory.buffer.byteLength - memoryBefore;
  return [
    { name: 'size of release.wasm', unit: 'bytes', value: statSync(wasmFile()).size, atMost: 163_840 },
    { name: 'kernel memory grown by repeated calls', unit: 'bytes', value: grown, atMost: 0 },
    { name: 'garbage of a moments call, 262,144 rows', unit: 'bytes', value: perCall / 20, atMost: 16_384 },
    {
      name: 'garbage of a k-means iteration, 16,384 × 4',
      unit: 'bytes',
      value: Math.max(0, (many - few) / 20),
      atMost: 4_096,
    },
  ];
}
