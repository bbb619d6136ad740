import { type Kysely, Migrator } from 'kysely';
import { MIGRATIONS, type Tables } from './migrations.js';

/** Brings the tables up to date. Rejects with the database's error, and then nothing has changed. */
export async function migrated(db: Kysely<Tables>): Promise<void> {
  const provider = { getMigrations: () => Promise.resolve(MIGRATIONS) };
  // In one transaction; on PostgreSQL under an advisory lock of it, so that those who start together do it one by one.
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error instanceof Error) throw error;
  if (error !== undefined) throw new Error('the tables of the catalog were not made', { cause: error });
}
