/** What a store of streams must be, on either catalog. */
import type { Store } from '../../src/adapters/store/store.js';
import type {
  AcquiredPartition,
  Closing,
  Commit,
  StoredStream,
  StreamStore,
  WindowState,
} from '../../src/ports/streams.js';

const NO_ROWS = { key: undefined, limit: 1000 } as const;

/** A state that says how many records it has, and no more. */
const windowOf = (start: number, records: number, key: string | null = null): WindowState => ({
  key,
  start,
  end: start + 10,
  records,
  state: Uint8Array.of(records, 0, 255),
});

/** Windows of ten milliseconds; what is behind the least watermark is closed. */
const closing = (kept = 1000, sink = false): Closing => ({
  before: (partitions) => {
    const marks = partitions.flatMap(({ watermark, idle }) =>
      idle || watermark === null ? [] : [watermark],
    );
    return marks.length === 0 ? null : Math.min(...marks);
  },
  close: (windows) => {
    const sums = new Map<string, WindowState>();
    for (const window of windows) {
      const id = JSON.stringify([window.key, window.start]);
      sums.set(id, { ...window, records: window.records + (sums.get(id)?.records ?? 0) });
    }
    const results = [...sums.values()].map(({ key, start, end, records }) => ({
      ...{ key, start, end, records },
      result: JSON.stringify({ records }),
    }));
    return { results, removed: windows };
  },
  sessions: false,
  kept,
  sink,
});

/** Tests of the streams of a store that is empty at first; `open` opens one anew. */
export function streamContract(open: () => Promise<Store>): void {
  let store: Store;
  let streams: StreamStore;
  let stream: StoredStream;
  beforeEach(async () => {
    store = await open();
    ({ streams } = store);
    const made = await streams.create('one', '{}', null, 2);
    if (made === null) throw new Error('expected a stream, got none');
    ({ stream } = made);
  });
  afterEach(async () => {
    await store.close();
  });

  const acquired = async (partition = 0, owner = 'us'): Promise<AcquiredPartition> => {
    const got = await streams.acquire(stream.id, partition, owner);
    if (got === undefined) throw new Error('expected a partition, got none');
    return got;
  };
  const commitOf = (epoch: number, more: Partial<Commit> = {}): Commit => ({
    stream: stream.id,
    partition: 0,
    epoch,
    nextOffset: '9007199254740993',
    watermark: 5,
    seen: Date.now(),
    rate: 1.5,
    model: undefined,
    changed: [],
    removed: [],
    opened: 0,
    ids: undefined,
    batches: [],
    closedBefore: null,
    maxWindows: 100,
    accepted: 1,
    late: 2,
    rejected: 3,
    duplicates: 4,
    ...more,
  });
  const results = (limit = 1000): ReturnType<StreamStore['results']> =>
    streams.results(stream.id, { ...NO_ROWS, limit, behind: 0 });

  test('a name is one stream, also of several who make it at once; there are as many as may be', async () => {
    const made = await Promise.all([1, 2, 3, 4].map(() => streams.create('two', '{"a":1}', 'p', 2)));
    expect(made.filter((one) => one?.isNew === true)).toHaveLength(1);
    expect(new Set(made.flatMap((one) => (one === null ? [] : [one.stream.id]))).size).toBe(1);
    expect(await streams.create('three', '{}', null, 2)).toBeNull();
    expect((await streams.list()).map(({ name }) => name)).toEqual(['one', 'two']);
    expect(await streams.find('two')).toMatchObject({ definition: '{"a":1}', prepared: 'p', lastSeq: 0 });
  });

  test('what is committed is there for the next owner, whole, and the one before is kept out', async () => {
    const first = await acquired();
    expect(first.partition).toMatchObject({ nextOffset: null, watermark: null, owner: 'us' });
    const model = Uint8Array.of(0, 1, 2, 255);
    const changed = [windowOf(0, 3, 'a'), windowOf(10, 4, '')];
    const ids = { expires: 100, hashes: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) };
    const { epoch } = first.partition;
    expect(await streams.commit(commitOf(epoch, { changed, opened: 2, model, ids }))).toEqual({
      type: 'committed',
    });
    const next = await acquired(0, 'others');
    expect(next.partition).toMatchObject({
      ...{ epoch: epoch + 1, owner: 'others', nextOffset: '9007199254740993', watermark: 5 },
      ...{ open: 2, accepted: 1, late: 2, rejected: 3, duplicates: 4, rate: 1.5 },
    });
    expect(
      [...next.windows].sort((a, b) => a.start - b.start).map((one) => ({ ...one, state: [...one.state] })),
    ).toEqual(changed.map((one) => ({ ...one, state: [...one.state] })));
    expect([...(next.model ?? [])]).toEqual([...model]);
    expect(next.ids.map((chunk) => [...chunk])).toEqual([[...ids.hashes]]);
    const late = commitOf(epoch, { changed: [windowOf(0, 99, 'a')], watermark: 9 });
    expect(await streams.commit(late)).toEqual({ type: 'fenced' });
    expect(await streams.tell(stream.id, 0, epoch, { idle: true, lag: 1, rate: 0 })).toBe(false);
    expect((await streams.partitions(stream.id))[0]).toMatchObject({
      watermark: 5,
      accepted: 1,
      idle: false,
    });
    expect((await streams.open(stream.id, NO_ROWS)).map(({ records }) => records).sort()).toEqual([3, 4]);
  });

  test('of those who take a partition at once, one may commit', async () => {
    const all = await Promise.all([1, 2, 3, 4, 5].map((n) => acquired(0, `owner ${n}`)));
    const outcomes = await Promise.all(all.map(({ partition }) => streams.commit(commitOf(partition.epoch))));
    expect(outcomes.map(({ type }) => type).sort()).toEqual([
      'committed',
      'fenced',
      'fenced',
      'fenced',
      'fenced',
    ]);
  });

  test('nothing stays of a commit that is refused', async () => {
    const { epoch } = (await acquired()).partition;
    const batches = [{ name: 'first', digest: 'd', answer: '{"a":1}' }];
    const changed = [windowOf(0, 1)];
    expect(await streams.commit(commitOf(epoch, { changed, opened: 1, batches }))).toEqual({
      type: 'committed',
    });
    const more = { changed: [windowOf(0, 7), windowOf(10, 7)], opened: 1, watermark: 15, nextOffset: '7' };
    const repeated = await streams.commit(
      commitOf(epoch, { ...more, batches: [{ name: 'new', digest: 'e', answer: '{}' }, ...batches] }),
    );
    expect(repeated).toMatchObject({
      type: 'repeated',
      batch: { name: 'first', digest: 'd', answer: '{"a":1}' },
    });
    expect(await streams.commit(commitOf(epoch, { ...more, maxWindows: 1 }))).toEqual({ type: 'full' });
    expect(await streams.batch(stream.id, 'new')).toBeUndefined();
    expect((await streams.partitions(stream.id))[0]).toMatchObject({ watermark: 5, open: 1, accepted: 1 });
    expect((await streams.open(stream.id, NO_ROWS)).map(({ records }) => records)).toEqual([1]);
    await streams.forgetBatches(Date.now() + 1000);
    expect(await streams.batch(stream.id, 'first')).toBeUndefined();
  });

  test('windows are closed once, with what all partitions know, however many close them', async () => {
    for (const partition of [0, 1]) {
      const { epoch } = (await acquired(partition)).partition;
      const changed = Array.from({ length: 130 }, (_, i) => windowOf(i * 10, 1 + partition, `k${i % 3}`));
      const whole = { partition, changed, opened: 130, watermark: 2000, maxWindows: 1000 };
      expect(await streams.commit(commitOf(epoch, whole))).toEqual({ type: 'committed' });
    }
    const close = async (): Promise<number> => {
      let count = 0;
      for (let more = true; more;) {
        const closed = await streams.close(stream.id, closing());
        count += closed?.results.length ?? 0;
        more = closed?.more ?? false;
      }
      return count;
    };
    const counts = await Promise.all([close(), close(), close(), close()]);
    expect(counts.reduce((a, b) => a + b, 0)).toBe(130);
    const all = await results();
    expect(all.map(({ seq }) => seq)).toEqual(all.map((_, i) => i + 1));
    expect(all.map(({ start }) => start)).toEqual(all.map((_, i) => i * 10));
    expect(all.every(({ records }) => records === 3)).toBe(true);
    expect(await streams.open(stream.id, NO_ROWS)).toEqual([]);
    expect((await streams.partitions(stream.id)).map((one) => one.open)).toEqual([0, 0]);
  });

  test('a batch that was folded before its window was closed is not stored', async () => {
    const { epoch } = (await acquired()).partition;
    const rest = { opened: 1, watermark: 50 };
    await streams.commit(commitOf(epoch, { ...rest, changed: [windowOf(0, 1)] }));
    // Either comes first: then the window has both, or the batch is told.
    const [closed, outcome] = await Promise.all([
      streams.close(stream.id, closing()),
      streams.commit(commitOf(epoch, { changed: [windowOf(0, 2)], watermark: 50 })),
    ]);
    const stored = closed?.results.map(({ records }) => records);
    expect(stored).toEqual([outcome.type === 'committed' ? 2 : 1]);
    const late = commitOf(epoch, { changed: [windowOf(0, 3)], opened: 1, watermark: 50 });
    expect(await streams.commit(late)).toEqual({ type: 'closed', closedBefore: 50 });
    expect(await streams.commit({ ...late, changed: [windowOf(60, 1)] })).toEqual({ type: 'committed' });
    expect((await streams.find('one'))?.closedBefore).toBe(50);
  });

  test('results are kept as many as may be, those that the sink does not have beside them', async () => {
    const { epoch } = (await acquired()).partition;
    const some = (from: number): WindowState[] =>
      Array.from({ length: 10 }, (_, i) => windowOf(from + i * 10, 1));
    await streams.commit(commitOf(epoch, { changed: some(0), opened: 10, watermark: 100 }));
    await streams.close(stream.id, closing(4, true));
    expect(await results()).toHaveLength(10);
    expect(await streams.claimSink(stream.id, 'us', 60_000)).toBe(true);
    expect(await streams.claimSink(stream.id, 'others', 60_000)).toBe(false);
    await streams.sent(stream.id, 'others', 9);
    expect((await streams.find('one'))?.sentSeq).toBe(0);
    await streams.sent(stream.id, 'us', 10);
    await streams.commit(
      commitOf(epoch, { changed: some(100), opened: 10, watermark: 200, closedBefore: 100 }),
    );
    await streams.close(stream.id, closing(4, true));
    expect((await results()).map(({ seq }) => seq)).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
    expect((await results(2)).map(({ seq }) => seq)).toEqual([11, 12]);
  });

  test('keys are what they were, whatever characters they have', async () => {
    const { epoch } = (await acquired()).partition;
    const keys = ['', '\0', 'a\0b', '\\0', '\\', '=', '\u{1f600}', 'é', 'e\u0301', null];
    const changed = keys.map((key, i) => windowOf(0, i + 1, key));
    await streams.commit(commitOf(epoch, { changed, opened: keys.length, watermark: 50 }));
    for (const [i, key] of keys.entries()) {
      const [one, ...others] = await streams.open(stream.id, { key, limit: 10 });
      expect([one?.key, one?.records, others.length]).toEqual([key, i + 1, 0]);
    }
    await streams.close(stream.id, closing());
    const all = await results();
    expect(new Set(all.map(({ key }) => key))).toEqual(new Set(keys));
  });

  test('a stream that is removed leaves nothing, and one of its name begins anew', async () => {
    const { epoch } = (await acquired()).partition;
    const batches = [{ name: 'first', digest: 'd', answer: '{}' }];
    const changed = [windowOf(0, 1), windowOf(100, 1)];
    await streams.commit(commitOf(epoch, { changed, opened: 2, watermark: 50, batches }));
    await streams.close(stream.id, closing());
    expect([await streams.remove('one'), await streams.remove('one')]).toEqual([true, false]);
    expect(await streams.commit(commitOf(epoch))).toEqual({ type: 'gone' });
    expect(await streams.acquire(stream.id, 0, 'us')).toBeUndefined();
    expect(await streams.close(stream.id, closing())).toBeUndefined();
    expect([
      await results(),
      await streams.open(stream.id, NO_ROWS),
      await streams.partitions(stream.id),
    ]).toEqual([...[[], [], []]]);
    const again = await streams.create('one', '{}', null, 2);
    expect([again?.isNew, again?.stream.id === stream.id]).toEqual([true, false]);
  });
}
