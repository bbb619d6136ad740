import type { Kysely } from 'kysely';
import { type JobStore, type Lease, type ResultCard, withVersion } from '../../ports/jobs.js';
import type { Answer } from '../../ports/lanes.js';
import type { Base } from './base.js';
import { onDisk } from './failures.js';
import { append, clockOf, type End, ended, jobOf, PART_BYTES } from './job-rows.js';
import type { Tables } from './migrations.js';
import type { ModelStore } from './models.js';

type Owned = 'claim' | 'renew' | 'isCancelling' | 'progress' | 'finish' | 'release' | 'requeue';

/** A write of an owner who is none any more: its transaction is taken back. */
class Fenced extends Error {}

/**
 * What owners of jobs do. A claim gives a token that no claim of the job had before, and every write of an owner changes
 * nothing unless the job still has it and runs: who was taken for dead writes in vain, also when it was only slow.
 */
export function jobLeases(base: Base, models: ModelStore): Pick<JobStore, Owned> {
  const { dialect, tables } = base;
  const changing = <T>(act: (db: Kysely<Tables>) => Promise<T>): Promise<T> =>
    onDisk('a catalog that can be written to', async () => act(await tables()));
  const inOne = <T>(act: (db: Kysely<Tables>) => Promise<T>): Promise<T> =>
    changing((db) => db.transaction().execute(act));
  const unlessFenced = (act: () => Promise<unknown>): Promise<boolean> =>
    act().then(
      () => true,
      (error: unknown) => {
        if (error instanceof Fenced) return false;
        throw error;
      },
    );
  return {
    claim: (owner, leaseMs) =>
      inOne(async (db) => {
        const first = db
          .selectFrom('jobs')
          .select('id')
          .where('state', '=', 'queued')
          .orderBy('number')
          .limit(1);
        const free = dialect === 'postgres' ? first.forUpdate().skipLocked() : first;
        const found = await free.executeTakeFirst();
        if (found === undefined) return undefined;
        const clock = clockOf(base);
        const row = await db
          .updateTable('jobs')
          .set((of) => ({
            state: 'running',
            owner,
            token: of('token', '+', 1),
            attempts: of('attempts', '+', 1),
            lease_until: of(clock, '+', leaseMs),
            started: of.fn.coalesce('started', clock),
          }))
          .where('id', '=', found.id)
          .returningAll()
          .executeTakeFirstOrThrow();
        await append(db, row.id, 'running', { attempts: row.attempts });
        return { job: jobOf(row), token: row.token };
      }),
    renew: (lease, leaseMs) =>
      changing(async (db) => {
        const { numUpdatedRows } = await db
          .updateTable('jobs')
          .set((of) => ({ lease_until: of(clockOf(base), '+', leaseMs) }))
          .where('id', '=', lease.job.id)
          .where('token', '=', lease.token)
          .where('state', '=', 'running')
          .executeTakeFirst();
        return numUpdatedRows === 1n;
      }),
    isCancelling: (lease) =>
      changing(async (db) => {
        const row = await db
          .selectFrom('jobs')
          .select('cancelling')
          .where('id', '=', lease.job.id)
          .where('token', '=', lease.token)
          .where('state', '=', 'running')
          .executeTakeFirst();
        return row && row.cancelling === 1;
      }),
    progress: (lease, progress) =>
      unlessFenced(() =>
        inOne(async (db) => {
          await hold(db, lease);
          const text = JSON.stringify(progress);
          await db.updateTable('jobs').set({ progress: text }).where('id', '=', lease.job.id).execute();
          await append(db, lease.job.id, 'progress', progress);
        }),
      ),
    finish: (lease, outcome, progress) => {
      const { id } = lease.job;
      const close = async (db: Kysely<Tables>, end: End): Promise<void> => {
        await ended(db, id, progress === undefined ? end : { ...end, progress }, clockOf(base));
        // Of owners before.
        await db.deleteFrom('job_results').where('job', '=', id).where('token', '<', lease.token).execute();
      };
      const answered = async (db: Kysely<Tables>, answer: Answer, kept: number): Promise<ResultCard> => {
        await keep(db, lease, answer.body, kept);
        const { contentType, headers = {}, body, partial = false } = answer;
        return { contentType, headers, bytes: body.byteLength, partial, token: lease.token };
      };
      return unlessFenced(async () => {
        if (outcome.state === 'failed' || outcome.answer === undefined) {
          await inOne(async (db) => {
            await hold(db, lease);
            await close(db, outcome);
          });
          return;
        }
        const { state, answer, model } = outcome;
        if (model === undefined) {
          const before = Math.max(0, Math.ceil(answer.body.byteLength / PART_BYTES) - 1);
          for (let part = 0; part < before; part++)
            await inOne((db) => keep(db, lease, answer.body, part, part + 1));
          await inOne(async (db) => {
            await hold(db, lease);
            await close(db, { state, result: await answered(db, answer, before) });
          });
          return;
        }
        await models.publish(model.name, model.card, model.document, async (db, version) => {
          await hold(db, lease);
          const location = `/models/${version.name}/versions/${version.version}`;
          const whole = { ...withVersion(answer, version), headers: { ...answer.headers, location } };
          await close(db, { state, result: await answered(db, whole, 0) });
        });
      });
    },
    release: (lease) =>
      unlessFenced(() =>
        inOne(async (db) => {
          await hold(db, lease);
          await db
            .updateTable('jobs')
            .set((of) => ({
              state: 'queued',
              owner: null,
              lease_until: null,
              attempts: of('attempts', '-', 1),
            }))
            .where('id', '=', lease.job.id)
            .execute();
          await append(db, lease.job.id, 'requeued', { attempts: lease.job.attempts - 1 });
        }),
      ),
    requeue: (most, all) =>
      inOne(async (db) => {
        const running = db
          .selectFrom('jobs')
          .select(['id', 'attempts', 'cancelling'])
          .where('state', '=', 'running')
          .orderBy('number')
          .limit(100);
        const expired = all ? running : running.where('lease_until', '<', clockOf(base));
        const rows = await (dialect === 'postgres' ? expired.forUpdate().skipLocked() : expired).execute();
        for (const { id, attempts, cancelling } of rows) {
          if (cancelling === 1) {
            await ended(db, id, { state: 'cancelled' }, clockOf(base));
          } else if (attempts >= most) {
            const detail = `expected a process that lives as long as the job, got ${attempts} that ended before it`;
            const failure = { code: 'lane_lost', detail, faults: [] } as const;
            await ended(db, id, { state: 'failed', failure }, clockOf(base));
          } else {
            await db
              .updateTable('jobs')
              .set({ state: 'queued', owner: null, lease_until: null })
              .where('id', '=', id)
              .execute();
            await append(db, id, 'requeued', { attempts });
          }
        }
        return rows.map(({ id }) => id);
      }),
  };
}

/** Takes the row of a job for the rest of the transaction. Throws Fenced when it is not the lease's any more. */
async function hold(db: Kysely<Tables>, { job, token }: Lease): Promise<void> {
  // An update that changes nothing, as a lock in either dialect.
  const { numUpdatedRows } = await db
    .updateTable('jobs')
    .set({ token })
    .where('id', '=', job.id)
    .where('token', '=', token)
    .where('state', '=', 'running')
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw new Fenced();
}

/** Keeps parts of a result, from one to before another. */
async function keep(
  db: Kysely<Tables>,
  { job, token }: Lease,
  bytes: Uint8Array,
  from: number,
  to = Math.max(1, Math.ceil(bytes.byteLength / PART_BYTES)),
): Promise<void> {
  for (let part = from; part < to; part++) {
    const body = Buffer.from(bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES));
    await db.insertInto('job_results').values({ job: job.id, token, part, body }).execute();
  }
}
