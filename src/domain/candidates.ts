import type { Engine, KMeansOptions, KMeansResult } from '../ports/engine.js';
import type { Json } from '../ports/formats.js';
import { Stopped } from '../ports/progress.js';
import type { Numbers } from '../ports/tables.js';
import type { Notes } from './notes.js';
import { eachTold, type Progress } from './progress.js';

/** A number of clusters that was tried. */
export interface Candidate {
  readonly nClusters: number;
  readonly fit: KMeansResult;
  /** NaN where it is undefined: fewer than two clusters with rows. */
  readonly silhouette: number;
}

export interface Choice {
  readonly candidates: readonly Candidate[];
  /** The one of the best silhouette, the fewest clusters among equals; null where it was stopped before they were known. */
  readonly chosen: Candidate | null;
  /** Number of clusters at the bend of the inertias; null for fewer than three candidates, and where they have none. */
  readonly elbow: number | null;
}

/**
 * Fits every number of clusters from `from` to `to` to the rows, one at least, and computes all silhouettes together. Where
 * it is stopped there are fewer. Throws Stopped where there is none.
 */
export function chooseClusters(
  columns: readonly Numbers[],
  from: number,
  to: number,
  options: Omit<KMeansOptions, 'nClusters'>,
  engine: Engine,
  progress: Progress,
  notes: Notes,
): Choice {
  const tried = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const fits = eachTold('candidates', tried, progress, (nClusters, i) => {
    try {
      const fit = engine.kmeans(columns, { ...options, nClusters });
      if (fit === null) throw new RangeError(`expected more than ${nClusters} rows`);
      return fit;
    } catch (error) {
      if (error instanceof Stopped && i > 0) return null;
      throw error;
    }
  }).filter((fit) => fit !== null);
  if (fits.length === 0) throw new Stopped('no number of clusters was tried');
  if (fits.length < tried.length)
    notes.partial(`stopped: ${fits.length} of ${tried.length} numbers of clusters tried`);
  const scores = engine.silhouette(
    columns,
    fits.map(({ labels }) => labels),
  );
  const candidates = fits.map((fit, i) => ({ nClusters: from + i, fit, silhouette: scores[i]! }));
  const unknown = progress.stopping() && scores.every((score) => Number.isNaN(score));
  if (unknown) {
    notes.partial('stopped before a number of clusters was chosen');
    return { candidates, chosen: null, elbow: elbowOf(candidates) };
  }
  const chosen = candidates.reduce((best, one) =>
    one.silhouette > best.silhouette || (Number.isNaN(best.silhouette) && one.silhouette === one.silhouette)
      ? one
      : best,
  );
  return { candidates, chosen, elbow: elbowOf(candidates) };
}

/**
 * The candidate farthest below the chord from the first to the last, both axes scaled to [0, 1]; the first of equals.
 * Source: V. Satopää et al., "Finding a 'Kneedle' in a haystack", 2011, without its smoothing and threshold.
 */
function elbowOf(candidates: readonly Candidate[]): number | null {
  const [first, last] = [candidates[0]!, candidates.at(-1)!];
  const drop = first.fit.inertia - last.fit.inertia;
  if (candidates.length < 3 || !(drop > 0)) return null;
  let elbow: number | null = null;
  let farthest = 0;
  for (const { nClusters, fit } of candidates) {
    const along = (nClusters - first.nClusters) / (last.nClusters - first.nClusters);
    // √2 times the distance from the chord.
    const below = (first.fit.inertia - fit.inertia) / drop - along;
    if (below <= farthest) continue;
    farthest = below;
    elbow = nClusters;
  }
  return elbow;
}

/** `details.selection`; `rows`: how many were tried. */
export function selectionDetails({ candidates, chosen, elbow }: Choice, rows: number, notes: Notes): Json {
  return {
    rows,
    candidates: candidates.map(({ nClusters, fit, silhouette }) => ({
      n_clusters: nClusters,
      silhouette: notes.finite(silhouette, `silhouette of ${nClusters} clusters`),
      inertia: notes.finite(fit.inertia, `inertia of ${nClusters} clusters`),
    })),
    chosen: chosen?.nClusters ?? null,
    elbow,
  };
}
