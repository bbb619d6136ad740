import type { Kysely, Migration } from 'kysely';
import { countType, nameType } from '../types.js';

/** Tables of the stored models. */
export interface ModelTables {
  /** Every name that was ever given, with the last number it gave: it stays when its versions go. */
  readonly model_names: { readonly name: string; readonly last_version: number };
  /** A row for each version that is stored. */
  readonly models: {
    readonly name: string;
    readonly version: number;
    readonly created: string;
    /** JSON. */
    readonly card: string;
    readonly sha256: string;
    readonly bytes: number;
  };
}

export const modelMigrations: Readonly<Record<string, Migration>> = {
  '0001_models': {
    async up(db: Kysely<unknown>): Promise<void> {
      const name = await nameType(db);
      await db.schema
        .createTable('model_names')
        .addColumn('name', name, (column) => column.primaryKey())
        .addColumn('last_version', 'integer', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('models')
        .addColumn('name', name, (column) => column.notNull().references('model_names.name'))
        .addColumn('version', 'integer', (column) => column.notNull())
        .addColumn('created', 'text', (column) => column.notNull())
        .addColumn('card', 'text', (column) => column.notNull())
        .addColumn('sha256', 'text', (column) => column.notNull())
        .addColumn('bytes', countType(db), (column) => column.notNull())
        .addPrimaryKeyConstraint('models_key', ['name', 'version'])
        .execute();
      await db.schema.createIndex('models_sha256').on('models').column('sha256').execute();
    },
  },
};
