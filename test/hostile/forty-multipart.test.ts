import { doubleBatch, FLOAT64, stream } from '../fuzz/forge.js';
import { describeHostile, type Hostile } from './forty.js';

const GOOD = '{"data":[{"val":1},{"val":2},{"val":3}]}';
const type = (boundary: string): Record<string, string> => ({
  'content-type': `multipart/form-data; boundary=${boundary}`,
});
const part = (body: string | Buffer, ...headers: string[]): Buffer =>
  Buffer.concat([
    Buffer.from(`--x\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`),
    Buffer.from(body),
    Buffer.from('\r\n'),
  ]);
const DATA = 'Content-Disposition: form-data; name="data"';
const OPTIONS = 'Content-Disposition: form-data; name="options"';
const CSV = 'Content-Type: text/csv';
const JSON_PART = 'Content-Type: application/json';
const END = Buffer.from('--x--\r\n');
const form = (...parts: Buffer[]): Buffer => Buffer.concat([...parts, END]);
const csv = (bytes: number): string => `val\n${'1\n2\n'.repeat(Math.ceil(bytes / 4))}`;

const taken: Hostile[] = [
  // A parser that is given all of it at once may never ask for more.
  ...[10, 16_000, 17_000, 40_000, 60_000, 66_000, 200_000, 2_000_000].map((bytes) => ({
    name: `data of ${bytes} bytes`,
    body: form(part(csv(bytes), DATA, CSV)),
  })),
  {
    name: 'options behind the data',
    body: form(part(GOOD, DATA, JSON_PART), part('{"columns":["val"]}', OPTIONS)),
  },
  {
    name: 'options before the data',
    body: form(part('{"columns":["val"]}', OPTIONS, JSON_PART), part(csv(40_000), DATA, CSV)),
  },
  {
    name: 'Arrow without a type, by its magic',
    body: form(part(stream([{ name: 'a', type: FLOAT64 }], doubleBatch([1, 2])), DATA)),
  },
  {
    name: 'a preamble and an epilogue',
    body: Buffer.concat([
      Buffer.from('for old readers\r\n'),
      form(part(GOOD, DATA, JSON_PART)),
      Buffer.alloc(30_000, 'e'),
    ]),
  },
  {
    name: 'a file name that is a path',
    body: form(part(GOOD, `${DATA}; filename="../../../etc/passwd"`, JSON_PART)),
  },
  { name: 'the boundary inside the data', body: form(part('val,s\n1,--x\n2,-x-\n', DATA, CSV)) },
].map((one) => ({ ...one, headers: type('x'), status: 200 }));

const refused: Hostile[] = [
  { name: 'empty', body: '' },
  { name: 'cut in a header', body: '--x\r\nContent-Disp' },
  { name: 'cut in the data', body: part(GOOD, DATA, JSON_PART).subarray(0, -20) },
  { name: 'cut before the last boundary', body: part(GOOD, DATA, JSON_PART) },
  { name: 'cut before the last boundary, large', body: part(csv(40_000), DATA, CSV) },
  {
    name: 'cut in the last boundary',
    body: Buffer.concat([part(GOOD, DATA, JSON_PART), Buffer.from('--x-')]),
  },
  {
    name: 'another boundary',
    body: Buffer.from(
      form(part(GOOD, DATA, JSON_PART))
        .toString()
        .replaceAll('--x', '--y'),
    ),
  },
  { name: 'a part without headers', body: form(part(GOOD)) },
  { name: 'a part without a name', body: form(part(GOOD, 'Content-Disposition: form-data', JSON_PART)) },
  {
    name: 'a part of another name',
    body: form(part(GOOD, 'Content-Disposition: form-data; name="__proto__"', JSON_PART)),
  },
  { name: 'two parts of data', body: form(part(GOOD, DATA, JSON_PART), part(GOOD, DATA, JSON_PART)) },
  {
    name: 'two parts of options',
    body: form(part('{}', OPTIONS), part('{}', OPTIONS), part(GOOD, DATA, JSON_PART)),
  },
  { name: '10,000 parts', body: form(...Array.from({ length: 10_000 }, () => part('1', DATA, CSV))) },
  { name: 'a header of 20 KB', body: form(part(GOOD, DATA, JSON_PART, `X-Long: ${'x'.repeat(20_000)}`)) },
  {
    name: '1,000 headers',
    body: form(part(GOOD, DATA, ...Array.from({ length: 1000 }, (_, i) => `X-${i}: 1`))),
  },
  { name: 'base64', body: form(part('e30=', DATA, JSON_PART, 'Content-Transfer-Encoding: base64')) },
].map((one) => ({ ...one, headers: type('x'), status: 400, code: 'invalid_multipart' }));

const unusable: Hostile[] = [
  { name: 'no part of data', body: form(part('{}', OPTIONS)), status: 422, pointer: '/data' },
  { name: 'no parts', body: END, status: [400, 422] },
  {
    name: 'options that are no JSON',
    body: form(part('{', OPTIONS), part(GOOD, DATA, JSON_PART)),
    status: 400,
    pointer: '/options',
  },
  {
    name: 'options that are no object',
    body: form(part('[1]', OPTIONS), part(GOOD, DATA, JSON_PART)),
    status: 422,
    pointer: '/options',
  },
  {
    name: 'an unknown option',
    body: form(part('{"colour":1}', OPTIONS), part(GOOD, DATA, JSON_PART)),
    status: 422,
    pointer: '/options/colour',
  },
  {
    name: 'options 200,000 deep',
    body: form(part('['.repeat(60_000), OPTIONS), part(GOOD, DATA, JSON_PART)),
    status: [400, 422],
    within: 50,
  },
  {
    name: 'options of 100 KB',
    body: form(part(`{"columns":["${'x'.repeat(100_000)}"]}`, OPTIONS), part(GOOD, DATA, JSON_PART)),
    status: 413,
  },
  {
    name: 'options in the data and beside it',
    body: form(
      part('{"columns":["val"]}', OPTIONS),
      part('{"data":[{"val":1}],"options":{}}', DATA, JSON_PART),
    ),
    status: 422,
  },
  { name: 'data of an unknown type', body: form(part(GOOD, DATA, 'Content-Type: text/plain')), status: 415 },
  {
    name: 'parts within a part',
    body: form(part('--y\r\n\r\n--y--', DATA, 'Content-Type: multipart/mixed; boundary=y')),
    status: 415,
  },
  {
    name: 'data in another charset',
    body: form(part(GOOD, DATA, 'Content-Type: application/json; charset=utf-16')),
    status: 415,
  },
  {
    name: 'data that is broken',
    body: form(part('{"data":', DATA, JSON_PART)),
    status: 400,
    code: 'invalid_json',
  },
  { name: 'data that is empty', body: form(part('', DATA, JSON_PART)), status: 400 },
].map((one) => ({ ...one, headers: type('x') }));

const boundaries: Hostile[] = [
  ['none', 'multipart/form-data'],
  ['an empty one', 'multipart/form-data; boundary=""'],
  ['one of 71 characters', `multipart/form-data; boundary=${'x'.repeat(71)}`],
  ['one of 8,000 characters', `multipart/form-data; boundary=${'x'.repeat(8000)}`],
].map(([name = '', contentType = '']) => ({
  name: `boundary: ${name}`,
  headers: { 'content-type': contentType },
  body: form(part(GOOD, DATA, JSON_PART)),
  status: [400, 415],
}));

describeHostile('multipart', [...taken, ...refused, ...unusable, ...boundaries]);
