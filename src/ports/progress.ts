/**
 * How far long work has come. `stage` names what is done now: `decode` (with `rows`), `kmeans` (with `run`, `iteration`,
 * `of` iterations at most, `inertia`, `shift`), `seeding`, `silhouette`, `trees`, `folds`, `tests`, `columns`, ….
 * `done` of `total` where they are known; within a stage `done` never falls.
 */
export interface ProgressStep {
  readonly stage: string;
  readonly done?: number;
  readonly total?: number;
  readonly [figure: string]: number | string | undefined;
}

/** Who watches a job. */
export interface Watch {
  /** Told how far it has come, some ten times a second at most, the last step of a stage always. */
  progress(step: ProgressStep): void;
  /**
   * A soft stop: the job ends at its next step and answers with what it has, `partial`. What has nothing to give after
   * 400 ms is cancelled.
   */
  readonly stop: AbortSignal;
}

/** Thrown by work that was stopped softly and has nothing to give. */
export class Stopped extends Error {}
