import type { Assignment, KMeansSteps } from './kmeans-steps.js';

/**
 * Milliseconds of an assignment from which on it may be broken off: shorter ones are waited for, so that what is given is
 * the iteration under way.
 */
const LONG_MS = 100;
/** Between copies of the state, as many times what the last one took. */
const RARELY = 64;

/** How a run of Lloyd ended. */
export interface Ended {
  readonly nIter: number;
  /** Before its own end. */
  readonly stopped: boolean;
}

/** Of a fit that goes to its end. */
export const NEVER: Halting = {
  stopping: () => false,
  assign: (steps, centers, sums) => steps.assign(centers, sums),
  begin: () => undefined,
  keep: () => undefined,
  restore: () => undefined,
};

/** What a fit does to end early with whole iterations. */
export interface Halting {
  readonly stopping: () => boolean;
  /** Undefined: broken off, the labels are spoilt. */
  readonly assign: (steps: KMeansSteps, centers: Float64Array, sums: boolean) => Assignment | undefined;
  /** A new run. */
  readonly begin: () => void;
  /** The labels are those of `centers`, which `nIter` iterations made: may be wanted back. */
  readonly keep: (steps: KMeansSteps, centers: Float64Array, nIter: number) => void;
  /** Puts back what was kept last; undefined: nothing. */
  readonly restore: (steps: KMeansSteps, centers: Float64Array) => Ended | undefined;
}

/**
 * Breaks off assignments that take long, for which it keeps centres and labels of an iteration that was whole; copies cost a
 * hundredth of the time at most. Labels and centres of iteration i are known when those of i + 1 begin.
 */
export function halting(stopping: () => boolean): Halting {
  let longest = 0;
  let kept: { readonly centers: Float64Array; readonly labels: Int32Array; nIter: number } | undefined;
  let from = 0;
  return {
    stopping,
    assign(steps, centers, sums) {
      const { breakable } = steps;
      const start = performance.now();
      const done =
        breakable === undefined || longest < LONG_MS
          ? steps.assign(centers, sums)
          : breakable(() => steps.assign(centers, sums));
      longest = Math.max(longest, performance.now() - start);
      return done;
    },
    begin() {
      if (kept !== undefined) kept.nIter = 0;
    },
    keep(steps, centers, nIter) {
      const start = performance.now();
      if (steps.breakable === undefined || longest < LONG_MS || nIter === 0) return;
      if (kept !== undefined && kept.nIter > 0 && start < from) return;
      kept ??= { centers: new Float64Array(centers.length), labels: new Int32Array(steps.rows), nIter };
      kept.centers.set(centers);
      kept.labels.set(steps.labels());
      kept.nIter = nIter;
      const end = performance.now();
      from = end + RARELY * (end - start);
    },
    restore(steps, centers) {
      if (kept === undefined || kept.nIter === 0) return undefined;
      centers.set(kept.centers);
      steps.labels().set(kept.labels);
      return { nIter: kept.nIter, stopped: true };
    },
  };
}
