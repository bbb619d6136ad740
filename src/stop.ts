/** How the process ends: on SIGTERM or SIGINT, once. */
import { failureOf, type Log } from './ports/log.js';

/** How long it may take to let go of everything, behind the last answer. */
export const FLUSH_MS = 4_000;

export interface StopOptions {
  readonly log: Log;
  readonly drainMs: number;
  readonly graceMs: number;
}

/** What there is to stop. */
export interface Started {
  /** Resolves with the number of requests that were cut off. */
  readonly close: (drainMs: number, graceMs: number) => Promise<number>;
  /** What is let go of then, in this order. */
  readonly release: readonly (readonly [what: string, release: () => Promise<void>])[];
}

export interface Stop {
  /** Whether requests are taken: false from the signal on. */
  readonly accepting: () => boolean;
  /** From now on there is something to stop; before, a signal ends the process at once. */
  started(started: Started): void;
}

/**
 * Ends the process with 0 when every request that was accepted was answered, with 1 when some were cut off after `graceMs`
 * or at a second signal, which ends it at once.
 */
export function onSignal({ log, drainMs, graceMs }: StopOptions): Stop {
  let stopping = false;
  let running: Started | undefined;
  const stop = (signal: string): void => {
    if (stopping) process.exit(1);
    stopping = true;
    if (running === undefined) process.exit(0);
    log.info(`${signal}: finishing accepted requests`);
    void end(running, { log, drainMs, graceMs }).then((code) => process.exit(code));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  return {
    accepting: () => !stopping,
    started(started) {
      running = started;
    },
  };
}

async function end({ close, release }: Started, { log, drainMs, graceMs }: StopOptions): Promise<number> {
  const began = performance.now();
  const cut = await close(drainMs, graceMs);
  if (cut > 0) {
    const what = cut === 1 ? 'request was' : 'requests were';
    log.error(`${cut} ${what} cut off after ${graceMs} ms (STOP_GRACE_MS)`, { cut });
  }
  const late = performance.now() + FLUSH_MS;
  for (const [what, done] of release) {
    try {
      await within(Math.max(0, late - performance.now()), done());
    } catch (error) {
      log.error(`stopping failed: ${what}`, {}, failureOf(error));
    }
  }
  log.info('stopped', { ms: Math.round(performance.now() - began) });
  return cut > 0 ? 1 : 0;
}

function within(ms: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`expected an end within ${FLUSH_MS} ms, got none`));
    }, ms);
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
    });
  });
}
