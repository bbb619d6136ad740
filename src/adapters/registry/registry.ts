import { join, resolve } from 'node:path';
import type { Kysely, Selectable } from 'kysely';
import { excerpt, Problem } from '../../ports/problem.js';
import type { ModelCard, ModelVersion, Registry } from '../../ports/registry.js';
import { DocumentCache } from './cache.js';
import { openCatalog } from './catalog.js';
import { codeOf, onDisk, unwritable } from './failures.js';
import { damaged, type DocumentFiles, openFiles } from './files.js';
import type { Tables } from './migrations.js';

export interface RegistryOptions {
  /** Made if it is not there. One process has it at a time. */
  readonly dataDir: string;
  /** Bytes of documents that are kept in memory. */
  readonly cacheBytes: number;
}

/**
 * The models of the service in a folder: cards in the catalog, documents in files named by their SHA-256. That name is
 * known before the version is, is no client's text, checks what it names, and is one file for what is published twice.
 * A file is there before its row and goes after it, so a process killed in between leaves at most a file without a row,
 * which the next one to open the folder takes away. Rejects with an Error for the operator when the folder is of no use.
 */
export async function openRegistry({ dataDir, cacheBytes }: RegistryOptions): Promise<Registry> {
  const folder = resolve(dataDir);
  const files = await prepared(folder, () => openFiles(join(folder, 'models')));
  const catalog = await openCatalog(folder);
  try {
    const rows = await catalog.db.selectFrom('models').select('sha256').distinct().execute();
    await prepared(folder, () => files.sweep(new Set(rows.map(({ sha256 }) => sha256))));
  } catch (error) {
    catalog.close();
    throw error;
  }
  return registry(catalog.db, files, new DocumentCache(cacheBytes), () => {
    catalog.close();
  });
}

function registry(
  db: Kysely<Tables>,
  files: DocumentFiles,
  cache: DocumentCache,
  close: () => void,
): Registry {
  const inTurn = queue();
  return {
    publish: (name, card, document) =>
      onDisk(`room for a model of ${document.byteLength} bytes`, async () => {
        const draft = await files.write(document);
        const { sha256, bytes } = draft;
        const row = { name, created: new Date().toISOString(), card: JSON.stringify(card), sha256, bytes };
        try {
          return await inTurn(async () => {
            try {
              await draft.keep();
              return versionOf(await inserted(db, row));
            } catch (error) {
              // Whether a commit that broke off is on the disk is known when it is opened again: its file waits for that.
              if (codeOf(error)?.startsWith('SQLITE_IOERR') !== true && !(await isUsed(db, sha256)))
                await files.remove(sha256);
              throw error;
            }
          });
        } finally {
          await draft.discard();
        }
      }),
    find: (name, version) =>
      onDisk('a catalog that can be read', async () => {
        const all = db.selectFrom('models').selectAll().where('name', '=', name);
        const wanted = version === undefined ? all : all.where('version', '=', version);
        const row = await wanted.orderBy('version', 'desc').limit(1).executeTakeFirst();
        return row && versionOf(row);
      }),
    versions: (name) =>
      onDisk('a catalog that can be read', async () => {
        const all = db.selectFrom('models').selectAll().where('name', '=', name);
        return (await all.orderBy('version', 'desc').execute()).map(versionOf);
      }),
    list: () =>
      onDisk('a catalog that can be read', async () => {
        const rows = await db
          .selectFrom('models')
          .innerJoin(
            (from) =>
              from
                .selectFrom('models')
                .select((of) => ['name', of.fn.max('version').as('version')])
                .groupBy('name')
                .as('newest'),
            (join) =>
              join.onRef('models.name', '=', 'newest.name').onRef('models.version', '=', 'newest.version'),
          )
          .selectAll('models')
          .orderBy('models.name')
          .execute();
        return rows.map(versionOf);
      }),
    document: ({ name, version, sha256, bytes }) => {
      const whose = `document of model ${JSON.stringify(excerpt(name))}, version ${version}`;
      return cache.get(sha256, () =>
        onDisk(`the stored ${whose}`, async () => {
          try {
            return await files.read(sha256, bytes, whose);
          } catch (error) {
            if (codeOf(error) !== 'ENOENT') throw error;
            if (await isUsed(db, sha256)) throw damaged(whose, `${bytes} bytes`, 'none');
            throw new Problem('not_found', `expected a ${whose}, got one that was removed`);
          }
        }),
      );
    },
    remove: (name, version) =>
      onDisk('a catalog that can be written to', () =>
        inTurn(async () => {
          const { count, unused } = await deleted(db, name, version);
          for (const sha256 of unused) {
            cache.drop(sha256);
            // The row is gone, and with it the version; a file that stays is swept when the folder is opened again.
            await files.remove(sha256).catch(() => undefined);
          }
          return count;
        }),
      ),
    close: () =>
      inTurn(() => {
        close();
        return Promise.resolve();
      }),
  };
}

/** Gives the next number of the name and stores the row under it, both or neither. */
function inserted(db: Kysely<Tables>, row: Omit<Tables['models'], 'version'>): Promise<Tables['models']> {
  return db.transaction().execute(async (transaction) => {
    const { last_version: version } = await transaction
      .insertInto('model_names')
      .values({ name: row.name, last_version: 1 })
      .onConflict((conflict) =>
        conflict
          .column('name')
          .doUpdateSet((of) => ({ last_version: of('model_names.last_version', '+', 1) })),
      )
      .returning('last_version')
      .executeTakeFirstOrThrow();
    const numbered = { ...row, version };
    await transaction.insertInto('models').values(numbered).execute();
    return numbered;
  });
}

/** Deletes rows. How many, and the hashes of the files that no row uses any more. */
function deleted(
  db: Kysely<Tables>,
  name: string,
  version: number | undefined,
): Promise<{ readonly count: number; readonly unused: readonly string[] }> {
  return db.transaction().execute(async (transaction) => {
    const query = transaction.deleteFrom('models').where('name', '=', name).returning('sha256');
    const rows = await (version === undefined ? query : query.where('version', '=', version)).execute();
    const unused: string[] = [];
    for (const sha256 of new Set(rows.map((row) => row.sha256)))
      if (!(await isUsed(transaction, sha256))) unused.push(sha256);
    return { count: rows.length, unused };
  });
}

async function isUsed(db: Kysely<Tables>, sha256: string): Promise<boolean> {
  const row = await db
    .selectFrom('models')
    .select('version')
    .where('sha256', '=', sha256)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

function versionOf({
  name,
  version,
  created,
  card,
  sha256,
  bytes,
}: Selectable<Tables['models']>): ModelVersion {
  return { name, version, created, card: JSON.parse(card) as ModelCard, sha256, bytes };
}

/** One after the other: between the name of a file and its row nothing may take the file away. */
function queue(): <T>(act: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (act) => {
    const turn = last.then(act);
    last = turn.catch(() => undefined);
    return turn;
  };
}

async function prepared<T>(folder: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    throw unwritable(folder, code);
  }
}
