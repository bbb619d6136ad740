import { randomUUID } from 'node:crypto';

/** A status line's end, a code and a sentence. */
type Words = readonly [status: string, code: string, detail: string];

/** Limits that are named in refusals. */
export interface HeaderLimits {
  readonly headersMs: number;
  readonly maxHeaderBytes: number;
}

/** Codes of refusals below HTTP, for OpenAPI. */
export const TRANSPORT_CODES = ['invalid_http', 'headers_too_large'];

export const HOSTLESS: Words = ['400 Bad Request', 'invalid_http', 'expected a Host header, got none'];
export const SURPLUS: Words = [
  '503 Service Unavailable',
  'overloaded',
  'expected fewer connections (MAX_CONNECTIONS), got one more than may be',
];

/** What is said of a request that never became one, by the code of Node's error. */
export function wordsOf(error: NodeJS.ErrnoException, { headersMs, maxHeaderBytes }: HeaderLimits): Words {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return [
        '431 Request Header Fields Too Large',
        'headers_too_large',
        `expected headers of at most ${maxHeaderBytes} bytes (MAX_HEADER_BYTES), got more`,
      ];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [
        '408 Request Timeout',
        'slow_request',
        `expected headers within ${headersMs / 1000} s (HEADERS_MS), got fewer`,
      ];
    default:
      return [
        '400 Bad Request',
        'invalid_http',
        'expected a well-formed HTTP request, got one that does not parse',
      ];
  }
}

export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An answer in problem+json that no handler gave. */
export function refusal([line, code, detail]: Words): Refusal {
  const [number = '400', ...title] = line.split(' ');
  const id = randomUUID();
  const status = Number(number);
  const about = { type: 'about:blank', title: title.join(' '), status, detail, code };
  const body = JSON.stringify({ ...about, request_id: id, errors: [] });
  const headers = {
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    'x-request-id': id,
    ...(status === 503 && { 'retry-after': String(1 + Math.floor(Math.random() * 3)) }),
    connection: 'close',
  };
  return { status, headers, body };
}

/** The same as bytes, where there is nothing that it answers. */
export function rawRefusal(words: Words): string {
  const { headers, body } = refusal(words);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${words[0]}`, ...lines, '', body].join('\r\n');
}
