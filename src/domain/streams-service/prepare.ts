import { landDataset } from '../datasets/land.js';
import { Problem } from '../../ports/problem.js';
import type { Definition } from '../streams/definition.js';
import type { StreamsOptions } from './options.js';

/** What is made of a definition once: states of the datasets that `drift` compares with. Null: nothing. */
export async function preparedFor(
  definition: Definition,
  { datasets, lanes, deadlineMs }: StreamsOptions,
): Promise<string | null> {
  const prepared: Record<string, string> = {};
  for (const [place, operation] of definition.operations.entries()) {
    if (operation.name !== 'drift' || prepared[operation.reference] !== undefined) continue;
    const dataset = await datasets.find(operation.reference);
    if (dataset === undefined)
      throw Problem.at(
        `/operations/${place}/reference`,
        'not_found',
        'expected a stored dataset, got none of that id',
      );
    const endpoint = 'streams.reference';
    const landing = await landDataset(lanes, datasets, dataset, { endpoint, deadlineMs });
    const job = {
      endpoint,
      format: 'arrow' as const,
      stored: true as const,
      query: [],
      accept: 'json' as const,
      requestId: `${definition.name}-reference`,
      receiveMs: 0,
      waitMs: 0,
    };
    const { body } = await lanes.run(landing, job, deadlineMs, new AbortController().signal);
    prepared[operation.reference] = Buffer.from(body).toString('base64');
  }
  return Object.keys(prepared).length === 0 ? null : JSON.stringify(prepared);
}
