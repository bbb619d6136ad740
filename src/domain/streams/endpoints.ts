import { Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import { type Endpoint, endpoint, type Question, type Result } from '../endpoint.js';
import { engine as engineOption } from '../options.js';
import { foldBatch, summed } from './batch.js';
import type { Definition } from './definition.js';
import { writeFold } from './fold.js';
import { writeWindow } from './window-state.js';

const foldOptions = {
  type: 'object',
  additionalProperties: false,
  required: ['definition'],
  properties: {
    definition: { description: 'A definition, resolved.', type: 'object' },
    closed_before: {
      description: 'Windows that end at or before this instant (ms) are closed; null: none are.',
      type: ['number', 'null'],
      default: null,
    },
    model: { description: 'k-means after the batch before, in base64.', type: 'string' },
    seen_ids: {
      description: 'Hashes of ids that came before, 64 bits each, little-endian, in base64.',
      type: 'string',
      default: '',
    },
    max_windows: {
      description: 'Windows that a batch may touch.',
      type: 'integer',
      minimum: 1,
      maximum: 10_000_000,
      default: 10_000,
    },
    engine: engineOption,
  },
} as const;

const CONTENT = 'application/octet-stream';
const nothing = { type: 'object' } as const;
const common = {
  results: nothing,
  details: nothing,
  answersArrow: false,
  example: { data: [{ time: 0, value: 1 }] },
} as const;

/** A batch of a stream's records as what it adds to the stream's windows: `readFold` reads the answer. */
export const fold: Endpoint = endpoint<FromSchema<typeof foldOptions>>({
  ...common,
  name: 'streams.fold',
  path: '/streams/{name}/records',
  summary: "What records add to a stream's windows",
  description: 'Asked by the service itself, of lanes.',
  options: foldOptions,
  run({ table, options, engine, space, checkpoint }) {
    const seen = bytesOf(options.seen_ids, '/options/seen_ids');
    if (seen.length % 8 !== 0)
      throw Problem.at('/options/seen_ids', 'invalid_option', 'expected hashes of eight bytes each');
    const folded = foldBatch(
      table,
      {
        // The service made it by `resolveDefinition`: this is where JSON and type meet.
        definition: options.definition as unknown as Definition,
        closedBefore: options.closed_before ?? -Infinity,
        model: options.model === undefined ? undefined : bytesOf(options.model, '/options/model'),
        seenIds: new BigUint64Array(seen.buffer, 0, seen.length / 8),
        mostWindows: options.max_windows,
      },
      { engine, space, checkpoint },
    );
    return answer(writeFold(folded), table.names.length);
  },
});

const referenceOptions = {
  type: 'object',
  additionalProperties: false,
  required: [],
  properties: { engine: engineOption },
} as const;

/** A dataset as the state of one window: what `drift` compares windows with. */
export const reference: Endpoint = endpoint({
  ...common,
  name: 'streams.reference',
  path: '/streams/references',
  summary: 'A dataset as what windows are compared with',
  description: 'Asked by the service itself, of lanes.',
  options: referenceOptions,
  run: ({ table, engine, space, checkpoint }: Question<unknown>) =>
    answer(writeWindow(summed(table, { engine, space, checkpoint })), table.names.length),
});

const answer = (body: Uint8Array, columns: number): Result => ({
  results: null,
  details: null,
  columns,
  reply: { contentType: CONTENT, body },
});

function bytesOf(base64: string, pointer: string): Uint8Array<ArrayBuffer> {
  try {
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  } catch {
    throw Problem.at(pointer, 'invalid_option', 'expected base64, got other text');
  }
}
