/** Bodies of every format: drawn tables, and files that other programs wrote. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compressed, doubleBatch, FLOAT64, indices, packed, stream, text, UTF8, zstdZeros } from './forge.js';
import type { Random } from './random.js';

export const ARROW_STREAM = 'application/vnd.apache.arrow.stream';
export const ARROW_FILE = 'application/vnd.apache.arrow.file';
export const PARQUET = 'application/vnd.apache.parquet';

export interface FuzzBody {
  readonly format: string;
  readonly type: string;
  readonly bytes: Buffer;
  /** Options may stand in the body itself. */
  readonly inline?: boolean;
}

type Cell = number | string | boolean | null;
interface DrawnTable {
  readonly names: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

const NAMES = [
  'a',
  'b',
  'val',
  'x y',
  '__proto__',
  'constructor',
  '🙂',
  '=cmd()',
  '../x',
  '"',
  ',',
  '\n',
  '',
  '1',
  'é',
];
const NUMBERS = [0, -0, 1, 1.5, -2, 1e308, -1e308, 5e-324, 2 ** 53, 2 ** 53 + 2, 0.1, 1e21, 1e-7, 123456789];
const WORDS = ['x', '', ' ', 'true', '1', 'NaN', 'null', '\u0000', '"', '\\', '\u2028', '🙂', 'ü'.repeat(50)];

function drawTable(random: Random): DrawnTable {
  const columns = random.oneIn(20) ? random.size(200) : random.size(8);
  const names = [
    ...new Set(Array.from({ length: columns }, (_, i) => (random.oneIn(3) ? random.pick(NAMES) : `c${i}`))),
  ];
  const cells = names.map(() => random.below(5));
  const rows = Array.from({ length: random.oneIn(30) ? random.size(3000) : random.size(40) }, () =>
    cells.map((kind): Cell => {
      if (random.oneIn(12)) return null;
      if (kind === 3) return random.oneIn(2);
      if (kind === 4 && random.oneIn(2)) return random.pick(WORDS);
      return random.oneIn(3) ? random.pick(NUMBERS) : Math.round(random.next() * 1e6) / 10 ** random.below(7);
    }),
  );
  return { names, rows };
}

const field = (cell: Cell): string => {
  const shown = cell === null ? '' : String(cell);
  return /[",\r\n]/u.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown;
};
const rowText = ({ names }: DrawnTable, row: readonly Cell[], omit: (i: number) => boolean): string =>
  `{${names.flatMap((name, i) => (omit(i) ? [] : [`${JSON.stringify(name)}:${JSON.stringify(row[i])}`])).join(',')}}`;

type Draw = (random: Random, options: string | undefined) => FuzzBody;

const rows: Draw = (random, options) => {
  const table = drawTable(random);
  const list = table.rows.map((row) => rowText(table, row, () => random.oneIn(15))).join(',');
  const tail = options === undefined ? '' : `,"options":${options}`;
  return {
    format: 'json rows',
    type: 'application/json',
    bytes: Buffer.from(`{"data":[${list}]${tail}}`),
    inline: true,
  };
};
const columns: Draw = (random, options) => {
  const { names, rows: cells } = drawTable(random);
  const list = names
    .map((name, i) => `${JSON.stringify(name)}:${JSON.stringify(cells.map((row) => row[i]))}`)
    .join(',');
  const tail = options === undefined ? '' : `,"options":${options}`;
  return {
    format: 'json columns',
    type: 'application/json',
    bytes: Buffer.from(`{"columns":{${list}}${tail}}`),
    inline: true,
  };
};
const ndjson: Draw = (random) => {
  const table = drawTable(random);
  const end = random.pick(['\n', '\r\n', '\n\n']);
  const lines = table.rows.map((row) => rowText(table, row, () => random.oneIn(15)) + end);
  return { format: 'ndjson', type: 'application/x-ndjson', bytes: Buffer.from(lines.join('')) };
};
const csv: Draw = (random) => {
  const { names, rows: cells } = drawTable(random);
  const end = random.pick(['\n', '\r\n', '\r']);
  const lines = [names.map(field), ...cells.map((row) => row.map(field))].map((line) => line.join(',') + end);
  return { format: 'csv', type: 'text/csv', bytes: Buffer.from(lines.join('')) };
};
const forged: Draw = (random) => {
  const A = { name: random.pick(NAMES), type: FLOAT64 };
  const word = { name: 's', type: UTF8 };
  const bytes = random.pick([
    (): Buffer =>
      stream([A], doubleBatch(Array.from({ length: random.size(500) }, () => random.pick(NUMBERS)))),
    (): Buffer => stream([A, { name: 'other', type: FLOAT64 }], doubleBatch([1, 2, 3], [4, NaN, Infinity])),
    (): Buffer => stream([word], text([0, 2, 4]), text([0, 1, 4])),
    (): Buffer =>
      stream([{ ...word, dictionary: 1n }], { ...text([0, 2, 4]), dictionary: 1n }, indices(0, 1, 1, 0)),
    (): Buffer => stream([A], compressed(1, packed(131072n, zstdZeros(1)), 16384n)),
    (): Buffer => stream([A], compressed(1, packed(2n ** 23n, zstdZeros(64)), 2n ** 20n)),
    (): Buffer => stream([A]),
  ])();
  return { format: 'arrow forged', type: ARROW_STREAM, bytes };
};

const TEST = join(__dirname, '..');
const SEED_BYTES = 256 * 1024;

/** Files of the fixtures, read once. */
function filesOf(folder: string, ends: RegExp): Buffer[] {
  const path = join(TEST, folder);
  if (!existsSync(path)) return [];
  const names = readdirSync(path).filter((name) => ends.test(name));
  return names.map((name) => readFileSync(join(path, name))).filter(({ length }) => length <= SEED_BYTES);
}
const FILES = {
  streams: [
    ...filesOf('fixtures/arrow', /\.arrows$/u),
    ...filesOf('golden', /\.arrows$/u),
    ...filesOf('corpora/arrow-hostile', /\.arrow$/u),
  ],
  files: [...filesOf('fixtures/arrow', /\.arrow$/u), ...filesOf('golden', /\.arrow$/u)],
  parquet: filesOf('fixtures/parquet', /\.parquet$/u),
  json: filesOf('corpora/json-parsing', /\.json$/u),
  csv: filesOf('corpora/csv-fuzz', /^arrow-csv/u),
};

const ofFiles =
  (format: string, type: string, files: readonly Buffer[], otherwise: Draw): Draw =>
  (random, options) => {
    const bytes = files.length === 0 ? undefined : random.pick(files);
    return bytes === undefined ? otherwise(random, options) : { format, type, bytes };
  };

const streams = ofFiles('arrow stream', ARROW_STREAM, FILES.streams, forged);
const files = ofFiles('arrow file', ARROW_FILE, FILES.files, forged);
const parquet = ofFiles('parquet', PARQUET, FILES.parquet, forged);
const scraps = ofFiles('json scraps', 'application/json', FILES.json, rows);
const hostileCsv = ofFiles('csv scraps', 'text/csv', FILES.csv, csv);

const DRAWS: readonly Draw[] = [
  rows,
  rows,
  columns,
  ndjson,
  csv,
  csv,
  forged,
  streams,
  streams,
  files,
  parquet,
  parquet,
  scraps,
  hostileCsv,
];

/** A body before anything is done to it. `options`: JSON text, put inside where the format can carry it. */
export function drawBody(random: Random, options: string | undefined): FuzzBody {
  return random.pick(DRAWS)(random, options);
}
