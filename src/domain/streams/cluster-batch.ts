import type { Engine } from '../../ports/engine.js';
import { Problem } from '../../ports/problem.js';
import type { Space } from '../../ports/space.js';
import { type ClusterSums, MOST_CENTRES } from './cluster-sums.js';
import type { Definition } from './definition.js';
import { type Assignment, begun, partialFit, readModel, writeModel } from './online-kmeans.js';
import type { Panes } from './panes.js';
import { numberAt, type Values } from './records.js';
import { operationOf } from './window-state.js';

/** Columns that are clustered where none are named: the first by name. */
const MOST_DEFAULT = 64;
/** Centres × columns × panes, of one batch. */
const MOST_SUMS = 16_000_000;

interface Clustered {
  readonly model?: Uint8Array;
  /** Of each pane that has any. */
  readonly sums: readonly (ClusterSums | undefined)[];
}

/** Learns from the records of a batch that have all columns, in row order, and adds them up by pane and centre. */
export function clusterBatch(
  definition: Definition,
  before: Uint8Array | undefined,
  values: Values,
  panes: Panes,
  { engine, space }: { readonly engine: Engine; readonly space: Space },
): Clustered {
  const operation = operationOf(definition, 'kmeans');
  if (operation === undefined) return { sums: [] };
  const known = before === undefined ? undefined : readModel(before);
  const columns = known?.columns ?? operation.columns ?? [...values.keys()].sort().slice(0, MOST_DEFAULT);
  if (columns.length === 0) return { sums: [] };
  const model = known ?? begun(columns, operation.random_state);
  const { rows, features } = complete(columns, values, panes, space);
  const fitted = partialFit(model, features, operation, engine, (length) => space.float64(length));
  const sums = fitted.assignment === null ? [] : add(columns, rows, features, fitted.assignment, panes);
  return { model: writeModel(fitted.model), sums };
}

/** Records of a pane in which all columns have finite numbers, and those. */
function complete(
  columns: readonly string[],
  values: Values,
  { codes }: Panes,
  space: Space,
): { readonly rows: Int32Array; readonly features: Float64Array[] } {
  const isWhole = Uint8Array.from(codes, (code) => (code >= 0 ? 1 : 0));
  const given = columns.map((name) => values.get(name));
  for (const numbers of given) {
    if (numbers === undefined) isWhole.fill(0);
    let row = 0;
    for (const chunk of numbers?.chunks ?? [])
      for (let i = 0; i < chunk.values.length; i++, row++)
        if (!Number.isFinite(numberAt(chunk, i))) isWhole[row] = 0;
  }
  const rows = new Int32Array(isWhole.reduce((sum, one) => sum + one, 0));
  let next = 0;
  isWhole.forEach((one, row) => {
    if (one === 1) rows[next++] = row;
  });
  const features = given.map((numbers) => {
    const own = space.float64(rows.length);
    let [row, place] = [0, 0];
    for (const chunk of rows.length === 0 ? [] : (numbers?.chunks ?? []))
      for (let i = 0; i < chunk.values.length; i++) if (isWhole[row++] === 1) own[place++] = chunk.values[i]!;
    return own;
  });
  return { rows, features };
}

function add(
  columns: readonly string[],
  rows: Int32Array,
  features: readonly Float64Array[],
  { labels, centers }: Assignment,
  { codes, sizes }: Panes,
): (ClusterSums | undefined)[] {
  const d = columns.length;
  const k = Math.min(MOST_CENTRES, centers.length / d);
  const sums: (ClusterSums | undefined)[] = Array.from(sizes, () => undefined);
  let made = 0;
  rows.forEach((row, i) => {
    const pane = codes[row]!;
    const label = labels[i]!;
    let own = sums[pane];
    if (own === undefined) {
      made += k * d;
      if (made > MOST_SUMS) {
        const detail = `expected at most ${MOST_SUMS} sums of windows, centres and columns at a time, got more: send fewer records at a time`;
        throw new Problem('too_large', detail);
      }
      own = {
        columns,
        counts: new Float64Array(k),
        sums: new Float64Array(k * d),
        squares: new Float64Array(k),
      };
      sums[pane] = own;
    }
    own.counts[label]!++;
    let square = 0;
    for (let j = 0; j < d; j++) {
      const x = features[j]![i]!;
      const difference = x - centers[label * d + j]!;
      square += difference * difference;
      own.sums[label * d + j]! += x;
    }
    own.squares[label]! += square;
  });
  return sums;
}
