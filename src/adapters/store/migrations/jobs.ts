import type { Migration } from 'kysely';

/** Tables of jobs. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface JobTables {}

export const jobMigrations: Readonly<Record<string, Migration>> = {};
