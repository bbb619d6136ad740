/** What a soak sends: good requests of every kind and size, and hostile ones from the corpora, as streams of load.ts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { makeTable, tableToIPC } from 'apache-arrow';
import { endpoints } from '../../src/domain/endpoints.js';
import { noise } from '../contract/columns.js';
import { ARROW_STREAM, PARQUET } from '../fuzz/bodies.js';
import { compressed, FLOAT64, stream as arrowStream, zstdZeros } from '../fuzz/forge.js';
import { mutate } from '../fuzz/mutate.js';
import { Random } from '../fuzz/random.js';
import { named } from '../hostile/forty.js';
import type { Stream } from '../operate/load.js';
import { CSV_TYPE } from '../hostile/forty.js';
import { JSON_TYPE, ROOT } from '../service.js';

/** A stream whose rate is still to be found. */
export interface Kind extends Omit<Stream, 'rate'> {
  /** Of the time of the lanes. */
  readonly share: number;
  /** Which statuses it may be answered with. */
  readonly answers: RegExp;
}

const ARROW_TYPE = { 'content-type': ARROW_STREAM };
const PARQUET_TYPE = { 'content-type': PARQUET };
const ANALYZE = '/analytics/analyze';
const DESCRIBE = '/analytics/describe';
/** A status that says what is wrong, or that nothing is. */
const NO_FAILURE = /^[24]\d\d$/u;

function columns(rows: number, count: number): Record<string, Float64Array> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, j) => {
      const next = noise(j + 1);
      return [`c${j}`, Float64Array.from({ length: rows }, () => Math.round(next() * 1e6) / 1e3)];
    }),
  );
}
const lists = (rows: number, count: number): Record<string, number[]> =>
  Object.fromEntries(Object.entries(columns(rows, count)).map(([name, values]) => [name, [...values]]));
const json = (rows: number, count: number, options: object): string =>
  JSON.stringify({ columns: lists(rows, count), ...options });
const arrow = (rows: number, count: number): Uint8Array =>
  tableToIPC(makeTable(columns(rows, count)), 'stream');

function csv(rows: number, count: number): string {
  const table = Object.values(lists(rows, count));
  const lines = Array.from({ length: rows }, (_, i) => table.map((values) => values[i]).join(','));
  return `${table.map((_, j) => `c${j}`).join(',')}\n${lines.join('\n')}\n`;
}

/** A body that holds a lane for seconds, by its options. */
export const HEAVY = json(20_000, 2, { options: { n_clusters: 500, n_init: 50, tol: 0 } });
/** Until a heavy request is given up by its own deadline. */
const DEADLINE_MS = 60;

async function parquet(rows: number, count: number): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const columnData = Object.entries(columns(rows, count)).map(([name, data]) => {
    return { name, data: [...data], type: 'DOUBLE' as const };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}

/** Good requests; each is answered with 200. Models `iris` and `soak` are stored. */
export async function goodKinds(): Promise<Kind[]> {
  const good = (
    name: string,
    share: number,
    path: string,
    headers: Stream['headers'],
    ...bodies: (string | Uint8Array)[]
  ): Kind => ({ name, share, path, headers: headers ?? {}, bodies, answers: /^200$/u });
  const page = { ...JSON_TYPE, accept: 'text/html' };
  const answerArrow = { ...ARROW_TYPE, accept: ARROW_STREAM };
  const kinds = [
    good('analyze json', 10, ANALYZE, JSON_TYPE, json(100, 2, {}), json(1000, 3, {}), json(5000, 4, {})),
    good('analyze csv', 6, ANALYZE, CSV_TYPE, csv(50, 2), csv(2000, 3)),
    good('analyze arrow', 8, ANALYZE, ARROW_TYPE, arrow(1000, 3), arrow(60_000, 3), arrow(200_000, 2)),
    good('analyze parquet', 6, ANALYZE, PARQUET_TYPE, await parquet(500, 3), await parquet(20_000, 3)),
    good('describe json', 6, DESCRIBE, JSON_TYPE, json(1000, 3, {}), json(20_000, 5, {})),
    good('describe arrow', 6, DESCRIBE, ARROW_TYPE, arrow(100_000, 4)),
    good('cluster', 5, '/analytics/cluster', answerArrow, arrow(5000, 2)),
    good('correlate', 5, '/analytics/correlate', ARROW_TYPE, arrow(20_000, 6)),
    good(
      'features',
      5,
      '/analytics/features?steps=%5B%7B%22name%22%3A%22lag%22%7D%5D',
      answerArrow,
      arrow(20_000, 3),
    ),
    good('profile page', 5, '/analytics/profile', page, json(800, 4, {})),
    good('predict arrow', 5, '/models/soak/predict', ARROW_TYPE, arrow(1, 3), arrow(20_000, 3)),
    good('predict json', 5, '/models/soak/predict', JSON_TYPE, json(1, 3, {}), json(2000, 3, {})),
  ];
  // One of everything that is answered from a table or a stored model.
  const examples = endpoints
    .filter(({ model }) => model !== 'makes')
    .map(({ name, path, example }) => {
      return { ...good(`example ${name}`, 0.5, named(path), JSON_TYPE, JSON.stringify(example)) };
    });
  const fit = endpoints.find(({ name }) => name === 'models.fit');
  if (fit === undefined) throw new Error('expected an endpoint models.fit');
  return [
    ...kinds,
    ...examples,
    // Each makes a version more.
    { ...good('fit', 0.5, fit.path, JSON_TYPE, JSON.stringify(fit.example)), answers: /^201$/u },
  ];
}

/** Hostile requests; none may be answered with a 5xx, but the last, which asks for it. */
export async function hostileKinds(): Promise<Kind[]> {
  const random = new Random(9);
  const file = await parquet(300, 3);
  const table = Buffer.from(arrow(300, 3));
  const flips = (bytes: Uint8Array): Buffer[] =>
    Array.from({ length: 200 }, () => mutate(Buffer.from(bytes), random));
  const cuts = (bytes: Uint8Array): Uint8Array[] =>
    Array.from({ length: 40 }, () => bytes.slice(0, random.below(bytes.length)));
  const hostile = (
    name: string,
    path: string,
    headers: Stream['headers'],
    bodies: Stream['bodies'],
  ): Kind => ({
    name: `hostile: ${name}`,
    share: 2,
    path,
    headers: headers ?? {},
    ...(bodies !== undefined && { bodies }),
    answers: NO_FAILURE,
  });
  const bomb = arrowStream([{ name: 'a', type: FLOAT64 }], compressed(1, zstdZeros(20_000)));
  return [
    hostile('arrow streams', ANALYZE, ARROW_TYPE, [
      ...corpus('arrow-fuzz-stream'),
      ...corpus('arrow-hostile'),
    ]),
    hostile(
      'arrow files',
      DESCRIBE,
      { 'content-type': 'application/vnd.apache.arrow.file' },
      corpus('arrow-fuzz-file'),
    ),
    hostile('arrow flips', ANALYZE, ARROW_TYPE, flips(table)),
    hostile('arrow cut short', DESCRIBE, ARROW_TYPE, cuts(table)),
    hostile('parquet flips', ANALYZE, PARQUET_TYPE, flips(file)),
    hostile('parquet cut short', ANALYZE, PARQUET_TYPE, cuts(file)),
    hostile('csv', ANALYZE, CSV_TYPE, corpus('csv-fuzz')),
    hostile('json', ANALYZE, JSON_TYPE, corpus('json-parsing')),
    hostile('wrong types', ANALYZE, JSON_TYPE, [
      '{"data":[{"a":"x"},{"a":{}}]}',
      '{"data":7}',
      '{"columns":{"a":[1,[2]]}}',
      '{"data":[{"a":1}],"options":{"n_clusters":"many"}}',
      `{"data":[${'['.repeat(5000)}${']'.repeat(5000)}]}`,
    ]),
    hostile('bombs', ANALYZE, ARROW_TYPE, [bomb]),
    hostile('gzip bombs', ANALYZE, { ...JSON_TYPE, 'content-encoding': 'gzip' }, [
      gzipSync(Buffer.alloc(2e8, 32)),
    ]),
    hostile('unknown paths', '/analytics/nope', JSON_TYPE, ['{}']),
    hostile('unknown models', '/models/nope/predict', JSON_TYPE, ['{"data":[{"a":1}]}']),
    {
      ...hostile('own deadline', ANALYZE, { ...JSON_TYPE, 'x-request-deadline-ms': String(DEADLINE_MS) }, [
        HEAVY,
      ]),
      // 503 where it is plain at once that it would not do.
      answers: /^50[34]$/u,
    },
  ];
}

function corpus(folder: string): Buffer[] {
  const path = join(ROOT, 'test', 'corpora', folder);
  return readdirSync(path).map((name) => readFileSync(join(path, name)));
}
