import { type DatasetCard, type Datasets, type StoredDataset } from '../../ports/datasets.js';
import type { Base } from './base.js';
import { codeOf, onDisk } from './failures.js';
import { damaged, type DocumentFiles } from './files.js';
import type { DatasetTables } from './migrations/datasets.js';
import { Problem } from '../../ports/problem.js';

/** Datasets: cards in the catalog, Arrow IPC in files under their SHA-256. A file is there before its row and goes after it. */
export function datasetStore({ tables, inTurn }: Base, files: DocumentFiles): Datasets {
  return {
    publish: (card, document) =>
      onDisk(`room for a dataset of ${document.byteLength} bytes`, async () => {
        const db = await tables();
        const draft = await files.write(document);
        try {
          return await inTurn(async () => {
            await draft.keep();
            const row = {
              id: draft.sha256,
              created: new Date().toISOString(),
              card: JSON.stringify(card),
              bytes: draft.bytes,
            };
            const added = await db
              .insertInto('datasets')
              .values(row)
              .onConflict((conflict) => conflict.column('id').doNothing())
              .returning('id')
              .executeTakeFirst();
            if (added !== undefined) return { dataset: datasetOf(row), isNew: true };
            const found = await db
              .selectFrom('datasets')
              .selectAll()
              .where('id', '=', row.id)
              .executeTakeFirstOrThrow();
            return { dataset: datasetOf(found), isNew: false };
          });
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
        return inTurn(async () => {
          const gone = await db
            .deleteFrom('datasets')
            .where('id', '=', id)
            .returning('id')
            .executeTakeFirst();
          // The row is gone, and with it the dataset; a file that stays is swept when the store is opened again.
          if (gone !== undefined) await files.remove(id).catch(() => undefined);
          return gone !== undefined;
        });
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

function datasetOf({ id, created, card, bytes }: DatasetTables['datasets']): StoredDataset {
  return { id, created, card: JSON.parse(card) as DatasetCard, bytes };
}
