import { setTimeout as pause } from 'node:timers/promises';
import { openStore, type StoreOptions } from '../../src/adapters/store/store.js';
import { Random } from '../fuzz/random.js';
import { at, type JsonValue, type Service, startService } from '../service.js';
import { stored, submit } from './ask.js';

/** What came of jobs that were accepted. */
export interface Tally {
  readonly accepted: number;
  readonly succeeded: number;
  /** Whose processes ended too often. */
  readonly given_up: number;
  /** Begun more than once. */
  readonly begun_again: number;
  readonly models: number;
}

export const COLUMNS = {
  a: Array.from({ length: 200 }, (_, i) => Math.sin(i)),
  b: Array.from({ length: 200 }, (_, i) => Math.cos(i * i)),
  y: Array.from({ length: 200 }, (_, i) => (i * 7919) % 101),
};
/** Jobs submitted to a process at most. */
const EACH = 12;

/** The `n`th of a stream of jobs: each third is a fit with a name of its own. */
export function jobOf(dataset: string, n: number): Readonly<Record<string, unknown>> {
  if (n % 3 === 0)
    return { operation: 'fit', dataset, name: `m${n}`, pipeline: [{ name: 'ridge' }], target: 'y' };
  return n % 3 === 1
    ? { operation: 'describe', dataset }
    : { operation: 'cluster', dataset, options: { n_clusters: 3 } };
}

/** A key for each job that somebody wants, and the id that it was accepted under, if it was. */
export class Wanted {
  readonly ids = new Map<number, string>();
  #next = 1;
  /** Keys of which nobody knows whether they were accepted. */
  readonly #doubtful: number[] = [];

  get count(): number {
    return this.#next - 1;
  }

  /** Submits the next, or one that is in doubt. False: the service could not be asked. */
  async submit(url: string, dataset: string): Promise<boolean> {
    const n = this.#doubtful.shift() ?? this.#next++;
    try {
      const reply = await submit(url, jobOf(dataset, n), { 'idempotency-key': `job-${n}` });
      const id = at(reply.json, 'results', 'id');
      if ((reply.status !== 202 && reply.status !== 200) || typeof id !== 'string')
        throw new Error(`expected a job, got ${reply.text}`);
      this.ids.set(n, id);
      return true;
    } catch {
      this.#doubtful.push(n);
      return false;
    }
  }
}

/** Kills the service again and again, at random moments, while jobs are submitted to it and run. */
export async function killed(kills: number, dataDir: string, seed: number): Promise<Tally> {
  const random = new Random(seed);
  const wanted = new Wanted();
  const env = { DATA_DIR: dataDir };
  let dataset = '';
  for (let kill = 0; kill < kills; kill++) {
    const service = await startService({ env });
    if (dataset === '') dataset = await stored(service.url, COLUMNS);
    const submitting = submitted(service, dataset, wanted);
    // Behind so many acknowledgements, or some time before the first.
    const due = wanted.ids.size + random.below(EACH);
    const late = performance.now() + 10_000;
    while (wanted.ids.size < due && performance.now() < late) await pause(5);
    await pause(random.next() * (random.oneIn(3) ? 500 : 100));
    await service.kill();
    await submitting;
  }
  const last = await startService({ env });
  while (await wanted.submit(last.url, dataset)) if (wanted.ids.size >= wanted.count) break;
  await allOver(last.url, wanted);
  await last.stop();
  return tallyOf({ dataDir, cacheBytes: 0 }, wanted);
}

async function submitted({ url }: Service, dataset: string, wanted: Wanted): Promise<void> {
  for (let i = 0; i < EACH; i++) if (!(await wanted.submit(url, dataset))) return;
}

/** Resolves when no job waits or runs. */
export async function allOver(url: string, wanted: Wanted): Promise<void> {
  const ask = async (state: string): Promise<JsonValue | undefined> => {
    const reply = await fetch(`${url}/jobs?state=${state}&limit=1`);
    return at((await reply.json()) as JsonValue, 'results', 'jobs', 0);
  };
  const late = performance.now() + 120_000;
  while ((await ask('queued')) !== undefined || (await ask('running')) !== undefined) {
    if (performance.now() > late) throw new Error(`expected an end of ${wanted.ids.size} jobs, got none`);
    await pause(100);
  }
}

/**
 * What the catalog says of every job that was accepted, checked: each ended once, and each fit is one version or none; beside
 * them there are `others`.
 */
export async function tallyOf(options: StoreOptions, wanted: Wanted, others = 0): Promise<Tally> {
  const store = await openStore(options);
  const { jobs, models } = store;
  const tally = { accepted: wanted.ids.size, succeeded: 0, given_up: 0, begun_again: 0, models: 0 };
  const known = new Set(wanted.ids.values());
  if (known.size !== wanted.ids.size) throw new Error('expected an id for each key, got one for two');
  for (const [n, id] of wanted.ids) {
    const job = await jobs.find(id);
    if (job === undefined) throw new Error(`expected job ${n}, got none: it was lost`);
    const events = await jobs.events(id, 0, 5000);
    const ends = events.filter(({ event }) => event === 'done').length;
    if (ends !== 1) throw new Error(`expected job ${n} to end once, got ${ends} ends`);
    if (events.some(({ number }, i) => number !== i + 1)) throw new Error(`expected every event of job ${n}`);
    const versions = n % 3 === 0 ? (await models.versions(`m${n}`)).length : 0;
    const due = n % 3 === 0 && job.state === 'succeeded' ? 1 : 0;
    if (versions !== due) throw new Error(`expected ${due} versions of model m${n}, got ${versions}`);
    if (job.state === 'succeeded') {
      let bytes = 0;
      if (job.result !== undefined)
        for await (const part of jobs.result(id, job.result)) bytes += part.byteLength;
      if (bytes === 0 || bytes !== job.result?.bytes) throw new Error(`expected the result of job ${n}`);
    } else if (job.state !== 'failed' || job.failure?.code !== 'lane_lost') {
      throw new Error(`expected job ${n} to succeed, got one that is ${job.state}`);
    }
    tally.succeeded += job.state === 'succeeded' ? 1 : 0;
    tally.given_up += job.state === 'failed' ? 1 : 0;
    tally.begun_again += events.filter(({ event }) => event === 'running').length > 1 ? 1 : 0;
    tally.models += versions;
  }
  // Nobody has made a job that nobody wanted.
  const all = await jobs.list({ state: undefined, before: undefined, limit: wanted.ids.size + others + 10 });
  if (all.length !== wanted.ids.size + others)
    throw new Error(`expected ${wanted.ids.size} jobs, got ${all.length}`);
  await store.close();
  return tally;
}
