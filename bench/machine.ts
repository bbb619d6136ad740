import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { figure, median, table, type Shown } from './compare.js';
import { callsFor } from './measure.js';

/** Bytes of the memory that is read: far beyond any cache, so that reading it is reading memory. */
export const READ_BYTES = 2 ** 28;
/** Additions at once: enough of them to wait for memory and not for each other. */
const SUMS = 8;
/** Chains at once: latency of a multiplication and an addition, six cycles, times two of each begun a cycle. */
const CHAINS = 12;
/** Links of a chain a turn of the loop, so that the loop itself costs nothing. */
const LINKS = 4;
/** Floating-point operations of a turn: a multiplication and an addition a link, in two lanes. */
export const TURN_FLOPS = CHAINS * LINKS * 2 * 2;

const each = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n    ');

const folded = (name: string, count: number): string =>
  Array.from({ length: count }, (_, i) => `${name}${i}`).reduce((sum, next) => `f64x2.add(${sum}, ${next})`);

/** AssemblyScript of the two probes, in the language of the kernels: what they could do at best. */
export const PROBE_SOURCE = `
export function read(from: usize, bytes: usize): f64 {
    ${each(SUMS, (i) => `let a${i} = f64x2.splat(0);`)}
  for (let at = from, end = from + bytes; at < end; at += ${SUMS * 16}) {
    ${each(SUMS, (i) => `a${i} = f64x2.add(a${i}, v128.load(at, ${i * 16}));`)}
  }
  const sum = ${folded('a', SUMS)};
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

export function multiplyAdd(turns: i32): f64 {
  const factor = f64x2.splat(0.999), offset = f64x2.splat(0.001);
    ${each(CHAINS, (i) => `let c${i} = f64x2.splat(${i + 2});`)}
  for (let turn = 0; turn < turns; turn++) {
    ${each(CHAINS * LINKS, (i) => `c${i % CHAINS} = f64x2.add(f64x2.mul(c${i % CHAINS}, factor), offset);`)}
  }
  const sum = ${folded('c', CHAINS)};
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}
`;

/** The part of the compiler that is used. Its own types redefine Node's globals, so they are not loaded. */
interface Compiler {
  readonly compileString: (
    source: string,
    options: Readonly<Record<string, unknown>>,
  ) => Promise<{ error: Error | null; binary: Uint8Array<ArrayBuffer> | null }>;
}

/** The probes as WebAssembly, by the installed compiler; they are no part of the service. */
export async function compileProbe(): Promise<Uint8Array<ArrayBuffer>> {
  const path: string = 'assemblyscript/asc';
  const { compileString } = (await import(path)) as Compiler;
  const { error, binary } = await compileString(PROBE_SOURCE, {
    runtime: 'stub',
    enable: ['simd', 'threads'],
    optimizeLevel: 3,
    importMemory: true,
    sharedMemory: true,
    noExportMemory: true,
    initialMemory: 1,
    maximumMemory: 65536,
  });
  if (error !== null || binary === null) throw error ?? new Error('expected the probe compiled, got nothing');
  return binary;
}

/** What a thread is told to do (bench/probe.ts): to read bytes so many times, or to make so many turns. */
export type ProbeTask =
  | { readonly kind: 'read'; readonly from: number; readonly bytes: number; readonly times: number }
  | { readonly kind: 'multiplyAdd'; readonly turns: number };

export interface Probe {
  readonly threads: number;
  /** Milliseconds in which so many threads at once, each its part, read READ_BYTES `times` times in all. */
  read(threads: number, times: number): Promise<number>;
  /** Milliseconds in which so many threads at once make `turns` turns each. */
  multiplyAdd(threads: number, turns: number): Promise<number>;
  close(): Promise<void>;
}

/** Starts the threads, over one memory that has been written to. */
export async function openProbe(threads = 2): Promise<Probe> {
  const code = new WebAssembly.Module(await compileProbe());
  const pages = READ_BYTES / 65536 + 1;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true });
  // Behind the first page, which is the instance's. Pages that were never written to are all one and the same.
  new Float64Array(memory.buffer, 65536, READ_BYTES / 8).fill(1);
  const workers = Array.from(
    { length: threads },
    () => new Worker(join(__dirname, 'probe.js'), { workerData: { code, memory } }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'online')));
  const together = async (tasks: readonly ProbeTask[]): Promise<number> => {
    const start = performance.now();
    const done = tasks.map((task, i) => {
      const answered = once(workers[i]!, 'message');
      workers[i]!.postMessage(task);
      return answered;
    });
    await Promise.all(done);
    return performance.now() - start;
  };
  return {
    threads,
    read(count, times) {
      // Whole turns of the loop a part.
      const bytes = Math.floor(READ_BYTES / count / 128) * 128;
      return together(
        Array.from({ length: count }, (_, i) => ({ kind: 'read', from: 65536 + i * bytes, bytes, times })),
      );
    },
    multiplyAdd(count, turns) {
      return together(Array.from({ length: count }, () => ({ kind: 'multiplyAdd', turns })));
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** Something the machine can do at best: a rate a second, by one thread and by all. */
export interface Ceiling {
  readonly name: string;
  readonly unit: 'GB/s' | 'Gflop/s';
  readonly one: number;
  readonly all: number;
  /** How many threads are all. */
  readonly threads: number;
}

const SAMPLES = 7;
const SAMPLE_MS = 200;

/** The median of a few samples of about a fifth of a second; the first calls, which compile, are left out. */
async function rate(milliseconds: (calls: number) => Promise<number>, work: number): Promise<number> {
  let once = Infinity;
  for (let i = 0; i < 5; i++) once = Math.min(once, await milliseconds(1));
  const calls = callsFor(once, SAMPLE_MS);
  const samples: number[] = [];
  for (let i = 0; i < SAMPLES; i++) samples.push((await milliseconds(calls)) / calls);
  return work / median(samples) / 1e6;
}

/** Turns of one call, about a millisecond: what runs is compiled well only when it is called anew. */
export const PROBE_TURNS = 40_000;

export async function measureCeilings(probe: Probe): Promise<Ceiling[]> {
  const { threads } = probe;
  const bandwidth = (count: number): Promise<number> => rate((times) => probe.read(count, times), READ_BYTES);
  const arithmetic = (count: number): Promise<number> =>
    rate((calls) => probe.multiplyAdd(count, calls * PROBE_TURNS), PROBE_TURNS * TURN_FLOPS * count);
  return [
    {
      name: `reading ${READ_BYTES / 2 ** 20} MiB, f64x2 sum`,
      unit: 'GB/s',
      one: await bandwidth(1),
      all: await bandwidth(threads),
      threads,
    },
    {
      name: 'f64x2 multiplications and additions in registers',
      unit: 'Gflop/s',
      one: await arithmetic(1),
      all: await arithmetic(threads),
      threads,
    },
  ];
}

/** Markdown table of what the machine can do. */
export function ceilingTable(ceilings: readonly Shown<Ceiling>[]): string {
  return table(
    ['the machine', 'one thread', 'all threads'],
    ceilings.map(({ name, unit, one, all, threads }) => [
      name,
      `${figure(one)} ${unit}`,
      `${figure(all)} ${unit} (${figure(threads)})`,
    ]),
  );
}
