import { join, resolve } from 'node:path';
import type { Datasets } from '../../ports/datasets.js';
import type { JobStore } from '../../ports/jobs.js';
import type { Registry } from '../../ports/registry.js';
import { type Base, once, queue } from './base.js';
import { DocumentCache } from './cache.js';
import { holdCatalog } from './catalog.js';
import { datasetStore } from './datasets.js';
import { codeOf, unwritable } from './failures.js';
import { type DocumentFiles, openFiles } from './files.js';
import { jobStore } from './jobs.js';
import { modelRegistry } from './models.js';

export interface StoreOptions {
  /** Made if it is not there. One process has it at a time. */
  readonly dataDir: string;
  /** Bytes of documents of models that are kept in memory. */
  readonly cacheBytes: number;
  /** Gives back memory of documents that nothing refers to. */
  readonly collect?: () => void;
}

/** What stays: models, datasets, jobs, streams. */
export interface Store {
  readonly models: Registry;
  readonly datasets: Datasets;
  readonly jobs: JobStore;
  /** Lets another process open the same folder. */
  close(): Promise<void>;
}

/** After the start, whose time it would take: the query builder is half of what opening a store costs. */
const SWEEP_AFTER_MS = 3000;

/**
 * The store in a folder: rows in the catalog, what is large in files named by their SHA-256. That name is known before the
 * row is, is no client's text, checks what it names, and is one file for what comes twice. Rejects with an Error for the
 * operator when the folder is of no use.
 */
export async function openStore({ dataDir, cacheBytes, collect }: StoreOptions): Promise<Store> {
  const folder = resolve(dataDir);
  const models = await prepared(folder, 'models');
  const datasets = await prepared(folder, 'datasets');
  const catalog = holdCatalog(folder);
  const tables = once(async () => {
    const { openTables } = await import('./tables.js');
    const db = await openTables(catalog.database);
    const rows = await db.selectFrom('models').select('sha256').distinct().execute();
    await models.sweep(new Set(rows.map(({ sha256 }) => sha256)));
    const ids = await db.selectFrom('datasets').select('id').execute();
    await datasets.sweep(new Set(ids.map(({ id }) => id)));
    return db;
  });
  const timer = setTimeout(() => {
    // A failure is told to the first who asks for something.
    tables().catch(() => undefined);
  }, SWEEP_AFTER_MS).unref();
  const base: Base = { dialect: 'sqlite', tables, inTurn: queue() };
  const registry = modelRegistry(base, models, new DocumentCache(cacheBytes, collect));
  return {
    models: registry,
    datasets: datasetStore(base, datasets),
    jobs: jobStore(base, registry),
    async close() {
      clearTimeout(timer);
      await tables.settled();
      // Behind what is under way.
      await base.inTurn(() => Promise.resolve());
      catalog.release();
    },
  };
}

async function prepared(folder: string, kind: string): Promise<DocumentFiles> {
  try {
    return await openFiles(join(folder, kind));
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    throw unwritable(folder, code);
  }
}
