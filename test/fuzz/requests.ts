/** Requests drawn from a seed: path, headers, query, body, compression, parts, framing. */
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { DESCRIBING, PATHS } from '../hostile/forty.js';
import { ofKept } from './oracle.js';
import { drawBody, type FuzzBody } from './bodies.js';
import { mutate } from './mutate.js';
import { Random } from './random.js';
import { FIN, type Part } from './wire.js';

export interface FuzzRequest {
  readonly format: string;
  readonly method: string;
  readonly path: string;
  readonly bytes: number;
  /** As it is written to the socket. */
  readonly parts: readonly Part[];
  /** Framing that no one need answer: the connection may just end. */
  readonly broken: boolean;
  /** Nothing was done to it that could be refused. */
  readonly good: boolean;
}

const OPTIONS: Readonly<Record<string, readonly unknown[]>> = {
  columns: [['a'], ['val', 'a'], [], 'a', ['nope'], [1], ['__proto__']],
  percentiles: [[0.5], [0.1, 0.9], [], [2], ['x'], 0.5, [0, 1]],
  n_clusters: [1, 2, 5, 50, 0, -1, 2.5, 1e9, '3', null],
  random_state: [0, 7, 2 ** 32 - 1, 2 ** 32, -1],
  n_init: [1, 3, 0],
  max_iter: [1, 20, 0],
  tol: [0, 1e-4, 1e300, -1],
  popmean: [0, 1e308, '0'],
  alternative: ['less', 'greater', 'two-sided', 'both'],
  confidence_level: [0, 0.5, 1, 2],
  nan_policy: ['omit', 'propagate', 'raise', 'drop'],
  labels: [true, false, 'yes'],
  engine: ['wasm', 'js', 'auto', 'gpu'],
  extended: [true, 'yes'],
  groupby: ['a', 'val', 'nope', 3],
  method: ['pearson', 'kendall', 'x'],
  steps: [[{ name: 'lag' }], [{ name: 'pca', n_components: 1 }, { name: 'fft' }], [{ name: 'x' }], [{}], {}],
  tests: [[{ name: 'shapiro', columns: ['a'] }, { name: 'wilcoxon' }], [{ name: 'x' }], [], [null]],
  colour: ['red'],
  ['__proto__']: [{ n_clusters: 1 }],
};

function drawOptions(random: Random): [string, unknown][] {
  if (random.oneIn(2)) return [];
  const names = Object.keys(OPTIONS);
  return Array.from({ length: random.size(4) }, () => {
    const name = random.pick(names);
    return [name, random.pick(OPTIONS[name] ?? [])] as [string, unknown];
  });
}

const objectText = (options: readonly [string, unknown][]): string =>
  `{${options.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
const queryText = (options: readonly [string, unknown][], random: Random): string => {
  const pairs = options.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  if (random.oneIn(40))
    pairs.push(random.pick(['%', '%ff=%fe', '&&&', '=', 'a', '%00=%00', 'x'.repeat(2000)]));
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
};

/** Puts a body into a part `data`, with options beside it. */
function multipart(body: FuzzBody, options: string | undefined, random: Random): FuzzBody {
  const boundary = random.pick(['x', '----fuzz', 'a b', 'x'.repeat(70), 'x'.repeat(71)]);
  const pieces = [
    ...(options === undefined ? [] : [part('options', 'application/json', Buffer.from(options))]),
    part(random.oneIn(20) ? 'date' : 'data', body.type, body.bytes),
    ...(random.oneIn(20) ? [part('data', 'text/csv', Buffer.from('a\n1\n'))] : []),
  ];
  if (random.oneIn(2)) pieces.reverse();
  const lines = pieces.map((piece) =>
    Buffer.concat([Buffer.from(`--${boundary}\r\n`), piece, Buffer.from('\r\n')]),
  );
  const end = random.oneIn(20) ? '' : `--${boundary}--\r\n`;
  const type = random.oneIn(20) ? 'multipart/form-data' : `multipart/form-data; boundary="${boundary}"`;
  return { format: `multipart ${body.format}`, type, bytes: Buffer.concat([...lines, Buffer.from(end)]) };
}
const part = (name: string, type: string, bytes: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(
      `Content-Disposition: form-data; name="${name}"; filename="../../x"\r\nContent-Type: ${type}\r\n\r\n`,
    ),
    bytes,
  ]);

const TYPES = [
  ...[
    'application/json',
    'application/x-ndjson',
    'text/csv',
    'application/vnd.apache.arrow.stream',
    'text/csv; charset=utf-16',
  ],
  ...[
    'application/vnd.apache.parquet',
    'application/octet-stream',
    'text/plain',
    '',
    'application/json; charset=utf-8',
    ';;;',
  ],
];
const EXTRA: readonly string[] = [
  ...[
    'Accept: application/vnd.apache.arrow.stream',
    'Accept: image/png',
    'Accept: */*;q=0',
    'X-Request-Id: ok-1',
  ],
  ...[
    'X-Request-Id: not ok',
    'traceparent: 00-zz',
    'X-Request-Deadline-Ms: 0',
    'X-Request-Deadline-Ms: 20000',
  ],
  ...[
    'Expect: 100-continue',
    'Connection: close',
    'Content-Encoding: snappy',
    'Range: bytes=0-1',
    'Cookie: a=b',
    'If-Match: *',
  ],
];

/** The request of a seed. */
export function drawRequest(seed: number): FuzzRequest {
  const random = new Random(seed);
  const options = drawOptions(random);
  const inQuery = random.oneIn(2);
  const inBody = options.length > 0 && !inQuery ? objectText(options) : undefined;
  let body = drawBody(random, inBody);
  let good = options.length === 0 && /^(json rows|json columns|ndjson)$/u.test(body.format);
  if (random.oneIn(2)) {
    body = { ...body, bytes: mutate(body.bytes, random) };
    good = false;
  }
  const beside = body.inline === true ? undefined : inBody;
  if (random.oneIn(8)) {
    body = multipart(body, beside, random);
    good = false;
    if (random.oneIn(3)) body = { ...body, bytes: mutate(body.bytes, random) };
  }
  const headers: string[] = [];
  let { type } = body;
  if (random.oneIn(12)) {
    type = random.pick(TYPES);
    good = false;
  }
  if (!random.oneIn(60)) headers.push(`Content-Type: ${type}`);
  else good = false;
  if (random.oneIn(6)) {
    const gzip = random.oneIn(2);
    const packed = gzip ? gzipSync(body.bytes) : brotliCompressSync(body.bytes);
    const damage = random.oneIn(2);
    body = {
      ...body,
      format: `${gzip ? 'gzip' : 'br'} ${body.format}`,
      bytes: damage ? mutate(packed, random) : packed,
    };
    headers.push(`Content-Encoding: ${gzip ? 'gzip' : 'br'}`);
    if (damage) good = false;
  }
  while (random.oneIn(10)) {
    headers.push(random.pick(EXTRA));
    good = false;
  }
  const query = inQuery ? queryText(options, random) : '';
  if (query !== '') good = false;
  const method = random.oneIn(60) ? random.pick(['GET', 'PUT', 'HEAD', 'OPTIONS', 'BREW']) : 'POST';
  const path = random.oneIn(80)
    ? random.pick(['/', '/analytics', '/%ff', '/docs/x', '//', '/openapi.json'])
    : ofKept(random.pick(PATHS));
  if (method !== 'POST' || !DESCRIBING.includes(path)) good = false;
  return {
    format: body.format,
    method,
    path,
    bytes: body.bytes.length,
    ...frame(`${method} ${path}${query}`, headers, body.bytes, random),
    good,
  };
}

/** The same bytes on the wire in one of many ways. */
function frame(
  target: string,
  headers: readonly string[],
  body: Buffer,
  random: Random,
): Pick<FuzzRequest, 'parts' | 'broken'> {
  const head = (...more: string[]): string =>
    `${[`${target} HTTP/1.1`, 'Host: x', ...headers, ...more].join('\r\n')}\r\n\r\n`;
  const broken = random.oneIn(40);
  const last: Part[] = broken ? [FIN] : [];
  if (random.oneIn(3)) {
    const chunks = pieces(body, random).map((piece) =>
      Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]),
    );
    const end = broken ? random.pick(['zz\r\n', '0\r\n', '', 'ffffffffffffffffff\r\n']) : '0\r\n\r\n';
    return { parts: [head('Transfer-Encoding: chunked'), ...chunks, end, ...last], broken };
  }
  const length = broken ? random.pick([body.length + 1, body.length * 2 + 7, -1, 1e20]) : body.length;
  return {
    parts: [head(`Content-Length: ${length}`), ...pieces(body, random), ...last],
    broken,
  };
}

/** Cut at random places; a few pieces only, so that it does not take long. */
function pieces(body: Buffer, random: Random): Buffer[] {
  const list: Buffer[] = [];
  let at = 0;
  const most = random.oneIn(3) ? 40 : 1;
  while (at < body.length && list.length < most - 1) {
    const size = random.size(Math.max(1, body.length >> 1));
    list.push(body.subarray(at, at + size));
    at += size;
  }
  if (at < body.length) list.push(body.subarray(at));
  return list;
}
