import { resolve } from 'node:path';
import type { Kysely } from 'kysely';
import type { Datasets } from '../../ports/datasets.js';
import type { JobStore } from '../../ports/jobs.js';
import type { StreamStore } from '../../ports/streams.js';
import type { Registry } from '../../ports/registry.js';
import { once } from './base.js';
import { DocumentCache } from './cache.js';
import { hasCatalog } from './catalog.js';
import { datasetStore, isDatasetDocument } from './datasets.js';
import { openEmbedded, type OpenCatalog } from './embedded.js';
import { ServerFailure } from './failures.js';
import type { DocumentFiles } from './files.js';
import { isShared, openFolder } from './folder.js';
import type { Tables } from './migrations.js';
import { jobStore } from './jobs.js';
import { streamStore } from './streams.js';
import { isModelDocument, modelRegistry } from './models.js';
import { guarded, type Storage } from './storage.js';

export interface StoreOptions {
  /** Made if it is not there. One process has it at a time, unless the catalog is in PostgreSQL. */
  readonly dataDir: string;
  /** Bytes of documents of models that are kept in memory. */
  readonly cacheBytes: number;
  /** Gives back memory of documents that nothing refers to. */
  readonly collect?: () => void;
  /** Of PostgreSQL; empty: SQLite in the folder. */
  readonly databaseUrl?: string;
  /** Connections to it at a time. */
  readonly databasePool?: number;
  /** Of a bucket; empty: files in the folder. */
  readonly s3Url?: string;
  readonly maxDatasets?: number;
  /** Told what the operator should know, in a sentence. */
  readonly warn?: (sentence: string) => void;
}

/** What stays: models, datasets, jobs, streams. */
export interface Store {
  readonly models: Registry;
  readonly datasets: Datasets;
  readonly jobs: JobStore;
  readonly streams: StreamStore;
  /** Lets another process open the same folder. */
  close(): Promise<void>;
}

/** After the start, whose time it would take: the query builder is half of what opening a store costs. */
const SWEEP_AFTER_MS = 3000;
const SWEEP_EVERY_MS = 3_600_000;
/** Where others write, too, a document may be there before its row: this long at least it is left alone. */
const SWEPT_AFTER_MS = 3_600_000;

/** A kind of documents: where they are, and whether a row still has one of them. */
interface Kind {
  readonly files: DocumentFiles;
  readonly known: (db: Kysely<Tables>) => Promise<readonly { readonly sha256: string }[]>;
  readonly isUsed: (db: Kysely<Tables>, sha256: string) => Promise<boolean>;
}

/**
 * The store: rows in the catalog, what is large in documents named by their SHA-256. That name is known before the row is, is
 * no client's text, checks what it names, and is one document for what comes twice. Rejects with an Error for the operator
 * when the folder is of no use, or when a server refuses the service; one that cannot be reached is asked again later.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const {
    dataDir,
    cacheBytes,
    collect,
    s3Url = '',
    maxDatasets = Infinity,
    warn = () => undefined,
  } = options;
  const folder = resolve(dataDir);
  const storage = s3Url === '' ? openFolder(folder) : (await import('./s3.js')).openS3(s3Url);
  const catalog = await openCatalog(folder, options);
  const isAlone = catalog.dialect === 'sqlite';
  try {
    const claimed = isAlone && s3Url === '' ? undefined : claimOf(catalog, storage);
    const documents = async (kind: string): Promise<DocumentFiles> => {
      const files = await storage.documents(kind);
      return claimed === undefined ? files : guarded(files, claimed);
    };
    const models = await documents('models');
    const datasets = await documents('datasets');
    const kinds: readonly Kind[] = [
      {
        files: models,
        known: (db) => db.selectFrom('models').select('sha256').distinct().execute(),
        isUsed: isModelDocument,
      },
      {
        files: datasets,
        known: (db) => db.selectFrom('datasets').select('id as sha256').execute(),
        isUsed: isDatasetDocument,
      },
    ];
    const sweep = async (): Promise<void> => {
      for (const kind of kinds) await swept(catalog, kind);
    };
    // Where this process alone writes, what no row has is taken away before anything is written.
    const cleared =
      claimed !== undefined
        ? undefined
        : once(async () => {
            const db = await catalog.tables();
            for (const { files, known } of kinds)
              await files.sweep(hashes(await known(db)), 0, (sha256) => files.remove(sha256));
            return db;
          });
    const tables = cleared ?? catalog.tables;
    if (claimed !== undefined) await reached(claimed, warn);
    const timers = [
      setTimeout(() => {
        // A failure is told to the first who asks for something.
        (claimed === undefined ? tables() : sweep()).catch(() => undefined);
      }, SWEEP_AFTER_MS),
      ...(claimed === undefined
        ? []
        : [setInterval(() => void sweep().catch(() => undefined), SWEEP_EVERY_MS)]),
    ];
    for (const timer of timers) timer.unref();
    const base = { ...catalog, tables };
    const registry = modelRegistry(base, models, new DocumentCache(cacheBytes, collect));
    return {
      models: registry,
      datasets: datasetStore(base, datasets, maxDatasets),
      jobs: jobStore(base, registry),
      streams: streamStore(base),
      async close() {
        for (const timer of timers) clearTimeout(timer);
        await cleared?.settled();
        await catalog.close();
        storage.close();
      },
    };
  } catch (error) {
    storage.close();
    await catalog.close();
    throw error;
  }
}

async function openCatalog(
  folder: string,
  { databaseUrl = '', databasePool = 10, s3Url = '' }: StoreOptions,
): Promise<OpenCatalog> {
  if (databaseUrl !== '') {
    const { openShared } = await import('./shared.js');
    if (s3Url === '' && hasCatalog(folder))
      throw new Error(
        `expected with DATABASE_URL a DATA_DIR without a catalog of its own, got ${folder} with one in SQLite: choose another, or S3_URL`,
      );
    return openShared(databaseUrl, databasePool);
  }
  if (isShared(folder))
    throw new Error(
      `expected a DATA_DIR of this process alone, got ${folder} whose catalog is in PostgreSQL: set DATABASE_URL`,
    );
  return openEmbedded(folder);
}

/** Takes the place of the documents for this catalog, once. */
function claimOf(catalog: OpenCatalog, storage: Storage): () => Promise<void> {
  return once(async () => {
    const db = await catalog.tables();
    const { identity } = await db.selectFrom('catalog').select('identity').executeTakeFirstOrThrow();
    await storage.claim(identity);
  });
}

/** In words, what a server refuses. */
const REFUSED: Readonly<Record<string, string>> = {
  '28P01': 'a user or password that the database refuses',
  '28000': 'a user that the database refuses',
  '3D000': 'a database that does not exist',
  '3F000': 'a schema that does not exist',
  '42501': 'a user who may not make tables',
  NoSuchBucket: 'a bucket of S3_URL that does not exist',
  AccessDenied: 'credentials that may not use the bucket of S3_URL',
  InvalidAccessKeyId: 'credentials that the service of S3_URL does not know',
  SignatureDoesNotMatch: 'credentials that the service of S3_URL refuses',
  CredentialsProviderError: 'no credentials for S3_URL (AWS_ACCESS_KEY_ID and the like)',
  PermanentRedirect: 'a bucket of S3_URL that is in another region',
};

async function reached(claimed: () => Promise<void>, warn: (sentence: string) => void): Promise<void> {
  try {
    await claimed();
  } catch (error) {
    if (!(error instanceof ServerFailure)) throw error;
    const { server, code, refused } = error;
    if (refused)
      throw new Error(
        `expected a ${server} that takes the service, got ${REFUSED[code] ?? 'its refusal'} (${code})`,
      );
    warn(`the ${server} cannot be reached (${code}): what needs it is refused until it can`);
  }
}

/** Takes away documents that no row has for long: left by a process that ended between a document and its row. */
async function swept(catalog: OpenCatalog, { files, known, isUsed }: Kind): Promise<void> {
  const db = await catalog.tables();
  await files.sweep(hashes(await known(db)), SWEPT_AFTER_MS, (sha256) =>
    catalog.alone(
      sha256,
      () => Promise.resolve(),
      async (transaction) => {
        if (!(await isUsed(transaction, sha256))) await files.remove(sha256);
      },
    ),
  );
}

const hashes = (rows: readonly { readonly sha256: string }[]): ReadonlySet<string> =>
  new Set(rows.map(({ sha256 }) => sha256));
