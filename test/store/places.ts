import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../registry/folder.js';
import type { Place } from './contract.js';

/** A place whose documents are files below a folder, with these options of the store. */
export function placeOver(folder: string, options: Place['options']): Place {
  return {
    options,
    names: (kind) => {
      const path = join(folder, kind);
      return existsSync(path) ? readdirSync(path).sort() : [];
    },
    replace(kind, sha256, bytes) {
      const path = join(folder, kind, sha256);
      if (bytes === undefined) rmSync(path);
      else writeFileSync(path, bytes);
    },
  };
}

/** SQLite, and files beside it. */
export function embeddedPlace(): Place {
  const dataDir = temporaryFolder();
  return placeOver(dataDir, { dataDir });
}
