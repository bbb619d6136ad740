import { WrittenJson } from '../../ports/formats.js';
import { Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import type { Table } from '../../ports/tables.js';
import { refuseUnknown } from '../columns.js';
import { endpoint, type Reply } from '../endpoint.js';
import { MOST_JSON_CELLS } from '../tables.js';
import { partOf } from './part.js';

const options = {
  type: 'object',
  additionalProperties: false,
  properties: {
    columns: {
      type: 'array',
      items: { type: 'string' },
      minItems: 1,
      uniqueItems: true,
      description: 'Columns to answer, in this order; all by default.',
    },
    offset: { type: 'integer', minimum: 0, default: 0, description: 'Rows to pass over.' },
    limit: { type: 'integer', minimum: 0, description: 'Rows to answer at most; all by default.' },
  },
} as const;

/** Bytes of a text answer: beyond, one array of bytes gets hard to have. */
const MOST_TEXT = 2 ** 31 - 1;

/** Rows of a stored table, in the form that is asked for. */
export const readDataset = endpoint<FromSchema<typeof options>>({
  name: 'datasets.read',
  path: '/datasets/{id}',
  summary: 'A stored table',
  description: 'The rows of a dataset as Arrow, CSV, NDJSON or JSON.',
  options,
  results: { type: 'object' },
  details: { type: 'object' },
  answersArrow: true,
  answersRows: true,
  example: {},
  run({ table, options: { columns, offset, limit }, pointer, accept, tables, compresses }) {
    if (tables === undefined) throw new Error('expected writers of tables, got none');
    columns?.forEach((name, index) => {
      refuseUnknown(table, name, pointer('columns', index));
    });
    const part = partOf(table, { columns, offset, rows: limit ?? table.rows });
    const about = { columns: part.names.length };
    const reply = (
      contentType: string,
      body: Uint8Array,
    ): { reply: Reply; results: null; details: null } => ({
      reply: { contentType, body },
      results: null,
      details: null,
    });
    if (accept === 'arrow') {
      const { document } = tables.dataset(part, compresses === true);
      return { ...about, ...reply('application/vnd.apache.arrow.stream', document) };
    }
    if (accept === 'csv')
      return { ...about, ...reply('text/csv; charset=utf-8; header=present', joined(tables.csv(part))) };
    if (accept === 'ndjson')
      return { ...about, ...reply('application/x-ndjson', joined(tables.ndjson(part))) };
    refuseCells(part);
    const lines = [...tables.ndjson(part)].join('').trimEnd();
    const data = new WrittenJson(`[${lines.replaceAll('\n', ',')}]`);
    return { ...about, results: { data }, details: {} };
  },
});

function refuseCells({ rows, names }: Table): void {
  if (rows * names.length <= MOST_JSON_CELLS) return;
  const detail = `expected at most ${MOST_JSON_CELLS} cells in a JSON answer, got ${rows} rows of ${names.length} columns: ask for fewer by limit and columns, or for another form by Accept`;
  throw new Problem('too_many_cells', detail);
}

/** Text in UTF-8. */
function joined(pieces: Iterable<string>): Uint8Array {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const piece of pieces) {
    const bytes = encoder.encode(piece);
    length += bytes.length;
    if (length > MOST_TEXT) {
      const detail = `expected rows of at most ${MOST_TEXT} bytes as text, got more: ask for fewer by limit and columns, or for Arrow`;
      throw new Problem('out_of_memory', detail);
    }
    parts.push(bytes);
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const bytes of parts) {
    all.set(bytes, at);
    at += bytes.length;
  }
  return all;
}
