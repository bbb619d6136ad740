import type { Kysely, Migration } from 'kysely';
import { blobType } from '../types.js';

/** Tables of jobs. Times in milliseconds since the epoch. */
export interface JobTables {
  /** The last number that was given, under the name of its queue. */
  readonly job_numbers: { readonly queue: string; readonly last_number: number };
  readonly jobs: {
    /** In the order of submission. */
    readonly number: number;
    readonly id: string;
    /** JSON. */
    readonly request: string;
    readonly state: string;
    /** 1: somebody wants it to end. */
    readonly cancelling: number;
    readonly attempts: number;
    /** Grows with every claim: who holds an older one may write no more. */
    readonly token: number;
    readonly owner: string | null;
    readonly lease_until: number | null;
    readonly created: number;
    readonly started: number | null;
    readonly finished: number | null;
    /** JSON. */
    readonly progress: string | null;
    /** JSON. */
    readonly failure: string | null;
    /** JSON. */
    readonly result: string | null;
    /** Events that it has. */
    readonly events: number;
  };
  readonly job_events: {
    readonly job: string;
    readonly number: number;
    readonly event: string;
    /** JSON. */
    readonly data: string;
  };
  /** Bytes of results in parts. Those of a token that did not win are never read. */
  readonly job_results: {
    readonly job: string;
    readonly token: number;
    readonly part: number;
    readonly body: Uint8Array;
  };
  /** Words by which clients make sure that a job is submitted once; each stays as long as its job. */
  readonly job_keys: {
    readonly caller: string;
    readonly key: string;
    readonly fingerprint: string;
    readonly job: string;
  };
}

export const jobMigrations: Readonly<Record<string, Migration>> = {
  '0003_jobs': {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('job_numbers')
        .addColumn('queue', 'text', (column) => column.primaryKey())
        .addColumn('last_number', 'bigint', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('jobs')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('number', 'bigint', (column) => column.notNull().unique())
        .addColumn('request', 'text', (column) => column.notNull())
        .addColumn('state', 'text', (column) => column.notNull())
        .addColumn('cancelling', 'integer', (column) => column.notNull())
        .addColumn('attempts', 'integer', (column) => column.notNull())
        .addColumn('token', 'integer', (column) => column.notNull())
        .addColumn('owner', 'text')
        .addColumn('lease_until', 'bigint')
        .addColumn('created', 'bigint', (column) => column.notNull())
        .addColumn('started', 'bigint')
        .addColumn('finished', 'bigint')
        .addColumn('progress', 'text')
        .addColumn('failure', 'text')
        .addColumn('result', 'text')
        .addColumn('events', 'integer', (column) => column.notNull())
        .execute();
      await db.schema.createIndex('jobs_state').on('jobs').columns(['state', 'number']).execute();
      await db.schema.createIndex('jobs_finished').on('jobs').column('finished').execute();
      await db.schema
        .createTable('job_events')
        .addColumn('job', 'text', (column) => column.notNull().references('jobs.id').onDelete('cascade'))
        .addColumn('number', 'integer', (column) => column.notNull())
        .addColumn('event', 'text', (column) => column.notNull())
        .addColumn('data', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('job_events_key', ['job', 'number'])
        .execute();
      await db.schema
        .createTable('job_results')
        .addColumn('job', 'text', (column) => column.notNull().references('jobs.id').onDelete('cascade'))
        .addColumn('token', 'integer', (column) => column.notNull())
        .addColumn('part', 'integer', (column) => column.notNull())
        .addColumn('body', blobType(db), (column) => column.notNull())
        .addPrimaryKeyConstraint('job_results_key', ['job', 'token', 'part'])
        .execute();
      await db.schema
        .createTable('job_keys')
        .addColumn('caller', 'text', (column) => column.notNull())
        .addColumn('key', 'text', (column) => column.notNull())
        .addColumn('fingerprint', 'text', (column) => column.notNull())
        .addColumn('job', 'text', (column) => column.notNull().references('jobs.id').onDelete('cascade'))
        .addPrimaryKeyConstraint('job_keys_key', ['caller', 'key'])
        .execute();
      await db.schema.createIndex('job_keys_job').on('job_keys').column('job').execute();
    },
  },
};
