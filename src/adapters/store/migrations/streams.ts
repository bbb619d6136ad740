import type { Migration } from 'kysely';

/** Tables of streams. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface StreamTables {}

export const streamMigrations: Readonly<Record<string, Migration>> = {};
