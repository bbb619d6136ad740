import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { codeOf, unwritable } from './failures.js';
import { MIGRATIONS } from './migrations.js';

/** The catalog of DATA_DIR, held by this process: what is stored, in tables. What is large lies in files beside it. */
export interface Catalog {
  readonly database: Database.Database;
  /** Lets another process hold it. */
  release(): void;
}

const FILE = 'catalog.sqlite';

/** Whether a folder has a catalog. */
export const hasCatalog = (folder: string): boolean => existsSync(join(folder, FILE));

/** "anly" in ASCII: by it a database is known as ours (SQLite, PRAGMA application_id). */
const APPLICATION = 0x616e6c79;

/**
 * Takes the catalog of a folder for this process alone; a new folder gets an empty one. The lock is SQLite's own on the
 * file, which the system frees when the process ends, however it ends. Throws an Error that says what is wrong when
 * another process holds it, when the file is another's or of a later version of the service, or when it cannot be written.
 */
export function holdCatalog(folder: string): Catalog {
  try {
    const database = new Database(join(folder, FILE));
    try {
      hold(database, folder);
    } catch (error) {
      if (database.inTransaction) database.exec('ROLLBACK');
      database.close();
      throw error;
    }
    return {
      database,
      release() {
        release(database);
      },
    };
  } catch (error) {
    throw unusable(folder, error);
  }
}

function hold(database: Database.Database, folder: string): void {
  database.pragma('locking_mode = EXCLUSIVE');
  // In this mode the first transaction takes the lock, and nothing gives it back until the end.
  database.exec('BEGIN EXCLUSIVE');
  const [application] = column(database, 'PRAGMA application_id');
  const tables = column(database, 'SELECT name FROM sqlite_schema');
  if (application !== APPLICATION && (application !== 0 || tables.length > 0))
    throw new Error(
      `expected in DATA_DIR ${folder} a ${FILE} of this service, got one of another application`,
    );
  const applied = tables.includes('kysely_migration')
    ? column(database, 'SELECT name FROM kysely_migration ORDER BY name')
    : [];
  const later = applied.find((name) => !Object.hasOwn(MIGRATIONS, String(name)));
  if (later !== undefined) {
    const known = String(Object.keys(MIGRATIONS).at(-1));
    throw new Error(
      `expected in DATA_DIR ${folder} a ${FILE} of schema ${known} at most, got one of a later version (${String(later)})`,
    );
  }
  // Written each time: a folder that takes no writes is refused now, not when the first model comes.
  database.pragma(`application_id = ${APPLICATION}`);
  database.exec('COMMIT');
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
}

type Value = string | number | null;

/** The values of the first column of what a statement answers. */
function column(database: Database.Database, statement: string): readonly (Value | undefined)[] {
  const rows = database.prepare(statement).all() as readonly Readonly<Record<string, Value>>[];
  return rows.map((row) => Object.values(row)[0]);
}

/** Out of WAL first: in it an exclusive lock stays until the statements are collected as garbage. */
function release(database: Database.Database): void {
  try {
    database.pragma('journal_mode = DELETE');
    database.pragma('locking_mode = NORMAL');
    // The lock goes with the next transaction.
    column(database, 'SELECT count(*) FROM sqlite_schema');
  } finally {
    database.close();
  }
}

/** What the operator is told. */
function unusable(folder: string, error: unknown): Error {
  const code = codeOf(error) ?? '';
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
    return new Error(
      `expected DATA_DIR ${folder} for this process alone, got one that another process holds (${code})`,
    );
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT'))
    return new Error(`expected in DATA_DIR ${folder} a ${FILE} of this service, got a damaged one (${code})`);
  if (code !== '') return unwritable(folder, code);
  return error instanceof Error ? error : new Error(String(error));
}
