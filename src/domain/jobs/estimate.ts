import type { ProgressStep } from '../../ports/progress.js';

/** How long the stage under way will take from now. */
export interface TimeLeft {
  readonly left_ms: number;
  /** It may end sooner: what it goes on until is a bound. */
  readonly at_most?: true;
}

/** The time left of one job, step by step. */
export interface Estimator {
  /** `at`: when the step was told, in milliseconds that only go forward. Null where nothing can be said. */
  readonly told: (step: ProgressStep, at: number) => TimeLeft | null;
}

/** Steps that are looked back at: the pace of a stage changes. */
const WINDOW = 32;
/** Stages that end when they have converged, of which no step says when that will be. */
const BOUNDED: ReadonlySet<string> = new Set(['kmeans', 'batches']);

/** For what is left of a stage as much again as the last steps took; of one that converges that is the most. */
export function timeLeft(): Estimator {
  let stage: string | undefined;
  let seen: { readonly at: number; readonly done: number }[] = [];
  return {
    told({ stage: name, done, total }, at) {
      if (stage !== name || (done !== undefined && done < (seen.at(-1)?.done ?? 0))) seen = [];
      stage = name;
      if (done === undefined || total === undefined || total < done) return null;
      seen = [...seen.slice(1 - WINDOW), { at, done }];
      if (done === total) return { left_ms: 0 };
      const first = seen[0]!;
      if (done === first.done) return null;
      const left = Math.round(((at - first.at) / (done - first.done)) * (total - done));
      return BOUNDED.has(name) ? { left_ms: left, at_most: true } : { left_ms: left };
    },
  };
}
