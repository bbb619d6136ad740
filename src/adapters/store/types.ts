import type { Expression, Kysely } from 'kysely';

/** Databases that a catalog may be in. */
export type DialectName = 'sqlite' | 'postgres';

/** What our adapters of Kysely say of themselves. */
export interface Named {
  readonly dialect: DialectName;
}

/** The database behind a query builder. Kysely is not loaded for it: migrations are named at the start, long before they run. */
export function dialectOf<T>(db: Kysely<T>): DialectName {
  const adapter: object & Partial<Named> = db.getExecutor().adapter;
  if (adapter.dialect === undefined) throw new Error('expected a dialect of the catalog, got another');
  return adapter.dialect;
}

/** Column of bytes, read as a Uint8Array (a Buffer). */
export const blobType = <T>(db: Kysely<T>): 'bytea' | 'blob' =>
  dialectOf(db) === 'postgres' ? 'bytea' : 'blob';

/** Column of integers up to 2^53, read as numbers: SQLite's own integer, eight bytes of PostgreSQL, whose `integer` has four. */
export const countType = <T>(db: Kysely<T>): 'bigint' | 'integer' =>
  dialectOf(db) === 'postgres' ? 'bigint' : 'integer';

/** Column of texts that compare and sort by their bytes, as SQLite's do; PostgreSQL's sort by the language of the database. */
export async function nameType<T>(db: Kysely<T>): Promise<'text' | Expression<string>> {
  if (dialectOf(db) === 'sqlite') return 'text';
  const { sql } = await import('./sql.js');
  return sql`text collate "C"`;
}
