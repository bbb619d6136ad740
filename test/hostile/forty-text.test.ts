import { at, type Reply } from '../service.js';
import {
  CSV_TYPE,
  describeHostile,
  expectName,
  type Hostile,
  NAMES,
  NDJSON_TYPE,
  summaryOf,
  warningsOf,
} from './forty.js';

type Case = Omit<Hostile, 'headers'>;
const ndjson = (cases: readonly Case[]): Hostile[] => cases.map((one) => ({ ...one, headers: NDJSON_TYPE }));
const csv = (cases: readonly Case[]): Hostile[] => cases.map((one) => ({ ...one, headers: CSV_TYPE }));
const bytes = (before: string, hex: string, after: string): Buffer =>
  Buffer.concat([Buffer.from(before), Buffer.from(hex, 'hex'), Buffer.from(after)]);
const field = (text: string): string => (/[",\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const BAD_UTF8 = ['c0af', '80', 'eda080', 'f4908080', 'ff'];
const std =
  (column: string) =>
  (reply: Reply): void => {
    expect(at(summaryOf(reply, column), 'std')).toBeNull();
    expect(warningsOf(reply).length).toBeGreaterThan(0);
  };
const columnsAre =
  (...expected: object[]) =>
  (reply: Reply): void => {
    expect(at(reply.json, 'details', 'columns')).toEqual(expected);
  };

const refusedNdjson: Case[] = [
  { name: 'empty body', body: '', status: 400 },
  { name: 'truncated', body: '{"a":1}\n{"a":', status: 400 },
  { name: 'trailing garbage', body: '{"a":1}\n{"a":2}x\n', status: 400 },
  { name: 'two rows on a line', body: '{"a":1}{"a":2}\n', status: 400 },
  { name: 'a row on two lines', body: '{"a":1,\n"b":2}\n', status: 400 },
  { name: 'NaN', body: '{"a":NaN}\n', status: 400 },
  { name: 'Infinity', body: '{"a":1}\n{"a":Infinity}\n', status: 400 },
  { name: 'garbage on one line of 10,001', body: `${'{"a":1}\n'.repeat(10_000)}oops\n`, status: 400 },
  ...BAD_UTF8.map((hex) => ({
    name: `invalid UTF-8 ${hex}`,
    body: bytes('{"a":"', hex, '"}\n'),
    status: 400,
    code: 'invalid_utf8',
  })),
  {
    name: '200,000 deep in a cell, in under 50 ms',
    body: `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}\n`,
    status: 400,
    code: 'too_deep',
    within: 50,
  },
  { name: '200,000 deep, unclosed', body: '['.repeat(200_000), status: 400, within: 50 },
  { name: 'scalars', body: '5\n"x"\nnull\n', status: [400, 422] },
  { name: 'an array', body: '[{"a":1}]\n', status: [400, 422] },
  { name: 'rows without keys', body: '{}\n{}\n', status: 422, code: 'no_data' },
  {
    name: '1e999',
    body: '{"a":1}\n{"a":1e999}\n',
    status: 422,
    code: 'number_out_of_range',
    pointer: '/1/a',
  },
  {
    name: 'a 5,000-digit integer',
    body: `{"a":${'9'.repeat(5000)}}\n`,
    status: 422,
    code: 'number_out_of_range',
    pointer: '/0/a',
  },
  {
    name: 'a lone surrogate in a name',
    body: '{"\\udfff":1}\n',
    status: 422,
    code: 'invalid_column_name',
  },
  {
    name: 'a name of 10,000 characters',
    body: `{"${'é'.repeat(10_000)}":1}\n`,
    status: 422,
    code: 'invalid_column_name',
  },
  {
    name: '100,000 columns',
    body: Array.from({ length: 100_000 }, (_, i) => `{"c${i}":1}\n`).join(''),
    status: 422,
    code: 'too_many_columns',
  },
];

const answeredNdjson: Case[] = [
  { name: 'one row', body: '{"val":1}\n', status: 200, check: std('val') },
  { name: 'no newline at the end', body: '{"val":1}', status: 200 },
  { name: 'blank lines and CRLF', body: '\r\n{"val":1}\r\n\r\n \t\n{"val":2}', status: 200 },
  { name: 'all null', body: '{"val":null}\n{"val":null}\n', status: 200 },
  {
    name: 'ragged rows and mixed types',
    body: '{"a":1}\n{"b":"x"}\n{}\n{"b":2,"a":3}\n',
    status: 200,
    check: columnsAre({ name: 'a', type: 'number', missing: 2 }, { name: 'b', type: 'mixed', missing: 2 }),
  },
  { name: '1e308 and -1e308', body: '{"val":1e308}\n{"val":-1e308}\n', status: 200, check: std('val') },
  {
    name: '9007199254740993',
    body: '{"a":9007199254740993}\n{"a":1}\n',
    status: 200,
    check: (reply) => {
      expect(warningsOf(reply)).toContain('precision_loss');
    },
  },
  {
    name: 'of duplicate keys the last wins, as in JSON',
    body: '{"a":1,"a":7}\n',
    status: 200,
    check: (reply) => {
      expect(at(summaryOf(reply, 'a'), 'mean')).toBe(7);
    },
  },
  ...NAMES.map((name) => ({
    name: `the name ${JSON.stringify(name)}`,
    body: [1, 2, 3].map((value) => `{${JSON.stringify(name)}:${value},"z":1}\n`).join(''),
    status: 200,
    check: expectName(name),
  })),
];

const refusedCsv: Case[] = [
  { name: 'empty body', body: '', status: 400, code: 'invalid_csv' },
  { name: 'blank lines', body: '\n\r\n\n', status: 400, code: 'invalid_csv' },
  { name: 'a quote that is not closed', body: 'a,b\n1,"2\n', status: 400, code: 'invalid_csv' },
  {
    name: 'a quote that is not closed in the first line',
    body: '"a,b\n1,2\n',
    status: 400,
    code: 'invalid_csv',
  },
  { name: 'text behind a closing quote', body: 'a,b\n1,"2"x\n', status: 400, code: 'invalid_csv' },
  { name: 'a quote inside a field', body: 'a,b\n1,2"3\n', status: 400, code: 'invalid_csv' },
  { name: 'a line longer than the first', body: 'a,b\n1,2\n3,4,5\n', status: 400, code: 'invalid_csv' },
  ...BAD_UTF8.map((hex) => ({
    name: `invalid UTF-8 ${hex} in a field`,
    body: bytes('a,b\n1,x', hex, '\n'),
    status: 400,
    code: 'invalid_utf8',
  })),
  ...BAD_UTF8.map((hex) => ({
    name: `invalid UTF-8 ${hex} in a name`,
    body: bytes('a,b', hex, '\n1,2\n'),
    status: 400,
    code: 'invalid_utf8',
  })),
  { name: 'UTF-16', body: Buffer.from('\ufeffa,b\n1,2\n', 'utf16le'), status: 400, code: 'invalid_utf8' },
  { name: 'only a line of names', body: 'a,b\n', status: 422, code: 'no_data' },
  {
    name: '1e999',
    body: 'a\n1\n1e999\n',
    status: 422,
    code: 'number_out_of_range',
    pointer: '/1/a',
  },
  {
    name: 'a 5,000-digit integer',
    body: `a\n${'9'.repeat(5000)}\n`,
    status: 422,
    code: 'number_out_of_range',
    pointer: '/0/a',
  },
  { name: 'duplicate names', body: 'a,b,a\n1,2,3\n', status: 422, code: 'duplicate_column' },
  {
    name: 'a name of 10,000 characters',
    body: `${'n'.repeat(10_000)},b\n1,2\n`,
    status: 422,
    code: 'invalid_column_name',
  },
  {
    name: '100,000 columns',
    body: `${Array.from({ length: 100_000 }, (_, i) => `c${i}`).join(',')}\n1\n`,
    status: 422,
    code: 'too_many_columns',
  },
  { name: '200,000 commas', body: `${','.repeat(200_000)}\n`, status: 422, within: 200 },
  { name: '200,000 quotes, odd', body: `a\n${'"'.repeat(200_001)}`, status: 400, within: 200 },
];

const answeredCsv: Case[] = [
  { name: 'one row', body: 'val\n1\n', status: 200, check: std('val') },
  { name: 'no newline at the end, CRLF, a BOM', body: '\ufeffval\r\n1\r\n2', status: 200 },
  {
    name: 'empty fields and short lines',
    body: 'a,b\n1,\n,2\n3\n',
    status: 200,
    check: columnsAre({ name: 'a', type: 'number', missing: 1 }, { name: 'b', type: 'number', missing: 2 }),
  },
  { name: 'nothing but missing fields', body: 'a,b\n,\n,\n', status: 200 },
  { name: 'all equal', body: 'val\n5\n5\n5\n5\n', status: 200 },
  {
    name: 'numbers and words in one column are strings',
    body: 'val\n1\nx\n2\n',
    status: 200,
    check: columnsAre({ name: 'val', type: 'string', missing: 0 }),
  },
  { name: '1e308 and -1e308', body: 'val\n1e308\n-1e308\n', status: 200, check: std('val') },
  {
    name: '9007199254740993',
    body: 'a\n9007199254740993\n1\n',
    status: 200,
    check: (reply) => {
      expect(warningsOf(reply)).toContain('precision_loss');
    },
  },
  {
    name: 'a NUL in a field',
    body: 'a,b\n1,x\u0000y\n',
    status: 200,
    check: columnsAre({ name: 'a', type: 'number', missing: 0 }, { name: 'b', type: 'string', missing: 0 }),
  },
  ...NAMES.filter((name) => name !== '\ufeffbom').map((name) => ({
    name: `the name ${JSON.stringify(name)}`,
    body: `${field(name)},z\n1,1\n2,1\n3,1\n`,
    status: 200,
    check: expectName(name),
  })),
];

/** Options of a body that cannot carry them. */
const options = [
  ...ndjson([{ name: 'NDJSON', body: '{"val":1}\n', status: 422 }]),
  ...csv([{ name: 'CSV', body: 'val\n1\n', status: 422 }]),
].flatMap((one) =>
  ['colour=red', 'n_clusters=0', 'n_clusters=2.5', 'columns=nope', 'columns=__proto__', 'percentiles=x'].map(
    (query): Hostile => ({
      ...one,
      name: `${one.name} with ?${query}`,
      query: `?${query}`,
      pointer: /^\?(colour|n_clusters|columns|percentiles)$/u,
    }),
  ),
);

describeHostile('NDJSON', ndjson([...refusedNdjson, ...answeredNdjson]));
describeHostile('CSV', csv([...refusedCsv, ...answeredCsv]));
describeHostile('options beside NDJSON and CSV', options);
