import type { Datasets, StoredDataset } from '../../ports/datasets.js';
import type { Lanes } from '../../ports/lanes.js';
import { Problem } from '../../ports/problem.js';
import { landDatasets } from '../datasets/land.js';
import type { Land } from './run.js';

/** Lands the datasets that a job names. Rejects with Problem `not_found` when one was removed since. */
export function lander(lanes: Lanes, datasets: Datasets): Land {
  const found = async (id: string): Promise<StoredDataset> => {
    const dataset = await datasets.find(id);
    if (dataset === undefined)
      throw new Problem('not_found', 'expected a stored dataset, got one that was removed');
    return dataset;
  };
  return async ({ dataset, reference }, due) =>
    landDatasets(
      lanes,
      datasets,
      {
        dataset: await found(dataset),
        reference: reference === undefined ? undefined : await found(reference),
      },
      due,
    );
}
