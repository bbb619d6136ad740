import type { Definition, OperationOf } from './definition.js';
import { BytesReader, BytesWriter } from './bytes.js';
import { type ColumnState, EMPTY_COLUMN, mergeColumns, readColumn, writeColumn } from './column-state.js';
import { type ClusterSums, mergeClusters, readClusters, writeClusters } from './cluster-sums.js';

/** What is kept of the records of one window and key. */
export interface WindowState {
  readonly records: number;
  /** By name. */
  readonly columns: ReadonlyMap<string, ColumnState>;
  /** By the columns that were clustered, where the stream has that operation. */
  readonly clusters: readonly ClusterSums[];
}

/** Columns of a window: of more, the first by name are kept, and those alone are the same whatever came first. */
export const MOST_COLUMNS = 256;
const FORMAT = 1;

export function mergeWindows(definition: Definition, a: WindowState, b: WindowState): WindowState {
  const extremes = extremesAsked(definition);
  const columns = new Map(a.columns);
  for (const [name, state] of b.columns)
    columns.set(name, mergeColumns(columns.get(name) ?? EMPTY_COLUMN, state, extremes));
  return {
    records: a.records + b.records,
    columns: firstColumns(columns),
    clusters: mergeClusters(a.clusters, b.clusters),
  };
}

/** In order of their names. */
export function firstColumns<T>(columns: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  return new Map([...columns].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, MOST_COLUMNS));
}

export const operationOf = <Name extends Definition['operations'][number]['name']>(
  { operations }: Definition,
  name: Name,
): OperationOf<Name> | undefined => operations.find((one): one is OperationOf<Name> => one.name === name);

/** Values of each end that `outliers` shows: the most that one of the definition asks for. */
export const extremesAsked = ({ operations }: Definition): number =>
  operations.reduce((most, one) => (one.name === 'outliers' ? Math.max(most, one.values) : most), 0);

export function writeWindow({ records, columns, clusters }: WindowState): Uint8Array {
  const out = new BytesWriter();
  out.whole(FORMAT);
  out.whole(records);
  out.whole(columns.size);
  for (const [name, state] of firstColumns(columns)) {
    out.text(name);
    writeColumn(out, state);
  }
  writeClusters(out, clusters);
  return out.done();
}

/** Throws RangeError for a damaged state. */
export function readWindow(document: Uint8Array): WindowState {
  const bytes = new BytesReader(document, "a window's state");
  bytes.check(bytes.whole() === FORMAT, `format ${FORMAT}`);
  const records = bytes.whole();
  const columns = new Map<string, ColumnState>();
  const length = bytes.whole(MOST_COLUMNS);
  let last: string | undefined;
  for (let i = 0; i < length; i++) {
    const name = bytes.text();
    bytes.check(last === undefined || last < name, 'columns in order of their names');
    last = name;
    columns.set(name, readColumn(bytes));
  }
  const clusters = readClusters(bytes);
  bytes.end();
  return { records, columns, clusters };
}
