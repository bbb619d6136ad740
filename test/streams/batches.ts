/** Batches of records folded in process, as a lane does it. */
import { type BatchOptions, foldBatch } from '../../src/domain/streams/batch.js';
import { type Definition, resolveDefinition, streamSchema } from '../../src/domain/streams/definition.js';
import { type Fold, readFold, writeFold } from '../../src/domain/streams/fold.js';
import { requestCheck } from '../../src/adapters/schema/requests.js';
import type { Space } from '../../src/ports/space.js';
import type { Table } from '../../src/ports/tables.js';
import type { UnderTest } from '../contract/engines.js';

const check = requestCheck(new Map([['streams', streamSchema]]), 32);

/** What `POST /streams` makes of a document. */
export const defined = (document: object): Definition =>
  resolveDefinition(check('streams', document) as Parameters<typeof resolveDefinition>[0]);

export const MINUTE = 60_000;

/** A stream over HTTP of tumbling minutes; `more` goes over it. */
export const stream = (more: object = {}): Definition =>
  defined({
    name: 'readings',
    source: { type: 'http' },
    window: { type: 'tumbling', size: '1m', time: 't' },
    operations: [{ name: 'describe' }],
    ...more,
  });

export type Row = Readonly<Record<string, unknown>>;
const LIMITS = {
  rows: 1e7,
  cells: 1e8,
  columns: 1000,
  nameBytes: 1024,
  depth: 32,
  decodedBytes: 2 ** 31,
  ratio: 1000,
  ratioFrom: 1,
};

export function tableOf(rows: readonly Row[], { engine }: UnderTest): Table {
  const body = new TextEncoder().encode(rows.map((row) => JSON.stringify(row)).join('\n'));
  return engine.json(body, 'lines', LIMITS).table;
}

export const spaceOf = ({ arena }: UnderTest): Space =>
  arena ?? {
    float64: (length) => new Float64Array(length),
    bytes: (length) => new Uint8Array(length),
    scratch: (use) => use(),
  };

/** As it comes over the wire. */
export function folded(
  rows: readonly Row[],
  definition: Definition,
  under: UnderTest,
  more: Partial<BatchOptions> = {},
): Fold {
  const { engine } = under;
  const options = {
    definition,
    closedBefore: -Infinity,
    seenIds: new BigUint64Array(0),
    mostWindows: 10_000,
    ...more,
  };
  const fold = foldBatch(tableOf(rows, under), options, {
    engine,
    space: spaceOf(under),
    checkpoint: () => undefined,
  });
  return readFold(writeFold(fold));
}

/** Maps as objects, for a look at them. */
export const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, one: unknown) =>
      one instanceof Map ? (Object.fromEntries(one) as unknown) : one,
    ),
  );
