import type { Kysely, Migration } from 'kysely';

/** Tables of the stored datasets. */
export interface DatasetTables {
  readonly datasets: {
    /** SHA-256 of the stored file. */
    readonly id: string;
    readonly created: string;
    /** JSON. */
    readonly card: string;
    readonly bytes: number;
  };
}

export const datasetMigrations: Readonly<Record<string, Migration>> = {
  '0002_datasets': {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('datasets')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('created', 'text', (column) => column.notNull())
        .addColumn('card', 'text', (column) => column.notNull())
        .addColumn('bytes', 'bigint', (column) => column.notNull())
        .execute();
    },
  },
};
