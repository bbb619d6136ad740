import type { Engine } from '../ports/engine.js';
import { type ProgressStep, Stopped } from '../ports/progress.js';
import type { Notes } from './notes.js';

/** What long work tells of itself, and asks. */
export interface Progress {
  /** Says how far it has come. */
  readonly tell: (step: ProgressStep) => void;
  /** Whether it is to end now with what it has, and to say so by `Notes.partial`. Never for a request that nobody watches. */
  readonly stopping: () => boolean;
}

/** Of work that nobody watches. */
export const UNWATCHED: Progress = { tell: () => undefined, stopping: () => false };

/** Goes over a list and tells of each that is done. Ends early where it is to stop, then the list it gives is shorter. */
export function eachTold<T, R>(
  stage: string,
  list: readonly T[],
  { tell, stopping }: Progress,
  work: (one: T, index: number) => R,
): R[] {
  const done: R[] = [];
  for (const [index, one] of list.entries()) {
    if (stopping()) break;
    done.push(work(one, index));
    tell({ stage, done: index + 1, total: list.length });
  }
  return done;
}

/** The engine, its fits watched and stopped: what one gives that was stopped is noted as partial. */
export function watchedFits(engine: Engine, { tell, stopping }: Progress, notes: Notes): Engine {
  return {
    ...engine,
    kmeans(columns, options) {
      const { nClusters, nInit, maxIter } = options;
      const fit = engine.kmeans(columns, {
        ...options,
        onSeed(taken, run) {
          tell({ stage: 'seeding', done: taken, total: nClusters, run, runs: nInit });
        },
        onIteration(progress) {
          const { run, iteration, inertia, shift } = progress;
          const [done, total] = [(run - 1) * maxIter + iteration, nInit * maxIter];
          const figures = { run, runs: nInit, iteration, of: maxIter, inertia, shift };
          tell({ stage: 'kmeans', done, total, n_clusters: nClusters, ...figures });
          options.onIteration?.(progress);
        },
        stopping,
      });
      if (fit?.stopped === true)
        notes.partial(
          `k-means of ${nClusters} clusters was stopped: its state after ${fit.nIter} iterations`,
        );
      return fit;
    },
    silhouette(columns, labelings) {
      tell({ stage: 'silhouette', done: 0, total: labelings.length });
      try {
        if (stopping()) throw new Stopped('no time for silhouettes');
        const scores = engine.silhouette(columns, labelings, stopping);
        tell({ stage: 'silhouette', done: labelings.length, total: labelings.length });
        return scores;
      } catch (error) {
        if (!(error instanceof Stopped)) throw error;
        notes.partial('stopped before the silhouettes were known');
        return labelings.map(() => NaN);
      }
    },
  };
}
