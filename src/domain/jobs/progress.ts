import type { JobProgress } from '../../ports/jobs.js';
import type { ProgressStep } from '../../ports/progress.js';

/** Between two steps that are kept: a quarter of a second, or a hundredth of the time the job has run. */
const SOONEST_MS = 250;
const SHARE = 1 / 100;

/** Keeps the progress of one job, not each step that is told. */
export interface ProgressKeeper {
  told(step: ProgressStep): void;
  /** Keeps no more. Resolves with the last step, where that was not kept. */
  rest(): Promise<JobProgress | undefined>;
}

/**
 * Some of the steps of a job, the first and those that are told when the time for another has come, each with an estimate of
 * how long its stage will take from there; `keep` writes one, and is not called again before it is through.
 */
export function progressKeeper(
  keep: (progress: JobProgress) => Promise<unknown>,
  now: () => number = () => performance.now(),
): ProgressKeeper {
  const began = now();
  let stage: { readonly name: string; readonly since: number; readonly done: number } | undefined;
  let latest: JobProgress | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** What is being written, or the pause behind it. */
  let busy = false;
  let writing: Promise<unknown> = Promise.resolve();
  let resting = false;
  const write = (): void => {
    const progress = latest;
    latest = undefined;
    busy = progress !== undefined;
    if (progress !== undefined) writing = keep(progress).then(pause, pause);
  };
  const pause = (): void => {
    if (!resting) timer = setTimeout(write, Math.max(SOONEST_MS, (now() - began) * SHARE));
  };
  return {
    told(step) {
      if (resting) return;
      const at = now();
      if (stage?.name !== step.stage) stage = { name: step.stage, since: at, done: step.done ?? 0 };
      latest = { ...step, ...leftOf(step, at - stage.since, stage.done) };
      if (!busy) write();
    },
    async rest() {
      resting = true;
      clearTimeout(timer);
      await writing;
      return latest;
    },
  };
}

/** As much again for what is left as what was done took. */
function leftOf({ done, total }: ProgressStep, tookMs: number, from: number): { left_ms?: number } {
  if (done === undefined || total === undefined || done <= from || total < done) return {};
  return { left_ms: Math.round((tookMs * (total - done)) / (done - from)) };
}
