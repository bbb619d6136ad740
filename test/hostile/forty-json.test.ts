import { at, JSON_TYPE, type Reply } from '../service.js';
import { describeHostile, expectName, type Hostile, NAMES, PREDICT, summaryOf, warningsOf } from './forty.js';

const rows = (...values: string[]): string => `{"data":[${values.map((v) => `{"val":${v}}`).join(',')}]}`;
const deep = (open: string, close: string): string => open.repeat(200_000) + close.repeat(200_000);

const unreadable: Hostile[] = [
  ['empty body', ''],
  ['white space', ' \n'],
  ['truncated', '{"data":[{"val":1},'],
  ['truncated in a string', '{"data":[{"va'],
  ['trailing garbage', `${rows('1')}x`],
  ['two documents', rows('1') + rows('1')],
  ['two documents on two lines', `${rows('1')}\n${rows('1')}`],
  ['NaN', rows('NaN')],
  ['Infinity', rows('Infinity')],
  ['-Infinity', rows('-Infinity')],
  ['a comment', `/* x */${rows('1')}`],
  ['single quotes', "{'data':[{'val':1}]}"],
  ['hexadecimal', rows('0x10')],
  ['a leading zero', rows('01')],
  ['a trailing comma', '{"data":[{"val":1},]}'],
  ['null at the top', 'null'],
  ['5 at the top', '5'],
  ['"x" at the top', '"x"'],
  ['true at the top', 'true'],
  ['only a BOM', '\ufeff'],
  ['a NUL behind the document', `${rows('1')}\u0000`],
].map(([name = '', body = '']) => ({ name, body, status: 400 }));

const binary: Hostile[] = [
  ['an overlong slash', 'c0af'],
  ['a lone continuation byte', '80'],
  ['a surrogate half (CESU-8)', 'eda080'],
  ['beyond U+10FFFF', 'f4908080'],
  ['a cut sequence', 'e282'],
  ['0xff', 'ff'],
].flatMap(([name = '', hex = '']) => [
  {
    name: `invalid UTF-8 in a string: ${name}`,
    body: Buffer.concat([Buffer.from('{"data":[{"a":"'), Buffer.from(hex, 'hex'), Buffer.from('"}]}')]),
    status: 400,
    code: 'invalid_utf8',
  },
  {
    name: `invalid UTF-8 in a name: ${name}`,
    body: Buffer.concat([Buffer.from('{"data":[{"'), Buffer.from(hex, 'hex'), Buffer.from('":1}]}')]),
    status: 400,
    code: 'invalid_utf8',
  },
]);

const nested: Hostile[] = [
  ['arrays', deep('[', ']')],
  ['arrays, unclosed', '['.repeat(200_000)],
  ['objects', `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`],
  ['in a cell', `{"data":[{"a":${deep('[', ']')}}]}`],
  ['in options', `{"data":[{"a":1}],"options":${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}}`],
  ['in an unknown key', `{"data":[{"a":1}],"x":${deep('[', ']')}}`],
].map(([name = '', body = '']) => ({
  name: `200,000 deep: ${name}, in under 50 ms`,
  body,
  status: 400,
  code: 'too_deep',
  within: 50,
}));

const unusable: Hostile[] = [
  { name: 'an array at the top', body: '[]', status: 422, pointer: '' },
  { name: 'rows without "data"', body: '[{"a":1}]', status: 422, pointer: '' },
  { name: 'no rows', body: '{"data":[]}', status: 422, code: 'no_data', pointer: '/data' },
  { name: 'a row without keys', body: '{"data":[{}]}', status: 422, code: 'no_data', pointer: '/data' },
  {
    name: '1e999',
    body: rows('1', '1e999'),
    status: 422,
    code: 'number_out_of_range',
    pointer: '/data/1/val',
  },
  { name: '-1e999', body: rows('-1e999'), status: 422, code: 'number_out_of_range', pointer: '/data/0/val' },
  {
    name: 'a 5,000-digit integer',
    body: rows('9'.repeat(5000)),
    status: 422,
    code: 'number_out_of_range',
    pointer: '/data/0/val',
  },
  {
    name: 'a lone surrogate in a name',
    body: '{"data":[{"\\ud800":1}]}',
    status: 422,
    code: 'invalid_column_name',
  },
  {
    name: 'a low surrogate before a high one in a name',
    body: '{"data":[{"\\udc00\\ud800":1}]}',
    status: 422,
    code: 'invalid_column_name',
  },
  {
    name: 'a name of 10,000 characters',
    body: `{"data":[{"${'n'.repeat(10_000)}":1}]}`,
    status: 422,
    code: 'invalid_column_name',
  },
  {
    name: '100,000 columns',
    body: `{"data":[{${Array.from({ length: 100_000 }, (_, i) => `"c${i}":1`).join(',')}}]}`,
    status: 422,
    code: 'too_many_columns',
  },
  {
    name: '100,000 columns, a row each',
    body: `{"data":[${Array.from({ length: 100_000 }, (_, i) => `{"c${i}":1}`).join(',')}]}`,
    status: 422,
    code: 'too_many_columns',
  },
  {
    name: '100,000 columns as columns',
    body: `{"columns":{${Array.from({ length: 100_000 }, (_, i) => `"c${i}":[1]`).join(',')}}}`,
    status: 422,
    code: 'too_many_columns',
  },
  {
    name: '100,000 cells that are objects: at most twenty faults',
    body: `{"data":[${'{"a":{}},'.repeat(99_999)}{"a":{}}]}`,
    status: 422,
    code: 'unsupported_value',
  },
];

/** Options that are wrong wherever they are known, and unknown elsewhere. */
const OPTIONS: readonly (readonly [string, unknown])[] = [
  ['colour', 'red'],
  ['n_clusters', 0],
  ['n_clusters', -1],
  ['n_clusters', 1e9],
  ['n_clusters', 2.5],
  ['n_clusters', '3'],
  ['n_clusters', null],
  ['n_clusters', [3]],
  ['n_clusters', {}],
  ['percentiles', 'all'],
  ['percentiles', [1.5]],
  ['columns', 'val'],
  ['columns', [1]],
  ['columns', []],
  ['nan_policy', 'drop'],
  ['engine', 'gpu'],
  ['__proto__', { n_clusters: 1 }],
  ['constructor', {}],
  ['toString', 1],
  ['', 1],
];
const options = OPTIONS.map(([option, value]): Hostile => ({
  name: `option ${JSON.stringify(option)} = ${JSON.stringify(value)}`,
  body: `{"data":[{"val":1}],"options":{${JSON.stringify(option)}:${JSON.stringify(value)}}}`,
  status: 422,
  code: ['unknown_option', 'invalid_option'],
  pointer: new RegExp(`^/options/${option}(/\\d+)?$`, 'u'),
}));

const inQuery: Hostile[] = [
  'colour=red',
  'n_clusters=0',
  'n_clusters=-1',
  'n_clusters=1e9',
  'n_clusters=2.5',
  'n_clusters=abc',
  'percentiles=2',
  '__proto__=1',
  'columns=',
  `${'x'.repeat(3000)}=1`,
  '%00=1',
  '%F0%9F%99%82=%ff',
].map((query) => ({
  name: `query ${query.slice(0, 30)}`,
  body: rows('1', '2', '3'),
  query: `?${query}`,
  status: 422,
  pointer: /^\?./u,
}));

const columns: Hostile[] = [
  {
    name: 'an unknown column',
    body: '{"data":[{"val":1}],"options":{"columns":["val","nope"]}}',
    status: 422,
    code: 'unknown_column',
    pointer: '/options/columns/1',
    except: [PREDICT],
  },
  {
    name: 'an inherited name is no column',
    body: '{"data":[{"val":1}],"options":{"columns":["toString"]}}',
    status: 422,
    code: 'unknown_column',
    pointer: '/options/columns/0',
    except: [PREDICT],
  },
  {
    name: 'an option whose name needs escapes in a pointer',
    body: '{"data":[{"val":1}],"options":{"a/b~c":1}}',
    status: 422,
    code: 'unknown_option',
    pointer: '/options/a~1b~0c',
  },
  {
    name: 'options with "__proto__" as an array',
    body: '{"data":[{"val":1}],"options":["__proto__"]}',
    status: 422,
    pointer: '/options',
  },
  {
    name: 'an option at the top',
    body: '{"data":[{"val":1}],"n_clusters":3}',
    status: 422,
    pointer: '/n_clusters',
  },
];

const std =
  (column: string) =>
  (reply: Reply): void => {
    expect(at(summaryOf(reply, column), 'std')).toBeNull();
    expect(warningsOf(reply).length).toBeGreaterThan(0);
  };

const answered: Hostile[] = [
  { name: 'one row', body: rows('1'), status: 200, check: std('val') },
  {
    name: 'all null',
    body: rows('null', 'null'),
    status: 200,
    check: (reply) => {
      expect(at(summaryOf(reply, 'val'), 'count')).toBe(0);
      expect(warningsOf(reply)).toContain('all_missing');
    },
  },
  {
    name: 'all equal',
    body: rows('5', '5', '5', '5'),
    status: 200,
    check: (reply) => {
      expect(at(summaryOf(reply, 'val'), 'std')).toBe(0);
    },
  },
  {
    name: 'mixed types',
    body: rows('1', '"x"', 'true', 'null'),
    status: 200,
    check: (reply) => {
      expect(at(reply.json, 'details', 'columns', 0, 'type')).toBe('mixed');
      expect(warningsOf(reply)).toContain('mixed_column');
    },
  },
  {
    name: 'ragged rows',
    body: '{"data":[{"a":1},{"b":2},{},{"c":3,"a":4}]}',
    status: 200,
    check: (reply) => {
      expect(at(reply.json, 'details', 'columns')).toEqual([
        { name: 'a', type: 'number', missing: 2 },
        { name: 'b', type: 'number', missing: 3 },
        { name: 'c', type: 'number', missing: 3 },
      ]);
    },
  },
  {
    name: '1e308 and -1e308',
    body: rows('1e308', '-1e308', '1e308', '-1e308'),
    status: 200,
    check: std('val'),
  },
  {
    name: '9007199254740993',
    body: rows('9007199254740993', '1'),
    status: 200,
    check: (reply) => {
      expect(warningsOf(reply)).toContain('precision_loss');
    },
  },
  {
    name: 'the smallest numbers, and zeros with signs',
    body: rows('5e-324', '-5e-324', '-0', '1e-999', '0e99999999'),
    status: 200,
    check: (reply) => {
      expect(at(summaryOf(reply, 'val'), 'count')).toBe(5);
    },
  },
  {
    name: 'of duplicate keys the last wins',
    body: '{"data":[{"a":1,"a":7}]}',
    status: 200,
    check: (reply) => {
      expect(at(summaryOf(reply, 'a'), 'mean')).toBe(7);
    },
  },
  {
    name: 'of duplicate names of columns the last wins',
    body: '{"columns":{"a":[1],"a":[7]}}',
    status: 200,
    check: (reply) => {
      expect(at(summaryOf(reply, 'a'), 'mean')).toBe(7);
    },
  },
  {
    name: 'a name and its escape are one name',
    body: '{"data":[{"\\u0061":1,"a":7},{"a":7}]}',
    status: 200,
    check: (reply) => {
      expect(at(reply.json, 'details', 'columns')).toEqual([{ name: 'a', type: 'number', missing: 0 }]);
    },
  },
];

const named = NAMES.flatMap((name): Hostile[] => {
  const key = JSON.stringify(name);
  const row = (value: number): string => `{${key}:${value},"z":1}`;
  return [
    {
      name: `the name ${key} in rows`,
      body: `{"data":[${[1, 2, 3].map(row).join(',')}]}`,
      status: 200,
      check: expectName(name),
    },
    {
      name: `the name ${key} as a column`,
      body: `{"columns":{${key}:[1,2,3],"z":[1,1,1]}}`,
      status: 200,
      check: expectName(name),
    },
  ];
});

const MEDIA: readonly (readonly [string, Record<string, string>])[] = [
  ['no Content-Type', {}],
  ['an empty one', { 'content-type': '' }],
  ['text/plain', { 'content-type': 'text/plain' }],
  ['application/json5', { 'content-type': 'application/json5' }],
  ['half a media type', { 'content-type': 'application/' }],
  ['a parameter alone', { 'content-type': '; charset=utf-8' }],
  ['charset=utf-16', { 'content-type': 'application/json; charset=utf-16' }],
  ['charset=latin1, behind another parameter', { 'content-type': 'application/json; v=1; charset=latin1' }],
  ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
];
const media = MEDIA.map(([name, headers]): Hostile => ({
  name: `Content-Type: ${name} → 415`,
  headers,
  body: rows('1'),
  status: 415,
}));

const encodings: Hostile[] = ['snappy', 'compress', 'gzip, snappy', 'GZIP2', '*', 'identity, x'].map(
  (encoding) => ({
    name: `Content-Encoding ${encoding} → 415 with Accept-Encoding`,
    headers: { ...JSON_TYPE, 'content-encoding': encoding },
    body: rows('1'),
    status: 415,
    code: 'unsupported_encoding',
  }),
);

describeHostile('JSON that cannot be read', [...unreadable, ...binary, ...nested]);
describeHostile('JSON that cannot be used', [...unusable, ...options, ...inQuery, ...columns]);
describeHostile('JSON that is answered', [...answered, ...named]);
describeHostile('not what it takes', [...media, ...encodings]);
