import type { Datasets, StoredDataset } from '../../ports/datasets.js';
import type { Asked, Extent, Job, Landing, Lanes } from '../../ports/lanes.js';

/** Of a table behind another: its buffers are to lie as they would if it were alone. */
const ALIGNMENT = 64;

/** What a request over stored datasets is admitted by, beside the bytes themselves. */
export type Due = Pick<Asked, 'endpoint' | 'deadlineMs'>;

/** How requests come to stored tables. */
export interface DatasetLanding {
  readonly landDatasets: typeof landDatasets;
  readonly landBehind: typeof landBehind;
  readonly sizeOf: typeof sizeOf;
}

/** Stored tables where they will be computed on, and where each of them lies. */
export interface LandedDatasets extends Pick<Job, 'format' | 'stored' | 'extent' | 'reference'> {
  readonly landing: Landing;
}

/**
 * Admits a request over a stored dataset and reads its file straight to the memory it is computed on. Rejects with Problem
 * `overloaded`, `out_of_memory`, `storage_failed`, or `not_found` where it was removed meanwhile; nothing is left behind then.
 */
export async function landDataset(
  lanes: Lanes,
  datasets: Datasets,
  dataset: StoredDataset,
  asked: Due,
): Promise<Landing> {
  return (await landDatasets(lanes, datasets, { dataset }, asked)).landing;
}

/** The same with a second dataset behind it, to compare it with. The parts of a job over them are given back with it. */
export async function landDatasets(
  lanes: Lanes,
  datasets: Datasets,
  { dataset, reference }: { readonly dataset: StoredDataset; readonly reference?: StoredDataset | undefined },
  asked: Due,
): Promise<LandedDatasets> {
  const all = reference === undefined ? [dataset] : [dataset, reference];
  const landing = lanes.land({ ...asked, ...sizeOf(all) });
  try {
    const extent = await landBehind(landing, datasets, dataset);
    const second = reference && (await landBehind(landing, datasets, reference));
    return {
      landing,
      format: 'arrow',
      stored: true,
      extent,
      ...(second !== undefined && { reference: { ...second, format: 'arrow', stored: true } }),
    };
  } catch (error) {
    landing.release();
    throw error;
  }
}

/** Reads a file to behind what has landed already. Rejects as `Datasets.read` does; by then nothing is written any more. */
export async function landBehind(
  landing: Landing,
  datasets: Datasets,
  dataset: StoredDataset,
): Promise<Extent> {
  const padding = -landing.length & (ALIGNMENT - 1);
  if (padding > 0) landing.place(padding).fill(0);
  const offset = landing.length;
  await datasets.read(dataset, (bytes) => landing.place(bytes));
  return { offset, length: landing.length - offset };
}

/** What datasets take: their files as they land, and their columns. */
export function sizeOf(all: readonly StoredDataset[]): Pick<Asked, 'bytes' | 'decodedBytes'> {
  const sum = (one: (dataset: StoredDataset) => number): number =>
    all.reduce((total, dataset) => total + one(dataset), 0);
  return {
    bytes: sum(({ bytes }) => bytes + ALIGNMENT),
    decodedBytes: sum(({ bytes, card }) => Math.max(bytes, card.decoded_bytes)),
  };
}
