import { type Kysely, type RawBuilder, type Selectable, sql } from 'kysely';
import type {
  JobEventName,
  JobFailure,
  JobProgress,
  JobRequest,
  JobState,
  ResultCard,
  StoredJob,
} from '../../ports/jobs.js';
import type { Base } from './base.js';
import type { Tables } from './migrations.js';

/** Events that are kept of a job; what comes behind is known of its progress alone. Its end always has a place. */
const MOST_EVENTS = 1000;
/** A result is written and read in parts of so many bytes: no more of it is in memory beside it. */
export const PART_BYTES = 2 ** 20;

type Row = Selectable<Tables['jobs']>;

/** Milliseconds since the epoch by the clock that all processes with the same catalog share. */
export function clockOf({ dialect }: Pick<Base, 'dialect'>): RawBuilder<number> {
  return dialect === 'postgres'
    ? sql<number>`cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`
    : sql<number>`${Date.now()}`;
}

export function jobOf(row: Row): StoredJob {
  return {
    id: row.id,
    number: row.number,
    request: JSON.parse(row.request) as JobRequest,
    state: row.state as JobState,
    cancelling: row.cancelling === 1,
    attempts: row.attempts,
    created: row.created,
    started: row.started ?? undefined,
    finished: row.finished ?? undefined,
    progress: row.progress === null ? undefined : (JSON.parse(row.progress) as JobProgress),
    failure: row.failure === null ? undefined : (JSON.parse(row.failure) as JobFailure),
    result: row.result === null ? undefined : (JSON.parse(row.result) as ResultCard),
  };
}

/** Adds an event to a job within a transaction that has its row. */
export async function append(
  db: Kysely<Tables>,
  job: string,
  event: JobEventName,
  data: object,
): Promise<void> {
  const counted = db
    .updateTable('jobs')
    .set((of) => ({ events: of('events', '+', 1) }))
    .where('id', '=', job);
  const bounded = event === 'progress' ? counted.where('events', '<', MOST_EVENTS) : counted;
  const row = await bounded.returning('events').executeTakeFirst();
  if (row === undefined) return;
  await db
    .insertInto('job_events')
    .values({ job, number: row.events, event, data: JSON.stringify(data) })
    .execute();
}

/** The end of a job, with what belongs to it. */
export interface End {
  readonly state: Extract<JobState, 'succeeded' | 'failed' | 'cancelled'>;
  readonly failure?: JobFailure;
  readonly result?: ResultCard;
  readonly progress?: JobProgress;
}

/** Writes the end of a job within a transaction that has its row, once for each job. */
export async function ended(
  db: Kysely<Tables>,
  job: string,
  { state, failure, result, progress }: End,
  clock: RawBuilder<number>,
): Promise<void> {
  if (progress !== undefined) await append(db, job, 'progress', progress);
  await db
    .updateTable('jobs')
    .set({
      state,
      finished: clock,
      owner: null,
      lease_until: null,
      ...(failure !== undefined && { failure: JSON.stringify(failure) }),
      ...(result !== undefined && { result: JSON.stringify(result) }),
      ...(progress !== undefined && { progress: JSON.stringify(progress) }),
    })
    .where('id', '=', job)
    .execute();
  await append(db, job, 'done', {
    state,
    ...(result !== undefined && { partial: result.partial }),
    ...(failure !== undefined && { code: failure.code, detail: failure.detail }),
  });
}
