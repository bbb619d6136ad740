import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Reply, type Service, startService } from '../service.js';

/** A service whose lanes meet faults on demand (faults.cjs). */
export function startFaulty(env: Readonly<Record<string, string>>): Promise<Service> {
  return startService({ env, nodeFlags: ['--require', join(__dirname, 'faults.cjs')] });
}

/** What a thread of the service said of itself. */
interface Said {
  readonly what: 'fault' | 'free';
  readonly thread: number;
  readonly time: number;
}

const said = (service: Service): readonly Said[] =>
  [...service.output().matchAll(/^LANE (fault|free) (\d+) (\d+)$/gmu)].map(([, what, thread, time]) => ({
    what: what as Said['what'],
    thread: Number(thread),
    time: Number(time),
  }));

export const faultsMet = (service: Service): number =>
  said(service).filter(({ what }) => what === 'fault').length;

const PATIENCE_MS = 5000;

/**
 * Waits until the thread of the last fault takes requests again, or another has come in its stead: milliseconds from
 * `failed`, when the client had its answer. `threads`: so many that it took with it.
 */
export async function backAfter(service: Service, failed: number, threads = 1): Promise<number> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const all = said(service);
    const last = all.findLastIndex(({ what }) => what === 'fault');
    const free = all.slice(last + 1).filter(({ what }) => what === 'free')[threads - 1];
    if (free !== undefined) return Math.max(0, free.time - failed);
    if (performance.now() > end) throw new Error(`no lane came back within ${PATIENCE_MS} ms`);
    await pause(3);
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What the system counts of a process. */
export interface Held {
  readonly descriptors: number;
  readonly threads: number;
  readonly residentMiB: number;
}

export function held(pid: number): Held {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
    residentMiB: Math.round(Number(/VmRSS:\s+(\d+)/u.exec(status)?.[1]) / 1024),
  };
}

/** The same requests one after the other until it is told to stop: how many were answered, and what went wrong. */
export function steadily(ask: () => Promise<Reply>, expected: (reply: Reply) => boolean): Steady {
  const seen = { answered: 0, wrong: [] as string[] };
  const state = { over: false };
  const done = (async (): Promise<void> => {
    while (!state.over) {
      const reply = await ask().catch((error: unknown) => String(error));
      if (typeof reply === 'string') seen.wrong.push(reply);
      else if (expected(reply)) seen.answered++;
      else seen.wrong.push(`${reply.status} ${reply.text.slice(0, 300)}`);
      await pause(4);
    }
  })();
  return {
    async stop() {
      state.over = true;
      await done;
      return seen;
    },
  };
}

export interface Steady {
  stop(): Promise<{ readonly answered: number; readonly wrong: readonly string[] }>;
}
