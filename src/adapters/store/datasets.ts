import type { Kysely } from 'kysely';
import { type DatasetCard, type Datasets, type StoredDataset } from '../../ports/datasets.js';
import { Problem } from '../../ports/problem.js';
import type { Base } from './base.js';
import { codeOf, onDisk } from './failures.js';
import { damaged, type DocumentFiles } from './files.js';
import type { Tables } from './migrations.js';
import type { DatasetTables } from './migrations/datasets.js';

/**
 * Datasets: cards in the catalog, Arrow IPC in documents under their SHA-256. A document is there before its row and goes
 * after it. At most so many.
 */
export function datasetStore({ dialect, tables, alone }: Base, files: DocumentFiles, most: number): Datasets {
  const removeUnused = (id: string): Promise<void> =>
    alone(
      id,
      () => Promise.resolve(),
      async (db) => {
        if (!(await isDatasetDocument(db, id))) await files.remove(id);
      },
    );
  return {
    publish: (card, document) =>
      onDisk(`room for a dataset of ${document.byteLength} bytes`, async () => {
        await tables();
        const draft = await files.write(document);
        const row = {
          id: draft.sha256,
          created: new Date().toISOString(),
          card: JSON.stringify(card),
          bytes: draft.bytes,
        };
        const failed = async (error: unknown): Promise<never> => {
          // Of a commit that broke off it is known later whether it is on the disk.
          if (codeOf(error)?.startsWith('SQLITE_IOERR') !== true)
            await removeUnused(row.id).catch(() => undefined);
          throw error;
        };
        try {
          return await alone(row.id, draft.keep, async (db) => {
            // Those who count do so one by one.
            if (dialect === 'postgres')
              await db.selectFrom('catalog').select('identity').forUpdate().execute();
            return inserted(db, row, most);
          }).catch(failed);
        } finally {
          await draft.discard();
        }
      }),
    find: (id) =>
      onDisk('a catalog that can be read', async () => {
        const db = await tables();
        const row = await db.selectFrom('datasets').selectAll().where('id', '=', id).executeTakeFirst();
        return row && datasetOf(row);
      }),
    list: () =>
      onDisk('a catalog that can be read', async () => {
        const db = await tables();
        const rows = await db.selectFrom('datasets').selectAll().orderBy('created').orderBy('id').execute();
        return rows.map(datasetOf);
      }),
    read: ({ id, bytes }, place) =>
      onDisk('the stored dataset', async () => {
        try {
          await files.pour(id, bytes, 'dataset', place);
        } catch (error) {
          if (codeOf(error) !== 'ENOENT') throw error;
          const db = await tables();
          const row = await db.selectFrom('datasets').select('id').where('id', '=', id).executeTakeFirst();
          if (row !== undefined) throw damaged('dataset', `${bytes} bytes`, 'none');
          throw new Problem('not_found', 'expected a stored dataset, got one that was removed');
        }
      }),
    remove: (id) =>
      onDisk('a catalog that can be written to', async () => {
        const db = await tables();
        const gone = await db.deleteFrom('datasets').where('id', '=', id).returning('id').executeTakeFirst();
        // The row is gone, and with it the dataset; a document that stays is swept later.
        if (gone !== undefined) await removeUnused(id).catch(() => undefined);
        return gone !== undefined;
      }),
    totals: () =>
      onDisk('a catalog that can be read', async () => {
        const db = await tables();
        const { count, bytes } = await db
          .selectFrom('datasets')
          .select(({ fn }) => [fn.countAll<number>().as('count'), fn.sum<number | null>('bytes').as('bytes')])
          .executeTakeFirstOrThrow();
        return { count, bytes: bytes ?? 0 };
      }),
  };
}

/** Stores a row, if there is none of its hash. What is there then. Throws Problem `storage_failed` where there are `most`. */
async function inserted(
  db: Kysely<Tables>,
  row: DatasetTables['datasets'],
  most: number,
): Promise<{ readonly dataset: StoredDataset; readonly isNew: boolean }> {
  const added = await db
    .insertInto('datasets')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .executeTakeFirst();
  if (added === undefined) {
    const found = await db
      .selectFrom('datasets')
      .selectAll()
      .where('id', '=', row.id)
      .executeTakeFirstOrThrow();
    return { dataset: datasetOf(found), isNew: false };
  }
  const { count } = await db
    .selectFrom('datasets')
    .select((of) => of.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  if (count > most)
    throw new Problem(
      'storage_failed',
      `expected at most ${most} stored datasets (MAX_DATASETS), got one more: delete those that are not needed`,
    );
  return { dataset: datasetOf(row), isNew: true };
}

/** Whether a dataset has the document of that hash. */
export async function isDatasetDocument(db: Kysely<Tables>, id: string): Promise<boolean> {
  const row = await db.selectFrom('datasets').select('id').where('id', '=', id).executeTakeFirst();
  return row !== undefined;
}

function datasetOf({ id, created, card, bytes }: DatasetTables['datasets']): StoredDataset {
  return { id, created, card: JSON.parse(card) as DatasetCard, bytes };
}
