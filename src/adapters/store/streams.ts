import { randomUUID } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import type {
  AcquiredPartition,
  Commit,
  CommitOutcome,
  StoredStream,
  StreamStore,
} from '../../ports/streams.js';
import type { Base } from './base.js';
import { onDisk } from './failures.js';
import type { Tables } from './migrations.js';
import type { StreamTables } from './migrations/streams.js';
import { closeWindows, openWindows, resultsOf } from './stream-windows.js';
import { bytesOf, inChunks, keyText, partitionOf, windowOf } from './stream-rows.js';

const READ = 'a catalog that can be read';
const WRITE = 'a catalog that can be written to';
/** Bytes of states after which others have a turn. */
const BREATH = 2 ** 20;

/**
 * Streams in the catalog. A batch is one transaction: who owns the partition, how far it was read, the states. Batches of
 * partitions go side by side and share the row of the stream; closing windows has it alone.
 */
export function streamStore({ dialect, tables }: Base): StreamStore {
  const reading = <T>(query: (db: Kysely<Tables>) => Promise<T>): Promise<T> =>
    onDisk(READ, async () => query(await tables()));
  const writing = <T>(query: (db: Transaction<Tables>) => Promise<T>): Promise<T> =>
    onDisk(WRITE, async () => (await tables()).transaction().execute(query));
  const shared = dialect === 'postgres' ? 'share' : 'none';
  const alone = dialect === 'postgres' ? 'update' : 'none';

  return {
    create: (name, definition, prepared, most) =>
      writing(async (db) => {
        const found = await db.selectFrom('streams').selectAll().where('name', '=', name).executeTakeFirst();
        if (found !== undefined) return { stream: streamOf(found), isNew: false };
        const { count } = await db
          .selectFrom('streams')
          .select((of) => of.fn.countAll<number>().as('count'))
          .executeTakeFirstOrThrow();
        if (count >= most) return null;
        const row: StreamTables['streams'] = {
          id: randomUUID(),
          name,
          definition,
          prepared,
          created: new Date().toISOString(),
          closed_before: null,
          last_seq: 0,
          sent_seq: 0,
          sender: '',
          sender_until: 0,
        };
        const made = await db
          .insertInto('streams')
          .values(row)
          .onConflict((conflict) => conflict.column('name').doNothing())
          .returning('id')
          .executeTakeFirst();
        if (made !== undefined) return { stream: streamOf(row), isNew: true };
        const other = db.selectFrom('streams').selectAll().where('name', '=', name);
        return { stream: streamOf(await other.executeTakeFirstOrThrow()), isNew: false };
      }),
    find: (name) =>
      reading(async (db) => {
        const row = await db.selectFrom('streams').selectAll().where('name', '=', name).executeTakeFirst();
        return row && streamOf(row);
      }),
    list: () =>
      reading(async (db) => {
        const rows = await db.selectFrom('streams').selectAll().orderBy('name').execute();
        return rows.map(streamOf);
      }),
    remove: (name) =>
      writing(async (db) => {
        const gone = await db
          .deleteFrom('streams')
          .where('name', '=', name)
          .returning('id')
          .executeTakeFirst();
        if (gone === undefined) return false;
        const { id } = gone;
        await db.deleteFrom('stream_partitions').where('stream', '=', id).execute();
        await db.deleteFrom('stream_windows').where('stream', '=', id).execute();
        await db.deleteFrom('stream_ids').where('stream', '=', id).execute();
        await db.deleteFrom('stream_batches').where('stream', '=', id).execute();
        await db.deleteFrom('stream_results').where('stream', '=', id).execute();
        return true;
      }),
    expect: (stream, partitions) =>
      writing(async (db) => {
        if ((await locked(db, stream, shared)) === undefined || partitions.length === 0) return;
        await db
          .insertInto('stream_partitions')
          .values(partitions.map((partition) => fresh(stream, partition)))
          .onConflict((conflict) => conflict.columns(['stream', 'partition']).doNothing())
          .execute();
      }),
    acquire: (stream, partition, owner) =>
      writing(async (db) => {
        const own = await locked(db, stream, shared);
        return own && acquired(db, own, partition, owner);
      }),
    commit: (commit) =>
      onDisk(WRITE, async () => {
        const db = await tables();
        try {
          return await db.transaction().execute(async (transaction) => {
            const outcome = await committed(transaction, commit, shared);
            // Nothing of it is to stay.
            if (outcome.type !== 'committed') throw new Undone(outcome);
            return outcome;
          });
        } catch (error) {
          if (error instanceof Undone) return error.outcome;
          throw error;
        }
      }),
    tell: (stream, partition, epoch, { idle, lag, rate }) =>
      writing(async (db) => {
        const { numUpdatedRows } = await db
          .updateTable('stream_partitions')
          .set({ idle: Number(idle), lag, rate })
          .where('stream', '=', stream)
          .where('partition', '=', partition)
          .where('epoch', '=', epoch)
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      }),
    partitions: (stream) =>
      reading(async (db) => {
        const rows = db.selectFrom('stream_partitions').selectAll().where('stream', '=', stream);
        return (await rows.orderBy('partition').execute()).map(partitionOf);
      }),
    open: (stream, filter) => reading((db) => openWindows(db, stream, filter)),
    close: (stream, closing) =>
      writing(async (db) => {
        const own = await locked(db, stream, alone);
        return own && closeWindows(db, own, closing);
      }),
    results: (stream, filter) => reading((db) => resultsOf(db, stream, filter)),
    claimSink: (stream, owner, ms) =>
      writing(async (db) => {
        const now = Date.now();
        const { numUpdatedRows } = await db
          .updateTable('streams')
          .set({ sender: owner, sender_until: now + ms })
          .where('id', '=', stream)
          .where((of) => of.or([of('sender', '=', owner), of('sender_until', '<', now)]))
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      }),
    sent: (stream, owner, seq) =>
      writing(async (db) => {
        await db
          .updateTable('streams')
          .set({ sent_seq: seq })
          .where('id', '=', stream)
          .where('sender', '=', owner)
          .where('sent_seq', '<', seq)
          .execute();
      }),
    forgetBatches: (before) =>
      writing(async (db) => {
        await db.deleteFrom('stream_batches').where('created', '<', before).execute();
      }),
    batch: (stream, name) =>
      reading(async (db) => {
        const of = db.selectFrom('stream_batches').selectAll().where('stream', '=', stream);
        return of.where('name', '=', name).executeTakeFirst();
      }),
  };
}

/** Takes a transaction back. */
class Undone extends Error {
  constructor(readonly outcome: CommitOutcome) {
    super(outcome.type);
  }
}

type Lock = 'none' | 'share' | 'update';

function locked(
  db: Transaction<Tables>,
  stream: string,
  lock: Lock,
): Promise<StreamTables['streams'] | undefined> {
  const row = db.selectFrom('streams').selectAll().where('id', '=', stream);
  const held = lock === 'none' ? row : lock === 'share' ? row.forShare() : row.forUpdate();
  return held.executeTakeFirst();
}

function fresh(stream: string, partition: number): StreamTables['stream_partitions'] {
  return {
    stream,
    partition,
    epoch: 0,
    owner: '',
    next_offset: null,
    watermark: null,
    idle: 0,
    seen: Date.now(),
    open_windows: 0,
    lag: null,
    rate: 0,
    model: null,
    accepted: 0,
    late: 0,
    rejected: 0,
    duplicates: 0,
  };
}

async function acquired(
  db: Transaction<Tables>,
  { id, closed_before }: StreamTables['streams'],
  partition: number,
  owner: string,
): Promise<AcquiredPartition> {
  const row = await db
    .insertInto('stream_partitions')
    .values({ ...fresh(id, partition), owner, epoch: 1 })
    .onConflict((conflict) =>
      conflict.columns(['stream', 'partition']).doUpdateSet((of) => ({
        owner,
        epoch: of('stream_partitions.epoch', '+', 1),
        // It may have grown while nobody read it.
        idle: 0,
      })),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
  if (closed_before !== null)
    await db
      .deleteFrom('stream_ids')
      .where('stream', '=', id)
      .where('partition', '=', partition)
      .where('expires', '<=', closed_before)
      .execute();
  const windows = db.selectFrom('stream_windows').selectAll().where('stream', '=', id);
  const ids = db.selectFrom('stream_ids').select('hashes').where('stream', '=', id);
  return {
    partition: partitionOf(row),
    closedBefore: closed_before,
    model: row.model && bytesOf(row.model),
    windows: (await windows.where('partition', '=', partition).execute()).map(windowOf),
    ids: (await ids.where('partition', '=', partition).execute()).map(({ hashes }) => bytesOf(hashes)),
  };
}

async function committed(db: Transaction<Tables>, commit: Commit, lock: Lock): Promise<CommitOutcome> {
  const { stream, partition, epoch, changed, removed, ids } = commit;
  const own = await locked(db, stream, lock);
  if (own === undefined) return { type: 'gone' };
  const { closed_before: closedBefore } = own;
  if (closedBefore !== null && closedBefore !== commit.closedBefore)
    if (changed.some(({ end }) => end <= closedBefore)) return { type: 'closed', closedBefore };
  const updated = await db
    .updateTable('stream_partitions')
    .set((of) => ({
      next_offset: commit.nextOffset,
      watermark: commit.watermark,
      idle: 0,
      seen: commit.seen,
      rate: commit.rate,
      open_windows: of('open_windows', '+', commit.opened),
      accepted: of('accepted', '+', commit.accepted),
      late: of('late', '+', commit.late),
      rejected: of('rejected', '+', commit.rejected),
      duplicates: of('duplicates', '+', commit.duplicates),
      ...(commit.model !== undefined && { model: commit.model }),
    }))
    .where('stream', '=', stream)
    .where('partition', '=', partition)
    .where('epoch', '=', epoch)
    .executeTakeFirst();
  if (updated.numUpdatedRows === 0n) return { type: 'fenced' };
  if (commit.opened > 0) {
    const { open } = await db
      .selectFrom('stream_partitions')
      .select((of) => of.fn.sum<number>('open_windows').as('open'))
      .where('stream', '=', stream)
      .executeTakeFirstOrThrow();
    if (open > commit.maxWindows) return { type: 'full' };
  }
  for (const { name, digest, answer } of commit.batches) {
    const made = await db
      .insertInto('stream_batches')
      .values({ stream, name, digest, answer, created: Date.now() })
      .onConflict((conflict) => conflict.columns(['stream', 'name']).doNothing())
      .returning('name')
      .executeTakeFirst();
    if (made !== undefined) continue;
    const before = db.selectFrom('stream_batches').selectAll().where('stream', '=', stream);
    return { type: 'repeated', batch: await before.where('name', '=', name).executeTakeFirstOrThrow() };
  }
  for (const { key, start, end } of removed)
    await db
      .deleteFrom('stream_windows')
      .where('stream', '=', stream)
      .where('partition', '=', partition)
      .where('window_key', '=', keyText(key))
      .where('starts', '=', start)
      .where('ends', '=', end)
      .execute();
  await inChunks(changed, 100, BREATH, async (some) => {
    const rows = some.map(({ key, start, end, records, state }) => ({
      stream,
      partition,
      window_key: keyText(key),
      starts: start,
      ends: end,
      records,
      state,
    }));
    await db
      .insertInto('stream_windows')
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .columns(['stream', 'partition', 'window_key', 'starts', 'ends'])
          .doUpdateSet((of) => ({ records: of.ref('excluded.records'), state: of.ref('excluded.state') })),
      )
      .execute();
  });
  if (ids !== undefined) {
    const last = await db
      .selectFrom('stream_ids')
      .select((of) => of.fn.max('chunk').as('chunk'))
      .where('stream', '=', stream)
      .where('partition', '=', partition)
      .executeTakeFirst();
    const chunk = (last?.chunk ?? 0) + 1;
    await db
      .insertInto('stream_ids')
      .values({ stream, partition, chunk, ...ids })
      .execute();
  }
  return { type: 'committed' };
}

function streamOf(row: StreamTables['streams']): StoredStream {
  const { id, name, definition, prepared, created } = row;
  return {
    id,
    name,
    definition,
    prepared,
    created,
    closedBefore: row.closed_before,
    lastSeq: row.last_seq,
    sentSeq: row.sent_seq,
  };
}
