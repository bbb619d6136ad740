import type { BytesReader, BytesWriter } from './bytes.js';

/** Rows of a window by the centre that was nearest to each when it came. */
export interface ClusterSums {
  readonly columns: readonly string[];
  readonly counts: Float64Array;
  /** Of the rows: centres × columns. */
  readonly sums: Float64Array;
  /** Squared distances of the rows to their centres. */
  readonly squares: Float64Array;
}

export const MOST_CENTRES = 256;
export const MOST_FEATURES = 256;
/** Partitions whose first records had other columns. */
const MOST_PARTS = 16;

/** Sums of the same columns and as many centres are added; others stay apart. */
export function mergeClusters(a: readonly ClusterSums[], b: readonly ClusterSums[]): readonly ClusterSums[] {
  if (a.length === 0) return b;
  const merged = new Map(a.map((one) => [nameOf(one), one]));
  for (const one of b) {
    const own = merged.get(nameOf(one));
    merged.set(nameOf(one), own === undefined ? one : addClusters(own, one));
  }
  return [...merged]
    .sort(([x], [y]) => (x < y ? -1 : 1))
    .slice(0, MOST_PARTS)
    .map(([, one]) => one);
}

const nameOf = ({ columns, counts }: ClusterSums): string => JSON.stringify([...columns, counts.length]);

function addClusters(a: ClusterSums, b: ClusterSums): ClusterSums {
  const sum = (x: Float64Array, y: Float64Array): Float64Array => x.map((one, i) => one + y[i]!);
  return {
    columns: a.columns,
    counts: sum(a.counts, b.counts),
    sums: sum(a.sums, b.sums),
    squares: sum(a.squares, b.squares),
  };
}

export function writeClusters(out: BytesWriter, clusters: readonly ClusterSums[]): void {
  out.whole(clusters.length);
  for (const { columns, counts, sums, squares } of clusters) {
    out.whole(columns.length);
    for (const name of columns) out.text(name);
    out.floats(counts);
    out.floats(sums);
    out.floats(squares);
  }
}

export function readClusters(bytes: BytesReader): readonly ClusterSums[] {
  return Array.from({ length: bytes.whole(MOST_PARTS) }, () => {
    const columns = Array.from({ length: bytes.whole(MOST_FEATURES) }, () => bytes.text());
    const counts = bytes.floats(MOST_CENTRES);
    const sums = bytes.floats(MOST_CENTRES * MOST_FEATURES);
    const squares = bytes.floats(MOST_CENTRES);
    const holds =
      sums.length === counts.length * columns.length &&
      squares.length === counts.length &&
      counts.every((count) => Number.isSafeInteger(count) && count >= 0);
    bytes.check(holds, 'sums of as many centres as it counts');
    return { columns, counts, sums, squares };
  });
}
