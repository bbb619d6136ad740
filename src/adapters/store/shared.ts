import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { once, queue } from './base.js';
import type { OpenCatalog } from './embedded.js';
import { openPostgres } from './postgres.js';

/** PostgreSQL, which processes share. Throws an Error in words when the URL is of no use; it connects when it is asked. */
export function openShared(url: string, connections: number): OpenCatalog {
  const catalog = openPostgres(url, connections);
  const tables = once(catalog.tables);
  return {
    dialect: 'postgres',
    tables,
    inTurn: queue(),
    async alone(key, first, rows) {
      const db = await tables();
      return db.transaction().execute(async (transaction) => {
        // Freed with the transaction, however it ends.
        await sql`select pg_advisory_xact_lock(${numberOf(key)}::bigint)`.execute(transaction);
        await first();
        return rows(transaction);
      });
    },
    async close() {
      await tables.settled();
      await catalog.close();
    },
  };
}

/** A key of 64 bits of an advisory lock, as text. */
const numberOf = (key: string): string =>
  String(createHash('sha256').update(`analytics-service ${key}`).digest().readBigInt64BE());
