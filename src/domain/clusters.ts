import type { Engine, KMeansOptions, KMeansResult } from '../ports/engine.js';
import type { Json } from '../ports/formats.js';
import { Stopped } from '../ports/progress.js';
import type { NumericColumn, Numbers } from '../ports/tables.js';
import { missingIn, type Selection } from './columns.js';
import type { Notes } from './notes.js';
import type { NanPolicy } from './summary.js';

/**
 * scikit-learn's KMeans over the numeric columns, rows with missing values left out. Null, with a warning that says
 * why, where it cannot run: no numeric column, too few rows, values that are infinite or overflow when squared,
 * missing values under `propagate`, or a stop before its first iteration was over.
 */
export function cluster(
  selection: Selection,
  options: KMeansOptions,
  nanPolicy: NanPolicy,
  engine: Engine,
  notes: Notes,
): KMeansResult | null {
  const { numbers, rows } = selection;
  if (numbers.length === 0) return null;
  if (!dropMissing(numbers, nanPolicy, engine, notes)) return null;
  if (!areBounded(numbers, engine, notes)) return null;
  const columns = numbers.map((column) => column.numbers);
  const result = rows < options.nClusters ? null : fitOrStopped(columns, options, engine);
  if (result === undefined) {
    notes.partial('stopped before the first iteration of k-means was over: no clusters');
    return null;
  }
  if (result === null) {
    notes.warn(
      'too_few_rows',
      `expected at least ${options.nClusters} rows without missing values: no clusters`,
    );
    return null;
  }
  noteFewer(result, notes);
  return result;
}

/** Undefined where it was stopped before there was anything. */
function fitOrStopped(
  columns: readonly Numbers[],
  options: KMeansOptions,
  engine: Engine,
): KMeansResult | null | undefined {
  try {
    return engine.kmeans(columns, options);
  } catch (error) {
    if (error instanceof Stopped) return undefined;
    throw error;
  }
}

/** Warns of rows with missing values, which clustering leaves out. False under `propagate` where there are any. */
export function dropMissing(
  numbers: readonly NumericColumn[],
  nanPolicy: NanPolicy,
  engine: Engine,
  notes: Notes,
): boolean {
  const gaps = numbers.filter((column) => missingIn(column, engine) > 0);
  if (gaps.length > 0 && nanPolicy === 'propagate') {
    notes.warn('missing_values', 'missing values under nan_policy "propagate": no clusters');
    return false;
  }
  for (const column of gaps) {
    const missing = missingIn(column, engine);
    notes.warn('rows_dropped', `${missing} rows with missing values left out of clustering`, column.name);
  }
  return true;
}

/** Whether no value is infinite and all squares are within the range of float64; if not, a warning names the column. */
export function areBounded(numbers: readonly NumericColumn[], engine: Engine, notes: Notes): boolean {
  const unbounded = numbers.find(({ numbers: values }) => {
    const { count, m2, min, max } = engine.moments(values, 2);
    return count > 0 && !(Number.isFinite(m2) && Number.isFinite(min) && Number.isFinite(max));
  });
  if (unbounded === undefined) return true;
  const detail = 'infinite values, or squares beyond the range of float64: no clusters';
  notes.warn('overflow', detail, unbounded.name);
  return false;
}

/** Warns of clusters without rows. */
export function noteFewer({ sizes }: KMeansResult, notes: Notes): void {
  const distinct = sizes.filter((size) => size > 0).length;
  if (distinct === sizes.length) return;
  const detail = `${distinct} distinct clusters found, fewer than n_clusters ${sizes.length}: rows may be duplicates`;
  notes.warn('fewer_clusters', detail);
}

/** Labels as answers have them: null for a row that took no part. */
export const labelList = (labels: Int32Array): Json =>
  Array.from(labels, (label) => (label < 0 ? null : label));

/** The seed's `clusters`: for each numeric and boolean column its mean in each cluster that has rows, labels ascending. */
export function clusterMeans(selection: Selection, result: KMeansResult, engine: Engine, notes: Notes): Json {
  const present = result.sizes.flatMap((size, label) => (size > 0 ? [label] : []));
  const columns = selection.all.filter((column): column is NumericColumn => 'numbers' in column);
  return new Map(
    columns.map(({ name, numbers }) => {
      const means = engine.groups(numbers, result.labels, result.sizes.length);
      const entries = present.map((label): [string, Json] => [
        String(label),
        notes.finite(means[label]!, `mean of cluster ${label}`, name),
      ]);
      return [name, new Map(entries)];
    }),
  );
}

/** `details.kmeans`. */
export function clusterDetails(result: KMeansResult, withLabels: boolean, notes: Notes): Json {
  const k = result.sizes.length;
  const d = result.centers.length / k;
  const centers = Array.from({ length: k }, (_, c) => result.centers.slice(c * d, (c + 1) * d));
  return {
    n_clusters: k,
    centers,
    sizes: result.sizes,
    inertia: notes.finite(result.inertia, 'inertia'),
    n_iter: result.nIter,
    labels: withLabels ? labelList(result.labels) : undefined,
  };
}
