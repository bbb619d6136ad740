import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../service.js';

/** A version that the registry acknowledged to another process. */
export interface Acknowledged {
  readonly name: string;
  readonly version: number;
  readonly sha256: string;
}

export interface Refused {
  readonly refused: string;
  readonly message: string;
}

/** A process that holds a DATA_DIR and publishes to it, as `publisher.cjs` says. */
export interface Publisher {
  readonly acknowledged: readonly Acknowledged[];
  readonly refused: readonly Refused[];
  /** Resolves when the folder is its own. */
  readonly open: Promise<void>;
  /** SIGKILL; resolves when the process is gone and all that it printed was read. */
  kill(): Promise<void>;
  /** How it ended by itself. */
  readonly ended: Promise<{ readonly code: number | null; readonly reason: string }>;
}

const PUBLISHER = join(ROOT, 'test', 'registry', 'publisher.cjs');

/** `limit`: the largest file it may write, in blocks of 512 bytes. `uid`: who it is. */
export function startPublisher(
  args: readonly string[],
  { limit, uid }: { readonly limit?: number; readonly uid?: number } = {},
): Publisher {
  const [file, ...rest] =
    limit === undefined
      ? [process.execPath, PUBLISHER, ...args]
      : ['sh', '-c', `ulimit -f ${limit}; exec "$@"`, 'sh', process.execPath, PUBLISHER, ...args];
  const child: ChildProcess = spawn(file, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // As the test has changed it: Jest's is a copy.
    env: process.env,
    ...(uid !== undefined && { uid }),
  });
  const acknowledged: Acknowledged[] = [];
  const refused: Refused[] = [];
  let reason = '';
  child.stderr?.on('data', (text: Buffer) => {
    reason += text.toString();
  });
  let opened: () => void;
  const open = new Promise<void>((resolve) => (opened = resolve));
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const said = JSON.parse(line) as Acknowledged | Refused | { readonly open: true };
    if ('open' in said) opened();
    else if ('refused' in said) refused.push(said);
    else acknowledged.push(said);
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, reason }));
  const openOrEnded = Promise.race([
    open,
    ended.then(() => {
      throw new Error(`expected a process that opens the folder, got one that ended: ${reason}`);
    }),
  ]);
  // Not everyone who starts one waits for it to open.
  openOrEnded.catch(() => undefined);
  return {
    acknowledged,
    refused,
    open: openOrEnded,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    ended,
  };
}
