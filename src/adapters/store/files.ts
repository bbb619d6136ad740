import { createHash, randomUUID } from 'node:crypto';
import {
  constants,
  type FileHandle,
  access,
  mkdir,
  open,
  readdir,
  rename,
  stat,
  unlink,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Problem } from '../../ports/problem.js';
import { codeOf } from './failures.js';

/** A document in the storage, whole, that no row knows yet. */
export interface Draft {
  readonly sha256: string;
  readonly bytes: number;
  /** Makes sure that it is found by its hash, also when that was removed meanwhile. Durable when it resolves. */
  readonly keep: () => Promise<void>;
  /** Takes away what has no name yet. */
  discard(): Promise<void>;
}

/** Documents, each under the SHA-256 of its bytes. */
export interface DocumentFiles {
  write(document: Uint8Array): Promise<Draft>;
  /** Its bytes, verified by size and hash. `whose` stands in the message of Problem `storage_failed`. */
  read(sha256: string, bytes: number, whose: string): Promise<SharedArrayBuffer>;
  /**
   * The same, read straight to where it is wanted: `place` gives the memory of the next so many bytes. What it gave holds
   * bytes of no worth when it rejects.
   */
  pour(sha256: string, bytes: number, whose: string, place: Place): Promise<void>;
  remove(sha256: string): Promise<void>;
  /**
   * Takes away drafts, and gives documents that `known` does not have to `remove`; those that are younger than so many
   * milliseconds stay, and so does what has another name.
   */
  sweep(
    known: ReadonlySet<string>,
    olderThanMs: number,
    remove: (sha256: string) => Promise<void>,
  ): Promise<void>;
}

/** Memory for the next so many bytes. */
export type Place = (bytes: number) => Uint8Array;

/** Read, hashed and written at once: a few milliseconds in which the thread answers no one. */
export const STRETCH = 2 ** 20;
const DRAFT = '.draft';
export const DOCUMENT = /^[0-9a-f]{64}$/u;

/** Documents as files of one folder, which is made. Rejects with the system's error when it cannot be written to. */
export async function openFiles(folder: string): Promise<DocumentFiles> {
  const made = await mkdir(folder, { recursive: true });
  if (made !== undefined) await syncUpTo(folder, dirname(made));
  await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  const pathOf = (sha256: string): string => join(folder, sha256);
  return {
    async write(document) {
      const draft = join(folder, `${randomUUID()}${DRAFT}`);
      const discard = (): Promise<void> => gone(draft);
      try {
        const sha256 = await written(draft, document);
        return {
          sha256,
          bytes: document.byteLength,
          async keep() {
            await rename(draft, pathOf(sha256));
            await sync(folder);
          },
          discard,
        };
      } catch (error) {
        await discard();
        throw error;
      }
    },
    async read(sha256, bytes, whose) {
      const memory = shared(bytes);
      let at = 0;
      await poured(pathOf(sha256), sha256, bytes, whose, (length) => {
        at += length;
        return new Uint8Array(memory, at - length, length);
      });
      return memory;
    },
    pour: (sha256, bytes, whose, place) => poured(pathOf(sha256), sha256, bytes, whose, place),
    remove: (sha256) => gone(pathOf(sha256)),
    async sweep(known, olderThanMs, remove) {
      for (const name of await readdir(folder)) {
        const isDraft = name.endsWith(DRAFT);
        if (!isDraft && (!DOCUMENT.test(name) || known.has(name))) continue;
        if (olderThanMs > 0 && (await age(join(folder, name))) < olderThanMs) continue;
        await (isDraft ? gone(join(folder, name)) : remove(name));
      }
    },
  };
}

/** Writes a new file to the disk itself. Its SHA-256. */
async function written(path: string, document: Uint8Array): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(path, 'wx', 0o600);
  try {
    for (let at = 0; at < document.byteLength;) {
      const stretch = document.subarray(at, at + STRETCH);
      const { bytesWritten } = await handle.write(stretch);
      hash.update(stretch.subarray(0, bytesWritten));
      at += bytesWritten;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}

/** Reads a file to memory that `place` gives, and verifies it. */
async function poured(
  path: string,
  sha256: string,
  bytes: number,
  whose: string,
  place: Place,
): Promise<void> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    if (size !== bytes) throw damaged(whose, `${bytes} bytes`, `${size}`);
    const hash = createHash('sha256');
    for (let at = 0; at < bytes;) {
      const memory = place(Math.min(STRETCH, bytes - at));
      at += await filled(handle, memory, at);
      hash.update(memory);
    }
    if (hash.digest('hex') !== sha256) throw damaged(whose, `the SHA-256 it was stored with`, 'another');
  } finally {
    await handle.close();
  }
}

/** Fills memory from a place of a file on. Its bytes; a file that has become shorter leaves the rest as it is. */
async function filled(handle: FileHandle, memory: Uint8Array, from: number): Promise<number> {
  for (let at = 0; at < memory.byteLength;) {
    const { bytesRead } = await handle.read(memory, at, memory.byteLength - at, from + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return memory.byteLength;
}

/** Memory that lanes may see. Throws Problem `out_of_memory`. */
export function shared(bytes: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(bytes);
  } catch {
    throw new Problem('out_of_memory', `expected memory for a model of ${bytes} bytes, got too little`);
  }
}

/** What a client is told of a file that is not what it was. */
export const damaged = (whose: string, expected: string, got: string): Problem =>
  new Problem('storage_failed', `expected the stored ${whose} with ${expected}, got ${got}: it is damaged`);

/** Since it was written, in milliseconds; of a file that is gone 0. */
async function age(path: string): Promise<number> {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw error;
  }
}

async function gone(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** Makes the names in a folder durable (fsync of the folder; Windows has none and needs none). */
async function sync(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncUpTo(folder: string, top: string): Promise<void> {
  await sync(folder);
  if (folder !== top) await syncUpTo(dirname(folder), top);
}
