/** What a queue of jobs must be, on either catalog. */
import { randomBytes } from 'node:crypto';
import type { Store } from '../../src/adapters/store/store.js';
import type { JobRequest, JobStore, Lease, StoredJob, Submission } from '../../src/ports/jobs.js';
import { CARD } from '../registry/folder.js';

const LEASE_MS = 60_000;

export const requestOf = (operation = 'describe'): JobRequest => ({
  operation,
  endpoint: operation,
  dataset: 'a'.repeat(64),
  beside: JSON.stringify({ options: { percentiles: [0.1] } }),
  accept: 'json',
  requestId: 'request',
});
const submission = (key?: string, fingerprint = 'f', caller = ''): Submission => ({
  request: requestOf(),
  caller,
  ...(key !== undefined && { key: { text: key, fingerprint } }),
});
const answerOf = (text: string): { contentType: string; body: Uint8Array } => ({
  contentType: 'application/json',
  body: new TextEncoder().encode(text),
});
const ANSWER = answerOf('{"status":"success","results":{"a":1},"details":{},"meta":{}}');

async function bytesOf(jobs: JobStore, job: StoredJob): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  if (job.result !== undefined) for await (const part of jobs.result(job.id, job.result)) parts.push(part);
  return Buffer.concat(parts);
}

/** Tests of the queue of a store that is empty at first; `open` opens one anew. `long`: what takes a thousand commits, too. */
export function queueContract(open: () => Promise<Store>, long: boolean): void {
  let store: Store;
  let jobs: JobStore;
  beforeEach(async () => {
    store = await open();
    ({ jobs } = store);
  });
  afterEach(async () => {
    await store.close();
  });
  const submitted = async (given = submission()): Promise<StoredJob> => (await jobs.submit(given, 1000)).job;
  const claimed = async (leaseMs = LEASE_MS): Promise<Lease> => {
    const lease = await jobs.claim('owner', leaseMs);
    if (lease === undefined) throw new Error('expected a job that waits, got none');
    return lease;
  };
  const names = async (id: string): Promise<string[]> =>
    (await jobs.events(id, 0, 5000)).map(({ event }) => event);
  const expired = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 20));

  test('jobs are claimed in the order of submission, and are told as they were submitted', async () => {
    const all = [await submitted(), await submitted(), await submitted()];
    expect(await Promise.all(all.map(({ number }) => jobs.position(number)))).toEqual([1, 2, 3]);
    expect(all.map(({ state }) => state)).toEqual(['queued', 'queued', 'queued']);
    for (const [i, { id }] of all.entries()) {
      const lease = await claimed();
      expect(lease.job).toMatchObject({ id, state: 'running', attempts: 1, request: requestOf() });
      expect(await jobs.position(all[2]?.number ?? 0)).toBe(2 - i);
    }
    expect(await jobs.claim('owner', LEASE_MS)).toBeUndefined();
    expect(await jobs.counts()).toMatchObject({ queued: 0, running: 3 });
    const listed = await jobs.list({ state: undefined, before: undefined, limit: 2 });
    expect(listed.map(({ id }) => id)).toEqual([all[2]?.id, all[1]?.id]);
    const rest = await jobs.list({ state: 'running', before: listed[1]?.number, limit: 9 });
    expect(rest.map(({ id }) => id)).toEqual([all[0]?.id]);
  });

  test('twenty claims at once take twenty jobs, each once', async () => {
    for (let i = 0; i < 20; i++) await submitted();
    const leases = await Promise.all(
      Array.from({ length: 30 }, (_, i) => jobs.claim(`owner ${i}`, LEASE_MS)),
    );
    const ids = leases.flatMap((lease) => (lease === undefined ? [] : [lease.job.id]));
    // Who looks while others take may find the rest taken, and comes again.
    for (;;) {
      const lease = await jobs.claim('owner', LEASE_MS);
      if (lease === undefined) break;
      ids.push(lease.job.id);
    }
    expect(ids).toHaveLength(20);
    expect(new Set(ids).size).toBe(20);
  });

  test('the same key of the same caller is the same job, also when it comes ten times at once', async () => {
    const many = await Promise.all(Array.from({ length: 10 }, () => jobs.submit(submission('k'), 1000)));
    expect(new Set(many.map(({ job }) => job.id)).size).toBe(1);
    expect(many.filter(({ isNew }) => isNew)).toHaveLength(1);
    await expect(jobs.submit(submission('k', 'other'), 1000)).rejects.toMatchObject({ code: 'conflict' });
    expect((await jobs.submit(submission('k', 'f', 'somebody'), 1000)).isNew).toBe(true);
    expect((await jobs.submit(submission('l'), 1000)).isNew).toBe(true);
  });

  test('one more than may wait is refused; those that run do not count', async () => {
    await jobs.submit(submission(), 2);
    await jobs.submit(submission('k'), 2);
    await expect(jobs.submit(submission(), 2)).rejects.toMatchObject({ code: 'overloaded' });
    expect((await jobs.submit(submission('k'), 2)).isNew).toBe(false);
    await claimed();
    expect((await jobs.submit(submission(), 2)).isNew).toBe(true);
  });

  test('an end is kept once, with its result, last progress and events', async () => {
    const { id } = await submitted();
    const lease = await claimed();
    expect(await jobs.progress(lease, { stage: 'decode', rows: 3 })).toBe(true);
    expect(await jobs.renew(lease, LEASE_MS)).toBe(true);
    expect(
      await jobs.finish(lease, { state: 'succeeded', answer: ANSWER }, { stage: 'kmeans', run: 1 }),
    ).toBe(true);
    expect(await jobs.finish(lease, { state: 'succeeded', answer: ANSWER })).toBe(false);
    expect(await jobs.progress(lease, { stage: 'late' })).toBe(false);
    expect(await jobs.renew(lease, LEASE_MS)).toBe(false);
    expect(await jobs.release(lease)).toBe(false);
    const job = await jobs.find(id);
    expect(job).toMatchObject({
      state: 'succeeded',
      progress: { stage: 'kmeans', run: 1 },
      result: { contentType: 'application/json', bytes: ANSWER.body.byteLength, partial: false },
    });
    if (job !== undefined) expect(await bytesOf(jobs, job)).toEqual(Buffer.from(ANSWER.body));
    expect(await names(id)).toEqual(['queued', 'running', 'progress', 'progress', 'done']);
    expect((await jobs.events(id, 3, 10)).map(({ number }) => number)).toEqual([4, 5]);
  });

  test('a result of several parts comes back as it was', async () => {
    await submitted();
    const lease = await claimed();
    const body = randomBytes(2_500_001);
    await jobs.finish(lease, {
      state: 'succeeded',
      answer: { contentType: 'application/octet-stream', body },
    });
    const job = await jobs.find(lease.job.id);
    if (job === undefined) throw new Error('expected the job');
    expect((await bytesOf(jobs, job)).equals(body)).toBe(true);
  });

  test('who was taken for dead keeps nothing, nor a model; the next does, once', async () => {
    const { id } = await submitted();
    const slow = await claimed(1);
    await expired();
    expect(await jobs.requeue(5, false)).toEqual([id]);
    expect(await jobs.progress(slow, { stage: 'late' })).toBe(false);
    const next = await claimed();
    expect(next.job).toMatchObject({ id, attempts: 2 });
    const model = { name: 'm', card: CARD, document: new TextEncoder().encode('{}') };
    const outcome = { state: 'succeeded', answer: ANSWER, model } as const;
    expect(await jobs.finish(slow, outcome)).toBe(false);
    expect(await store.models.versions('m')).toEqual([]);
    expect(await jobs.isCancelling(slow)).toBeUndefined();
    expect(await jobs.isCancelling(next)).toBe(false);
    expect(await jobs.finish(next, outcome)).toBe(true);
    expect(await jobs.finish(next, outcome)).toBe(false);
    expect((await store.models.versions('m')).map(({ version }) => version)).toEqual([1]);
    const job = await jobs.find(id);
    expect(job?.result?.headers).toEqual({ location: '/models/m/versions/1' });
    if (job !== undefined)
      expect(JSON.parse((await bytesOf(jobs, job)).toString())).toMatchObject({
        results: { name: 'm', version: 1, a: 1 },
      });
    expect(await names(id)).toEqual(['queued', 'running', 'requeued', 'running', 'done']);
  });

  test('a job whose owners ended too often has failed, in words', async () => {
    const { id } = await submitted();
    for (let i = 0; i < 2; i++) {
      await claimed(1);
      await expired();
      await jobs.requeue(2, false);
    }
    expect(await jobs.find(id)).toMatchObject({
      state: 'failed',
      attempts: 2,
      failure: { code: 'lane_lost' },
    });
    expect(await jobs.claim('owner', LEASE_MS)).toBeUndefined();
  });

  test('a job that is given back is the next again, and was not begun', async () => {
    const { id } = await submitted();
    await submitted();
    expect(await jobs.release(await claimed())).toBe(true);
    const again = await claimed();
    expect(again.job).toMatchObject({ id, attempts: 1 });
    expect(await jobs.requeue(5, false)).toEqual([]);
    expect(await jobs.requeue(5, true)).toEqual([id]);
  });

  test('one that waits ends when it is cancelled; one that runs is told, also when its owner is gone', async () => {
    const waits = await submitted();
    expect(await jobs.cancel(waits.id)).toMatchObject({ state: 'cancelled' });
    expect(await names(waits.id)).toEqual(['queued', 'done']);
    const runs = await submitted();
    const lease = await claimed(1);
    expect(await jobs.cancel(runs.id)).toMatchObject({ state: 'running', cancelling: true });
    expect(await jobs.isCancelling(lease)).toBe(true);
    await expired();
    expect(await jobs.requeue(5, false)).toEqual([runs.id]);
    expect(await jobs.find(runs.id)).toMatchObject({ state: 'cancelled' });
    expect(await jobs.cancel(runs.id)).toMatchObject({ state: 'cancelled' });
    expect(await jobs.cancel('none')).toBeUndefined();
  });

  // A thousand transactions that are synced to the disk: on PostgreSQL always, on SQLite with LONG.
  (long ? test : test.skip)(
    'of a thousand steps and more a thousand events are kept, and the end',
    async () => {
      const { id } = await submitted();
      const lease = await claimed();
      for (let i = 0; i < 1010; i++) await jobs.progress(lease, { stage: 's', done: i });
      await jobs.finish(lease, { state: 'cancelled' });
      const events = await jobs.events(id, 0, 5000);
      expect(events).toHaveLength(1001);
      expect(events.map(({ number }) => number)).toEqual(events.map((_, i) => i + 1));
      expect(events.at(-1)?.event).toBe('done');
      expect(await jobs.find(id)).toMatchObject({ progress: { done: 1009 } });
    },
    120_000,
  );

  test('what ended long ago is removed with its key, and nothing else', async () => {
    const first = await submitted(submission('k'));
    await jobs.finish(await claimed(), { state: 'succeeded', answer: ANSWER });
    const second = await submitted();
    await expired();
    expect(await jobs.purge(60_000)).toBe(0);
    expect(await jobs.purge(1)).toBe(1);
    expect(await jobs.find(first.id)).toBeUndefined();
    expect(await jobs.events(first.id, 0, 10)).toEqual([]);
    expect(await jobs.find(second.id)).toMatchObject({ state: 'queued' });
    expect((await jobs.submit(submission('k', 'other'), 9)).isNew).toBe(true);
  });
}
