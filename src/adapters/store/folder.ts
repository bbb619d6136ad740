import { readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, unwritable } from './failures.js';
import { openFiles } from './files.js';
import { type Storage, taken } from './storage.js';

/** Says whose the documents of a folder are when their catalog is not in it. */
const MARK = 'catalog.shared';

/** Whether the catalog of a folder's documents is elsewhere. */
export const isShared = (folder: string): boolean => existsSync(join(folder, MARK));

/** Documents in folders of a folder, which may be a volume that processes share. */
export function openFolder(folder: string): Storage {
  return {
    async documents(kind) {
      try {
        return await openFiles(join(folder, kind));
      } catch (error) {
        const code = codeOf(error);
        if (code === undefined) throw error;
        throw unwritable(folder, code);
      }
    },
    async claim(identity) {
      const mark = join(folder, MARK);
      try {
        // Its whole text at once, or none.
        await writeFile(mark, identity, { flag: 'wx', mode: 0o600, flush: true });
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
      }
      if ((await readFile(mark, 'utf8')) !== identity) throw taken(`DATA_DIR ${folder}`);
    },
    close: () => undefined,
  };
}
