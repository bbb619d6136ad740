import { Kysely, SqliteAdapter, SqliteDialect } from 'kysely';
import type Database from 'libsql';
import type { Tables } from './migrations.js';
import { migrated } from './migrate.js';
import type { Named } from './types.js';

/** The tables of a held catalog, brought up to date. Rejects with SQLite's error, and then nothing has changed. */
export async function openTables(database: Database.Database): Promise<Kysely<Tables>> {
  const db = new Kysely<Tables>({ dialect: new Dialect({ database }) });
  await migrated(db);
  return db;
}

/** SQLite takes a change of tables back with its transaction, which Kysely does not count on by itself. */
class Dialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new Adapter();
  }
}
class Adapter extends SqliteAdapter implements Named {
  readonly dialect = 'sqlite';
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}
