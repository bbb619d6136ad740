import type { ProgressStep } from '../../ports/progress.js';

/** Milliseconds between two steps that are told. */
const APART_MS = 100;
/** Of the last step of a stage: shorter stages need not be told. */
const LEAST_MS = 10;

/** Tells some of many steps. */
export interface Reporter {
  /** Ten a second at most, and the last of a stage that was not told. */
  readonly tell: (step: ProgressStep) => void;
  /** Tells the last step, if it was not told. */
  readonly flush: () => void;
}

export function reporter(
  send: (step: ProgressStep) => void,
  now: () => number = () => performance.now(),
): Reporter {
  let told = -Infinity;
  let held: ProgressStep | undefined;
  const pass = (step: ProgressStep, time: number): void => {
    told = time;
    held = undefined;
    send(step);
  };
  return {
    tell(step) {
      const time = now();
      if (held !== undefined && held.stage !== step.stage && time - told >= LEAST_MS) pass(held, time);
      if (time - told >= APART_MS) pass(step, time);
      else held = step;
    },
    flush() {
      if (held !== undefined) pass(held, now());
    },
  };
}
