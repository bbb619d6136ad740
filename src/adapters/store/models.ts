import type { Kysely } from 'kysely';
import { excerpt, Problem } from '../../ports/problem.js';
import type { ModelCard, ModelVersion, Registry } from '../../ports/registry.js';
import type { Base } from './base.js';
import { type DocumentCache, FoundVersions } from './cache.js';
import { codeOf, onDisk } from './failures.js';
import { damaged, type DocumentFiles } from './files.js';
import type { Tables } from './migrations.js';

/** What is written in the same transaction as the row of a version. */
export type Also = (db: Kysely<Tables>, version: ModelVersion) => Promise<void>;

export interface ModelStore extends Registry {
  /** `also` is kept together with the version or neither is. */
  publish(name: string, card: ModelCard, document: Uint8Array, also?: Also): Promise<ModelVersion>;
}

/**
 * The models of the service: cards in the catalog, documents in the storage. A document is there before its row and goes
 * after it, so a process killed in between leaves at most a document without a row, which is swept later.
 */
export function modelRegistry(
  { dialect, tables, alone }: Base,
  files: DocumentFiles,
  cache: DocumentCache,
): ModelStore {
  const found = new FoundVersions();
  const removeUnused = (sha256: string): Promise<void> =>
    alone(
      sha256,
      () => Promise.resolve(),
      async (db) => {
        if (!(await isModelDocument(db, sha256))) await files.remove(sha256);
      },
    );
  const read = <T>(query: (db: Kysely<Tables>) => Promise<T>): Promise<T> =>
    onDisk('a catalog that can be read', async () => query(await tables()));
  return {
    publish: (name, card, document, also) =>
      onDisk(`room for a model of ${document.byteLength} bytes`, async () => {
        await tables();
        const draft = await files.write(document);
        const { sha256, bytes } = draft;
        const row = { name, created: new Date().toISOString(), card: JSON.stringify(card), sha256, bytes };
        // Whether a commit that broke off is on the disk is known when it is opened again: its file waits for that.
        const failed = async (error: unknown): Promise<never> => {
          if (codeOf(error)?.startsWith('SQLITE_IOERR') !== true)
            await removeUnused(sha256).catch(() => undefined);
          throw error;
        };
        try {
          return versionOf(await alone(sha256, draft.keep, (db) => inserted(db, row, also)).catch(failed));
        } finally {
          found.forget();
          await draft.discard();
        }
      }),
    async find(name, version) {
      const wanted = (): Promise<{ version: ModelVersion; bytes: number } | undefined> =>
        read(async (db) => {
          const all = db.selectFrom('models').selectAll().where('name', '=', name);
          const one = version === undefined ? all : all.where('version', '=', version);
          const row = await one.orderBy('version', 'desc').limit(1).executeTakeFirst();
          return row && { version: versionOf(row), bytes: row.card.length };
        });
      // Others publish and remove in a shared catalog: it is asked each time.
      if (dialect === 'postgres') return (await wanted())?.version;
      return found.get(`${name}/${version ?? ''}`, wanted);
    },
    versions: (name) =>
      read(async (db) => {
        const all = db.selectFrom('models').selectAll().where('name', '=', name);
        return (await all.orderBy('version', 'desc').execute()).map(versionOf);
      }),
    list: () => read(async (db) => (await newest(db)).map(versionOf)),
    document: ({ name, version, sha256, bytes }) => {
      const whose = `document of model ${JSON.stringify(excerpt(name))}, version ${version}`;
      return cache.get(sha256, () =>
        onDisk(`the stored ${whose}`, async () => {
          try {
            return await files.read(sha256, bytes, whose);
          } catch (error) {
            if (codeOf(error) !== 'ENOENT') throw error;
            if (await isModelDocument(await tables(), sha256)) throw damaged(whose, `${bytes} bytes`, 'none');
            throw new Problem('not_found', `expected a ${whose}, got one that was removed`);
          }
        }),
      );
    },
    remove: (name, version) =>
      onDisk('a catalog that can be written to', async () => {
        const db = await tables();
        const hashes = await deleted(db, name, version).finally(() => {
          found.forget();
        });
        for (const sha256 of new Set(hashes)) {
          cache.drop(sha256);
          // The row is gone, and with it the version; a document that stays is swept later.
          await removeUnused(sha256).catch(() => undefined);
        }
        return hashes.length;
      }),
  };
}

function newest(db: Kysely<Tables>): Promise<Tables['models'][]> {
  return db
    .selectFrom('models')
    .innerJoin(
      (from) =>
        from
          .selectFrom('models')
          .select((of) => ['name', of.fn.max('version').as('version')])
          .groupBy('name')
          .as('newest'),
      (join) => join.onRef('models.name', '=', 'newest.name').onRef('models.version', '=', 'newest.version'),
    )
    .selectAll('models')
    .orderBy('models.name')
    .execute();
}

/** Gives the next number of the name and stores the row under it. In a transaction, which gives both or neither. */
async function inserted(
  db: Kysely<Tables>,
  row: Omit<Tables['models'], 'version'>,
  also?: Also,
): Promise<Tables['models']> {
  const { last_version: version } = await db
    .insertInto('model_names')
    .values({ name: row.name, last_version: 1 })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet((of) => ({ last_version: of('model_names.last_version', '+', 1) })),
    )
    .returning('last_version')
    .executeTakeFirstOrThrow();
  const numbered = { ...row, version };
  await db.insertInto('models').values(numbered).execute();
  await also?.(db, versionOf(numbered));
  return numbered;
}

/** Deletes rows. The hashes of their documents. */
async function deleted(
  db: Kysely<Tables>,
  name: string,
  version: number | undefined,
): Promise<readonly string[]> {
  const query = db.deleteFrom('models').where('name', '=', name).returning('sha256');
  const rows = await (version === undefined ? query : query.where('version', '=', version)).execute();
  return rows.map(({ sha256 }) => sha256);
}

/** Whether a version has the document of that hash. */
export async function isModelDocument(db: Kysely<Tables>, sha256: string): Promise<boolean> {
  const row = await db
    .selectFrom('models')
    .select('version')
    .where('sha256', '=', sha256)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

function versionOf({ name, version, created, card, sha256, bytes }: Tables['models']): ModelVersion {
  return { name, version, created, card: JSON.parse(card) as ModelCard, sha256, bytes };
}
