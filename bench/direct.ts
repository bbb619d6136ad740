import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { PythonRivals } from './rivals.js';

/** Libraries of Python called in a process of their own, over the line protocol of bench/rivals/python/direct.py. */
export interface DirectPython {
  /** Python's and the packages'; null where a package is not installed. */
  readonly versions: Readonly<Record<string, string | null>>;
  /** Processors that its libraries see. */
  readonly threads: number;
  /** Hands columns of one length over, through a file that is gone afterwards. */
  load(name: string, columns: readonly Float64Array[]): Promise<void>;
  /** So many calls of an operation over loaded columns, timed over there. */
  run(operation: Operation, calls: number): Promise<Timed>;
  /** Drops what was loaded. */
  forget(): Promise<void>;
  stop(): Promise<void>;
}

export interface Operation {
  /** A name of OPERATIONS in direct.py. */
  readonly what: string;
  /** What was loaded under this name. */
  readonly name: string;
  readonly options?: Readonly<Record<string, number | string>>;
}

export interface Timed {
  /** Milliseconds a call. */
  readonly ms: number;
  /** What came of it, flat. */
  readonly figures: readonly number[];
}

/** Longest that a command may take: scikit-learn's slowest fit, twenty times over. */
const ANSWER_MS = 600_000;

/** The environment without what would take its own threads or kernels from OpenBLAS. */
export function withoutBlasLimits(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('OPENBLAS_')));
}

/** Starts the process; it is ready when this resolves. */
export async function startDirect({ folder, python }: PythonRivals): Promise<DirectPython> {
  const child = spawn(python, ['direct.py'], {
    cwd: folder,
    env: withoutBlasLimits(process.env),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (text: Buffer) => {
    complaint = (complaint + text.toString()).slice(-2000);
  });
  const ended = once(child, 'close').then(() => {
    throw new Error(`Python ended: ${complaint.trim().slice(-500)}`);
  });
  ended.catch(() => undefined);
  // A write to a process that has gone is told by `ended`.
  child.stdin.on('error', () => undefined);
  const lines: AsyncIterator<string> = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const heard = async (): Promise<unknown> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        child.kill('SIGKILL');
        reject(new Error(`expected an answer of Python within ${ANSWER_MS} ms, got none`));
      }, ANSWER_MS);
    });
    try {
      const line = await Promise.race([lines.next(), late]);
      return line.done === true ? await ended : (JSON.parse(line.value) as unknown);
    } finally {
      clearTimeout(timer);
    }
  };
  const ask = async (command: object): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify(command)}\n`);
    const answer = (await heard()) as { error?: string };
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  };
  const about = (await heard()) as Pick<DirectPython, 'versions' | 'threads'>;
  return {
    ...about,
    async load(name, columns) {
      const parts = mkdtempSync(join(tmpdir(), 'bench-'));
      try {
        const path = join(parts, 'columns');
        write(path, columns);
        await ask({ op: 'load', name, path, columns: columns.length });
      } finally {
        rmSync(parts, { recursive: true });
      }
    },
    async run(operation, calls) {
      return (await ask({ op: 'run', calls, ...operation })) as Timed;
    },
    async forget() {
      await ask({ op: 'forget' });
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.stdin.end();
      const killer = setTimeout(() => child.kill('SIGKILL'), 5000);
      await exit;
      clearTimeout(killer);
    },
  };
}

/** The bytes of the columns, one after the other. */
function write(path: string, columns: readonly Float64Array[]): void {
  const file = openSync(path, 'w');
  try {
    for (const { buffer, byteOffset, byteLength } of columns) {
      const bytes = new Uint8Array(buffer, byteOffset, byteLength);
      for (let from = 0; from < byteLength;) from += writeSync(file, bytes, from);
    }
  } finally {
    closeSync(file);
  }
}
