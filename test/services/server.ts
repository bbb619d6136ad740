import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

/** A server of another make, as a process of a test's. */
export interface Process {
  /** Starts it, and resolves when it answers. Rejects with what it printed. */
  start(): Promise<void>;
  /** Resolves when it is gone. Killed after a while. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Of a command that runs until it is told to end. `answers` resolves to whether it does. */
export function processOf(
  [file, ...args]: readonly [string, ...string[]],
  options: SpawnOptions,
  answers: () => Promise<boolean>,
): Process {
  let child: ChildProcess | undefined;
  let output = '';
  return {
    async start() {
      const started = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
      child = started;
      output = '';
      const listen = (chunk: Buffer): void => {
        output = (output + chunk.toString()).slice(-20_000);
      };
      started.stdout.on('data', listen);
      started.stderr.on('data', listen);
      let failed: Error | undefined;
      started.once('error', (error) => {
        failed = error;
      });
      const late = Date.now() + 60_000;
      while (!(await answers())) {
        await pause(100);
        if (started.exitCode === null && failed === undefined && Date.now() < late) continue;
        started.kill('SIGKILL');
        throw new Error(`${file} does not answer: ${failed?.message ?? output}`);
      }
    },
    async end(signal) {
      const ending = child;
      child = undefined;
      if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
      const gone = once(ending, 'exit');
      ending.kill(signal);
      const late = setTimeout(() => ending.kill('SIGKILL'), 15_000);
      await gone;
      clearTimeout(late);
    },
  };
}
