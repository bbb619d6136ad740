import { randomUUID } from 'node:crypto';
import type { Kysely, Migration } from 'kysely';

/** What is known of the catalog itself. */
export interface CatalogTables {
  /** One row: which catalog it is, by which a shared storage knows its owner. */
  readonly catalog: { readonly identity: string };
}

export const catalogMigrations: Readonly<Record<string, Migration>> = {
  '0005_catalog': {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('catalog')
        .addColumn('identity', 'text', (column) => column.primaryKey())
        .execute();
      const { sql } = await import('../sql.js');
      await sql`insert into catalog (identity) values (${randomUUID()})`.execute(db);
    },
  },
};
