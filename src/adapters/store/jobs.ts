import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import { type JobEventName, type JobStore, JOB_STATES } from '../../ports/jobs.js';
import { Problem } from '../../ports/problem.js';
import { type Base, once } from './base.js';
import { onDisk } from './failures.js';
import type { Tables } from './migrations.js';
import type { ModelStore } from './models.js';

const QUEUE = 'jobs';
/** Removed in one transaction. */
const PURGED = 200;

/** The queue of jobs as tables of the catalog. */
export function jobStore(base: Base, models: ModelStore): JobStore {
  const { dialect, tables } = base;
  const reading = <T>(act: (db: Kysely<Tables>) => Promise<T>): Promise<T> =>
    onDisk('a catalog that can be read', async () => act(await tables()));
  const inOne = <T>(act: (db: Kysely<Tables>) => Promise<T>): Promise<T> =>
    onDisk('a catalog that can be written to', async () => (await tables()).transaction().execute(act));
  // The query builder is loaded with the tables.
  const rows = async (): Promise<typeof import('./job-rows.js')> => {
    await tables();
    return import('./job-rows.js');
  };
  const leases = once(async () => (await import('./job-leases.js')).jobLeases(base, models));
  return {
    shared: dialect === 'postgres',
    submit: ({ request, caller, key }, most) =>
      inOne(async (db) => {
        const { append, clockOf, jobOf } = await rows();
        // First, so that one comes after the other: what is looked at below stays as it is.
        const { last_number: number } = await db
          .insertInto('job_numbers')
          .values({ queue: QUEUE, last_number: 1 })
          .onConflict((conflict) =>
            conflict
              .column('queue')
              .doUpdateSet((of) => ({ last_number: of('job_numbers.last_number', '+', 1) })),
          )
          .returning('last_number')
          .executeTakeFirstOrThrow();
        if (key !== undefined) {
          const known = await db
            .selectFrom('job_keys')
            .innerJoin('jobs', 'jobs.id', 'job_keys.job')
            .selectAll('jobs')
            .select('job_keys.fingerprint')
            .where('job_keys.caller', '=', caller)
            .where('job_keys.key', '=', key.text)
            .executeTakeFirst();
          if (known !== undefined && known.fingerprint !== key.fingerprint)
            throw new Problem(
              'conflict',
              'expected the body that came with this Idempotency-Key before, got another',
            );
          if (known !== undefined) return { job: jobOf(known), isNew: false };
        }
        if ((await queued(db)) >= most)
          throw new Problem('overloaded', `expected at most ${most} jobs that wait (MAX_JOBS), got one more`);
        const row = await db
          .insertInto('jobs')
          .values({
            number,
            id: randomUUID(),
            request: JSON.stringify(request),
            state: 'queued',
            cancelling: 0,
            attempts: 0,
            token: 0,
            created: clockOf(base),
            events: 0,
            owner: null,
            lease_until: null,
            started: null,
            finished: null,
            progress: null,
            failure: null,
            result: null,
          })
          .returningAll()
          .executeTakeFirstOrThrow();
        if (key !== undefined) {
          const { text, fingerprint } = key;
          await db.insertInto('job_keys').values({ caller, key: text, fingerprint, job: row.id }).execute();
        }
        await append(db, row.id, 'queued', {});
        return { job: jobOf(row), isNew: true };
      }),
    find: (id) =>
      reading(async (db) => {
        const { jobOf } = await rows();
        const row = await db.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirst();
        return row && jobOf(row);
      }),
    position: (number) => reading((db) => queued(db, number)),
    list: ({ state, before, limit }) =>
      reading(async (db) => {
        const { jobOf } = await rows();
        const all = db.selectFrom('jobs').selectAll();
        const some = state === undefined ? all : all.where('state', '=', state);
        const older = before === undefined ? some : some.where('number', '<', before);
        return (await older.orderBy('number', 'desc').limit(limit).execute()).map(jobOf);
      }),
    counts: () =>
      reading(async (db) => {
        const found = await db
          .selectFrom('jobs')
          .select((of) => ['state', of.fn.countAll<number>().as('count'), of.fn.min('created').as('oldest')])
          .where('state', 'in', JOB_STATES.slice(0, 2))
          .groupBy('state')
          .execute();
        const of = (state: string): (typeof found)[number] | undefined =>
          found.find((row) => row.state === state);
        return {
          queued: of('queued')?.count ?? 0,
          running: of('running')?.count ?? 0,
          oldest: of('queued')?.oldest,
        };
      }),
    cancel: (id) =>
      inOne(async (db) => {
        const { clockOf, ended, jobOf } = await rows();
        const row = await db
          .updateTable('jobs')
          .set({ cancelling: 1 })
          .where('id', '=', id)
          .where('state', 'in', ['queued', 'running'])
          .returningAll()
          .executeTakeFirst();
        if (row?.state === 'queued') await ended(db, id, { state: 'cancelled' }, clockOf(base));
        const now = await db.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirst();
        return now && jobOf(now);
      }),
    events: (id, behind, limit) =>
      reading(async (db) => {
        const found = await db
          .selectFrom('job_events')
          .select(['number', 'event', 'data'])
          .where('job', '=', id)
          .where('number', '>', behind)
          .orderBy('number')
          .limit(limit)
          .execute();
        return found.map(({ number, event, data }) => ({ number, event: event as JobEventName, data }));
      }),
    async *result(id, { bytes, token }) {
      for (let part = 0, given = 0; given < bytes; part++) {
        const row = await reading((db) =>
          db
            .selectFrom('job_results')
            .select('body')
            .where('job', '=', id)
            .where('token', '=', token)
            .where('part', '=', part)
            .executeTakeFirst(),
        );
        if (row === undefined)
          throw new Problem('not_found', 'expected a stored result, got one that was removed');
        const body = bytesOf(row.body);
        given += body.byteLength;
        yield body;
      }
    },
    purge: (keepMs) =>
      inOne(async (db) => {
        const { clockOf } = await rows();
        const old = await db
          .selectFrom('jobs')
          .select('id')
          .where((of) => of('finished', '<', of(clockOf(base), '-', keepMs)))
          .limit(PURGED)
          .execute();
        if (old.length === 0) return 0;
        const ids = old.map(({ id }) => id);
        const { numDeletedRows } = await db.deleteFrom('jobs').where('id', 'in', ids).executeTakeFirst();
        return Number(numDeletedRows);
      }),
    claim: async (...of) => (await leases()).claim(...of),
    renew: async (...of) => (await leases()).renew(...of),
    isCancelling: async (...of) => (await leases()).isCancelling(...of),
    progress: async (...of) => (await leases()).progress(...of),
    finish: async (...of) => (await leases()).finish(...of),
    release: async (...of) => (await leases()).release(...of),
    requeue: async (...of) => (await leases()).requeue(...of),
  };
}

/** A view of bytes that a database gave, of which libsql gives the buffer. */
const bytesOf = (bytes: Uint8Array | ArrayBuffer): Uint8Array =>
  ArrayBuffer.isView(bytes) ? bytes : new Uint8Array(bytes);

/** Jobs that wait, up to a number. */
async function queued(db: Kysely<Tables>, upTo?: number): Promise<number> {
  const all = db
    .selectFrom('jobs')
    .select((of) => of.fn.countAll<number>().as('count'))
    .where('state', '=', 'queued');
  const some = upTo === undefined ? all : all.where('number', '<=', upTo);
  return (await some.executeTakeFirstOrThrow()).count;
}
