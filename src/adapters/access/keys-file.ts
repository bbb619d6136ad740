import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { type Keys, parseKeys } from './keys.js';

/** Keys that are gone stop within this and the time to read them; a watch on the file would miss a swapped link. */
const LOOK_MS = 1000;
const MOST_BYTES = 2 ** 20;

type Fields = Readonly<Record<string, string | number>>;
export type Say = (level: 'info' | 'warn' | 'error', message: string, fields: Fields) => void;

/**
 * The keys in a file, as it is now: read once a second, whatever became of the path (a mounted Secret is a link to a link
 * that is swapped). While what is there is no file of keys, those before it hold. Throws an Error when it is none at
 * the start.
 */
export function openKeysFile(path: string, say: Say): () => Keys {
  let text = readFirst(path);
  let keys = named(path, () => parseKeys(text));
  let fault: string | undefined;
  const look = async (): Promise<void> => {
    try {
      const now = await readSome(path);
      if (now === text && fault === undefined) return;
      keys = parseKeys(now);
      text = now;
      fault = undefined;
      say('info', 'API keys were read again', { keys: keys.count });
    } catch (error) {
      const said = reason(error);
      if (said === fault) return;
      fault = said;
      say('error', 'API keys cannot be read: those before hold', { file: path, reason: said });
    }
  };
  const again = (): void => {
    setTimeout(() => void look().finally(again), LOOK_MS).unref();
  };
  again();
  return () => keys;
}

function readFirst(path: string): string {
  return named(path, () => {
    const bytes = readFileSync(path);
    refuseSize(bytes.length);
    return bytes.toString('utf8');
  });
}

async function readSome(path: string): Promise<string> {
  refuseSize((await stat(path)).size);
  return readFile(path, 'utf8');
}

function refuseSize(bytes: number): void {
  if (bytes > MOST_BYTES) throw new Error(`it must have at most ${MOST_BYTES} bytes, got ${bytes}`);
}

function named<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Error(`API_KEYS_FILE ${path} cannot be used: ${reason(error)}`, { cause: error });
  }
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
