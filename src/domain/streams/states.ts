import type { DistributionsKernel } from '../../ports/distributions.js';
import type { Json } from '../../ports/formats.js';
import { Notes } from '../notes.js';
import type { ClusterSums } from './cluster-sums.js';
import { EMPTY_COLUMN } from './column-state.js';
import type { Definition, Operation } from './definition.js';
import { drifting } from './drifting.js';
import { described, outlying, tested } from './summaries.js';
import { mergeWindows, readWindow, type WindowState, writeWindow } from './window-state.js';

/** What a closed window's result says of the window, and what it is compared with. */
export interface WindowAbout {
  readonly key: string | null;
  readonly start: number;
  readonly end: number;
  readonly records: number;
  /** Late records of the stream as far as they are told by window, if they are. */
  readonly late?: number;
  /** States of the datasets that `drift` compares with, by dataset id: bodies that `streams.reference` answered. */
  readonly references?: ReadonlyMap<string, Uint8Array>;
}

/** Two states of one window of one key as one. Throws RangeError for a damaged state. */
export function mergeStates(definition: Definition, a: Uint8Array | null, b: Uint8Array): Uint8Array {
  if (a === null) return b;
  return writeWindow(mergeWindows(definition, readWindow(a), readWindow(b)));
}

/** What the operations say of a window. `distributions`: of an engine. Throws as `mergeStates`. */
export function windowResult(
  definition: Definition,
  state: Uint8Array,
  about: WindowAbout,
  distributions: DistributionsKernel,
): Json {
  const window = readWindow(state);
  const notes = new Notes();
  const operations = definition.operations.map((operation): Json => ({
    name: operation.name,
    results: resultOf(operation, window, about, distributions, notes),
  }));
  return {
    key: about.key,
    start: instant(about.start),
    end: instant(about.end),
    records: window.records,
    late: about.late,
    operations,
    warnings: notes.warnings().map((warning) => ({ ...warning })),
  };
}

/** ISO 8601; in ms of windows that begin or end beyond the instants that ECMAScript has. */
const instant = (ms: number): string | number => (Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : ms);

function resultOf(
  operation: Operation,
  window: WindowState,
  { references }: WindowAbout,
  distributions: DistributionsKernel,
  notes: Notes,
): Json {
  if (operation.name === 'kmeans') return clustersOf(window.clusters);
  if (operation.name === 'drift') {
    const reference = references?.get(operation.reference);
    if (reference === undefined) {
      notes.warn('no_reference', 'the dataset that windows are compared with is not there');
      return null;
    }
    return drifting(window, readWindow(reference), operation, distributions);
  }
  const names = operation.columns ?? [...window.columns.keys()];
  return new Map(
    names.map((name): [string, Json] => {
      const column = window.columns.get(name) ?? EMPTY_COLUMN;
      const finite = (value: number, what: string): number | null => notes.finite(value, what, name);
      switch (operation.name) {
        case 'describe':
          return [name, described(column, window.records, operation, finite)];
        case 'ttest_1samp':
          return [name, tested(column, operation, distributions, finite)];
        case 'outliers':
          return [name, outlying(column, operation, finite)];
      }
    }),
  );
}

/**
 * Of each centre: how many records were nearest to it when they came, their mean, and the mean of their squared distances. Null
 * before the stream has centres. Partitions whose first records had other columns are apart: the largest is told.
 */
function clustersOf(clusters: readonly ClusterSums[]): Json {
  const sizes = clusters.map(({ counts }) => counts.reduce((sum, count) => sum + count, 0));
  const most = clusters[sizes.indexOf(Math.max(...sizes))];
  if (most === undefined) return null;
  const { columns, counts, sums, squares } = most;
  const d = columns.length;
  return {
    columns: [...columns],
    clusters: Array.from(counts, (count, c) => ({
      count,
      mean: count === 0 ? null : columns.map((_, j) => sums[c * d + j]! / count),
      inertia: squares[c]!,
    })),
    inertia: squares.reduce((sum, one) => sum + one, 0),
    n: counts.reduce((sum, count) => sum + count, 0),
  };
}
