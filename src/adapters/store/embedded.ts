import { access, constants, mkdir } from 'node:fs/promises';
import { type Base, once, queue } from './base.js';
import { holdCatalog } from './catalog.js';
import { codeOf, unwritable } from './failures.js';

/** What the store asks of a catalog, wherever it is. */
export interface OpenCatalog extends Base {
  close(): Promise<void>;
}

/** SQLite in a folder, for this process alone. Rejects with an Error for the operator when the folder is of no use. */
export async function openEmbedded(folder: string): Promise<OpenCatalog> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = codeOf(error);
    // There is something, which is no folder.
    throw code === undefined ? error : unwritable(folder, code === 'EEXIST' ? 'ENOTDIR' : code);
  }
  const catalog = holdCatalog(folder);
  const tables = once(async () => {
    const { openTables } = await import('./tables.js');
    return openTables(catalog.database);
  });
  const inTurn = queue();
  return {
    dialect: 'sqlite',
    tables,
    inTurn,
    alone: (_key, first, rows) =>
      inTurn(async () => {
        const db = await tables();
        await first();
        return db.transaction().execute(rows);
      }),
    async close() {
      await tables.settled();
      // Behind what is under way.
      await inTurn(() => Promise.resolve());
      catalog.release();
    },
  };
}
