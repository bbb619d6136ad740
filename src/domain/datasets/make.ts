import type { DatasetCard } from '../../ports/datasets.js';
import { selectColumns } from '../columns.js';
import { endpoint } from '../endpoint.js';

const options = { type: 'object', additionalProperties: false, properties: {} } as const;

/** A table as the file of a dataset, which its id is the hash of. It is stored by who asked. */
export const makeDataset = endpoint<object>({
  name: 'datasets.make',
  path: '/datasets',
  summary: 'Stores a table',
  description:
    'Stores a table as Arrow IPC under the SHA-256 of its file: the same rows are one dataset, whatever format they came in. Every analysis and every model takes it in place of a body: `?dataset=<id>`, or `{"dataset": "<id>", "options": {…}}`.',
  options,
  keeps: true,
  results: { type: 'object' },
  details: { type: 'object' },
  answersArrow: false,
  example: {
    data: [
      { shop: 'north', price: 2.5 },
      { shop: 'south', price: null },
    ],
  },
  run({ table, pointer, notes, tables }) {
    if (tables === undefined) throw new Error('expected writers of tables, got none');
    const { all } = selectColumns(table, undefined, pointer, notes);
    const { document, columns } = tables.dataset(table, true);
    const card: DatasetCard = {
      rows: table.rows,
      columns: columns.map(({ name, type, missing }) => ({ name, type, missing })),
      decoded_bytes: columns.reduce((sum, { decodedBytes }) => sum + decodedBytes, 0),
    };
    return {
      results: { rows: card.rows, columns: card.columns.map((column) => ({ ...column })) },
      details: {},
      columns: all.length,
      dataset: { card, document },
    };
  },
});
