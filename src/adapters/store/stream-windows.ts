import type { ExpressionBuilder, ExpressionWrapper, Kysely, SqlBool, Transaction } from 'kysely';
import type { ClosedWindows, Closing, StoredResult, WindowFilter, WindowState } from '../../ports/streams.js';
import type { Tables } from './migrations.js';
import type { StreamTables } from './migrations/streams.js';
import { keyText, partitionOf, resultOf, windowOf } from './stream-rows.js';

/** Windows, or keys of sessions, that are closed in one transaction. */
const AT_A_TIME = 100;

/** Closes windows of a stream whose row is locked. What is closed is settled before the first result is there. */
export async function closeWindows(
  db: Transaction<Tables>,
  { id, closed_before, last_seq, sent_seq }: StreamTables['streams'],
  { before, close, sessions, kept, sink }: Closing,
): Promise<ClosedWindows> {
  const rows = await db.selectFrom('stream_partitions').selectAll().where('stream', '=', id).execute();
  const wanted = before(rows.map(partitionOf));
  // Never back.
  const closedBefore =
    wanted === null || (closed_before !== null && closed_before >= wanted) ? closed_before : wanted;
  if (closedBefore === null) return { closedBefore, results: [], more: false };
  if (closedBefore !== closed_before)
    await db.updateTable('streams').set({ closed_before: closedBefore }).where('id', '=', id).execute();
  // The sink is behind: what it does not have yet is not to grow without bound.
  if (sink && last_seq - sent_seq >= kept) return { closedBefore, results: [], more: false };
  const due = sessions ? await dueKeys(db, id, closedBefore) : await dueWindows(db, id, closedBefore);
  if (due.rows.length === 0) return { closedBefore, results: [], more: false };
  const { results, removed } = close(due.rows.map(windowOf), closedBefore);
  const stored = results.map((one, place): StoredResult => ({ ...one, seq: last_seq + 1 + place }));
  for (let from = 0; from < stored.length; from += AT_A_TIME)
    await db
      .insertInto('stream_results')
      .values(
        stored.slice(from, from + AT_A_TIME).map(({ seq, key, start, end, records, result }) => ({
          stream: id,
          seq,
          window_key: keyText(key),
          starts: start,
          ends: end,
          again: sessions ? seq : 0,
          records,
          result,
        })),
      )
      .execute();
  const gone = new Set(removed.map(({ key, start, end }) => `${start} ${end} ${keyText(key)}`));
  const fewer = new Map<number, number>();
  for (const row of due.rows) {
    const { partition, window_key, starts, ends } = row;
    if (!gone.has(`${starts} ${ends} ${window_key}`)) continue;
    await db
      .deleteFrom('stream_windows')
      .where('stream', '=', id)
      .where('partition', '=', partition)
      .where('window_key', '=', window_key)
      .where('starts', '=', starts)
      .where('ends', '=', ends)
      .execute();
    fewer.set(partition, (fewer.get(partition) ?? 0) + 1);
  }
  for (const [partition, count] of fewer)
    await db
      .updateTable('stream_partitions')
      .set((of) => ({ open_windows: of('open_windows', '-', count) }))
      .where('stream', '=', id)
      .where('partition', '=', partition)
      .execute();
  const last = last_seq + stored.length;
  await db.updateTable('streams').set({ last_seq: last }).where('id', '=', id).execute();
  const until = sink ? Math.min(last - kept, sent_seq) : last - kept;
  await db.deleteFrom('stream_results').where('stream', '=', id).where('seq', '<=', until).execute();
  await db.deleteFrom('stream_ids').where('stream', '=', id).where('expires', '<=', closedBefore).execute();
  // Sessions of one key that are not due for those of another partition are looked at when the next one is.
  return { closedBefore, results: stored, more: due.more && removed.length > 0 };
}

interface Due {
  readonly rows: readonly StreamTables['stream_windows'][];
  readonly more: boolean;
}

/** States of the first windows that are due, of all partitions. */
async function dueWindows(db: Transaction<Tables>, stream: string, closedBefore: number): Promise<Due> {
  const due = db.selectFrom('stream_windows').where('stream', '=', stream).where('ends', '<=', closedBefore);
  const windows = await due
    .select(['ends', 'starts', 'window_key'])
    .distinct()
    .orderBy('ends')
    .orderBy('starts')
    .orderBy('window_key')
    .limit(AT_A_TIME)
    .execute();
  const last = windows.at(-1);
  if (last === undefined) return { rows: [], more: false };
  const rows = await due
    .selectAll()
    .where((of) => notBehind(of, last))
    .orderBy('ends')
    .orderBy('starts')
    .orderBy('window_key')
    .orderBy('partition')
    .execute();
  return { rows, more: windows.length === AT_A_TIME };
}

type Place = Pick<StreamTables['stream_windows'], 'ends' | 'starts' | 'window_key'>;
type Windows = ExpressionBuilder<Tables, 'stream_windows'>;

/** Windows up to a place in the order of ends, starts and keys. */
function notBehind(
  of: Windows,
  { ends, starts, window_key }: Place,
): ExpressionWrapper<Tables, 'stream_windows', SqlBool> {
  return of.or([
    of('ends', '<', ends),
    of.and([
      of('ends', '=', ends),
      of.or([
        of('starts', '<', starts),
        of.and([of('starts', '=', starts), of('window_key', '<=', window_key)]),
      ]),
    ]),
  ]);
}

/** All states of the first keys that have a session that is due. */
async function dueKeys(db: Transaction<Tables>, stream: string, closedBefore: number): Promise<Due> {
  const keys = await db
    .selectFrom('stream_windows')
    .select((of) => ['window_key', of.fn.min('ends').as('first')])
    .where('stream', '=', stream)
    .where('ends', '<=', closedBefore)
    .groupBy('window_key')
    .orderBy('first')
    .orderBy('window_key')
    .limit(AT_A_TIME)
    .execute();
  if (keys.length === 0) return { rows: [], more: false };
  const rows = await db
    .selectFrom('stream_windows')
    .selectAll()
    .where('stream', '=', stream)
    .where(
      'window_key',
      'in',
      keys.map(({ window_key }) => window_key),
    )
    .orderBy('window_key')
    .orderBy('starts')
    .orderBy('partition')
    .execute();
  return { rows, more: keys.length === AT_A_TIME };
}

export async function openWindows(
  db: Kysely<Tables>,
  stream: string,
  { key, from, to, limit }: WindowFilter,
): Promise<readonly WindowState[]> {
  let wanted = db.selectFrom('stream_windows').where('stream', '=', stream);
  if (key !== undefined) wanted = wanted.where('window_key', '=', keyText(key));
  if (from !== undefined) wanted = wanted.where('ends', '>', from);
  if (to !== undefined) wanted = wanted.where('starts', '<', to);
  const windows = await wanted
    .select(['ends', 'starts', 'window_key'])
    .distinct()
    .orderBy('ends', 'desc')
    .orderBy('starts', 'desc')
    .orderBy('window_key', 'desc')
    .limit(limit)
    .execute();
  const last = windows.at(-1);
  if (last === undefined) return [];
  const rows = await wanted
    .selectAll()
    .where((of) =>
      of.or([
        of('ends', '>', last.ends),
        of.and([
          of('ends', '=', last.ends),
          of.or([
            of('starts', '>', last.starts),
            of.and([of('starts', '=', last.starts), of('window_key', '>=', last.window_key)]),
          ]),
        ]),
      ]),
    )
    .orderBy('ends', 'desc')
    .orderBy('starts', 'desc')
    .orderBy('window_key', 'desc')
    .orderBy('partition')
    .execute();
  return rows.map(windowOf);
}

export async function resultsOf(
  db: Kysely<Tables>,
  stream: string,
  {
    key,
    from,
    to,
    limit,
    before,
    behind,
  }: WindowFilter & { readonly before?: number | undefined; readonly behind?: number | undefined },
): Promise<readonly StoredResult[]> {
  let wanted = db.selectFrom('stream_results').selectAll().where('stream', '=', stream);
  if (key !== undefined) wanted = wanted.where('window_key', '=', keyText(key));
  if (from !== undefined) wanted = wanted.where('ends', '>', from);
  if (to !== undefined) wanted = wanted.where('starts', '<', to);
  if (before !== undefined) wanted = wanted.where('seq', '<', before);
  if (behind !== undefined) wanted = wanted.where('seq', '>', behind);
  const rows = await wanted
    .orderBy('seq', behind === undefined ? 'desc' : 'asc')
    .limit(limit)
    .execute();
  return rows.map(resultOf);
}
