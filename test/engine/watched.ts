/** The lanes of the service, without HTTP: its own threads, and jobs that are watched. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTable, tableToIPC } from 'apache-arrow';
import { readConfig } from '../../src/config.js';
import { chooseEngine } from '../../src/engine/choose.js';
import { startLanes } from '../../src/engine/lanes/pool.js';
import { instantiate } from '../../src/engine/wasm/exports.js';
import type { Answer, Job, Lanes, ProgressStep } from '../../src/ports/lanes.js';
import { noise } from '../contract/columns.js';

const dist = join(__dirname, '..', '..', 'dist');

export function openLanes(engine: 'wasm' | 'js', lanes: number): Lanes {
  const choice = chooseEngine(engine, () => readFileSync(join(dist, 'wasm', 'release.wasm')));
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536, shared: true });
  const base = choice.module && instantiate(choice.module, memory).heap_base.value;
  return startLanes({
    entry: join(dist, 'src', 'lane.js'),
    engine: choice,
    base,
    lanes,
    laneHeapBytes: 2 ** 30,
    queue: 64,
    queueBytes: 2 ** 31,
    queueMs: 600_000,
    requestBytes: 2 ** 31,
    modelBytes: 2 ** 20,
    memoryBudget: 2 ** 32,
    version: '0',
    limits: readConfig({}).tableLimits,
    onLaneLost: () => undefined,
    onFault: () => undefined,
    onSaid: () => undefined,
  });
}

/** Columns of noise about a few centres, as an Arrow stream. */
export function body(rows: number, columns: number, centres = 10): Uint8Array {
  const data = Array.from({ length: columns }, (_, j) => {
    const next = noise(j + 1);
    const values = Float64Array.from(
      { length: rows },
      (__, i) => next() + (((i % centres) * (j + 3)) % 7) * 0.5,
    );
    return [`c${j}`, values] as const;
  });
  return tableToIPC(makeTable(Object.fromEntries(data)), 'stream');
}

export interface Meta {
  readonly partial?: true;
  readonly warnings: readonly { readonly code: string; readonly detail: string }[];
  readonly result_sha256: string;
}

export interface Watched {
  readonly steps: readonly ProgressStep[];
  /** When each was told. */
  readonly times: readonly number[];
  readonly answer: Answer | undefined;
  readonly error: unknown;
  readonly json: Readonly<Record<'results' | 'details', Readonly<Record<string, unknown>>>> & {
    readonly meta: Meta;
  };
  readonly ms: number;
  /** From the stop to the answer. */
  readonly stopMs: number;
}

/** Runs a job, watched unless `stopWhen` is null, and stops it at the first step of which `stopWhen` says so. */
export async function watch(
  lanes: Lanes,
  endpoint: string,
  bytes: Uint8Array,
  options: unknown,
  stopWhen: ((step: ProgressStep) => boolean) | null = () => false,
): Promise<Watched> {
  const landing = lanes.land({ bytes: bytes.length });
  landing.write(bytes);
  const job: Job = {
    endpoint,
    format: 'arrow',
    query: [],
    options: JSON.stringify(options),
    accept: 'json',
    requestId: 'watched',
    receiveMs: 0,
    waitMs: 0,
  };
  const steps: ProgressStep[] = [];
  const times: number[] = [];
  const stop = new AbortController();
  let stopped = NaN;
  const watcher = {
    stop: stop.signal,
    progress(step: ProgressStep) {
      steps.push(step);
      times.push(performance.now());
      if (stop.signal.aborted || stopWhen?.(step) !== true) return;
      stopped = performance.now();
      stop.abort();
    },
  };
  const began = performance.now();
  const run = lanes.run(
    landing,
    job,
    600_000,
    new AbortController().signal,
    stopWhen === null ? undefined : watcher,
  );
  const [answer, error] = await run.then(
    (given): [Answer, undefined] => [given, undefined],
    (failure: unknown): [undefined, unknown] => [undefined, failure],
  );
  const ended = performance.now();
  const text = answer === undefined ? '{}' : Buffer.from(answer.body).toString();
  const json = JSON.parse(text) as Watched['json'];
  return { steps, times, answer, error, json, ms: ended - began, stopMs: ended - stopped };
}
