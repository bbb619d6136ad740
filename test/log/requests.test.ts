/** A line for each request: what was asked and how it went, never with which values. */
import { makeTable, tableToIPC } from 'apache-arrow';
import { setTimeout as pause } from 'node:timers/promises';
import { JSON_TYPE, postJson, send, type Service, startService, STREAM_TYPE } from '../service.js';
import { CSV_TYPE, NDJSON_TYPE } from '../hostile/forty.js';
import { multipart, MULTIPART_TYPE, type Part } from '../hostile/wire.js';
import { lineOf, linesOf } from './lines.js';

describe('a line for each request', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ env: { LANES: '1' } });
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });

  test('what a lane did for it', async () => {
    const body = JSON.stringify({ data: [{ a: 1 }, { a: 2 }, { a: 3 }] });
    const reply = await send(`${service.url}/analytics/analyze?popmean=2`, {
      headers: { ...JSON_TYPE, 'x-request-id': 'line-1' },
      body,
    });
    const line = await lineOf(service, ({ request_id }) => request_id === 'line-1');
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/u) as string,
      service: 'analytics-service',
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/u) as string,
      request_id: 'line-1',
      method: 'POST',
      route: '/analytics/analyze',
      status: 200,
      duration_ms: expect.any(Number) as number,
      bytes_in: expect.any(Number) as number,
      bytes_out: reply.bytes.length,
      format: 'json',
      engine: 'wasm',
      rows: 3,
      wait_ms: expect.any(Number) as number,
      decode_ms: expect.any(Number) as number,
      compute_ms: expect.any(Number) as number,
      encode_ms: expect.any(Number) as number,
      msg: 'request',
    });
  });

  test('a mistake of the client, with its code; a path that is none by no name', async () => {
    await postJson(`${service.url}/analytics/analyze`, { data: 7 }, { 'x-request-id': 'line-2' });
    expect(await lineOf(service, ({ request_id }) => request_id === 'line-2')).toMatchObject({
      level: 'info',
      status: 422,
      code: 'invalid_request',
    });
    await send(`${service.url}/nope/SENTINEL?x=SENTINEL`, {
      method: 'GET',
      headers: { 'x-request-id': 'line-3' },
    });
    expect(await lineOf(service, ({ request_id }) => request_id === 'line-3')).toMatchObject({
      route: 'unknown',
      status: 404,
      code: 'not_found',
    });
  });

  test('a deadline that passed is a warning', async () => {
    const columns = { a: Array.from({ length: 20_000 }, (_, i) => Math.sin(i)) };
    const options = { n_clusters: 4000, tol: 0 };
    const headers = { 'x-request-id': 'line-4', 'x-request-deadline-ms': '100' };
    await postJson(`${service.url}/analytics/analyze`, { columns, options }, headers);
    expect(await lineOf(service, ({ request_id }) => request_id === 'line-4')).toMatchObject({
      level: 'warn',
      status: 504,
      code: 'deadline_exceeded',
    });
  });

  test('health is of interest to nobody while it answers', async () => {
    await send(`${service.url}/health/live`, { method: 'GET', headers: { 'x-request-id': 'line-5' } });
    await pause(100);
    expect(linesOf(service).filter(({ request_id }) => request_id === 'line-5')).toEqual([]);
  });
});

test('debug: health, too', async () => {
  const service = await startService({ env: { LOG_LEVEL: 'debug', LANES: '1' } });
  await send(`${service.url}/health/live`, { method: 'GET', headers: { 'x-request-id': 'line-6' } });
  expect(await lineOf(service, ({ request_id }) => request_id === 'line-6')).toMatchObject({
    level: 'debug',
    route: '/health/live',
  });
  expect(await service.stop()).toBe(0);
});

test('no value of the data, no name of a column, no query, no header is in the log', async () => {
  const service = await startService({ env: { LANES: '1', LOG_LEVEL: 'debug' } });
  const secret = 'SENTINEL';
  const number = 424242.125;
  const analyze = `${service.url}/analytics/analyze`;
  const rows = [{ [`${secret}-name`]: number }, { [`${secret}-name`]: 1 }, { [`${secret}-name`]: 2 }];
  const csv = `${secret}-name,b\n${number},1\n2,${secret}\n`;
  const arrow = tableToIPC(makeTable({ [`${secret}-name`]: Float64Array.from([number, 1, 2]) }), 'stream');
  const part = (name: string, type: string, content: string): Part => {
    return { name, type, content };
  };
  const form = multipart([
    part('options', 'application/json', JSON.stringify({ columns: [secret] })),
    part('data', 'text/csv', csv),
    part(secret, 'text/plain', secret),
  ]);
  const asked = await Promise.all([
    postJson(analyze, { data: rows }),
    postJson(`${analyze}?columns=${secret}&${secret}=${secret}`, { data: rows }),
    postJson(analyze, { data: rows, options: { columns: [secret], [secret]: secret } }),
    postJson(analyze, { data: rows }, { 'x-sentinel': secret, accept: secret, cookie: secret }),
    postJson(analyze, { data: rows }, { 'x-request-id': `${secret}!`, traceparent: secret }),
    postJson(analyze, { data: rows }, { authorization: `Bearer ${secret}`, 'x-request-deadline-ms': secret }),
    send(analyze, { headers: JSON_TYPE, body: `{"data":[{"${secret}":${secret}}]}` }),
    send(analyze, { headers: { 'content-type': secret }, body: secret }),
    send(analyze, { headers: NDJSON_TYPE, body: `{"${secret}":1}\n{"${secret}":"${secret}"}\n` }),
    send(analyze, { headers: CSV_TYPE, body: csv }),
    send(`${service.url}/analytics/describe`, { headers: STREAM_TYPE, body: arrow }),
    send(`${service.url}/analytics/describe`, { headers: STREAM_TYPE, body: arrow.slice(0, 300) }),
    send(analyze, { headers: MULTIPART_TYPE, body: form }),
    send(`${service.url}/${secret}/${secret}?a=${secret}`, { method: 'GET' }),
    send(`${service.url}/models/${secret}`, { method: 'GET' }),
    send(`${service.url}/analytics/analyze`, { method: secret, headers: {} }),
    postJson(`${service.url}/models`, {
      name: 'm',
      pipeline: [{ name: secret, [secret]: secret }],
      data: rows,
    }),
    postJson(`${service.url}/models`, {
      name: 'm',
      target: secret,
      pipeline: [{ name: 'kmeans' }],
      data: rows,
    }),
    postJson(`${service.url}/models`, {
      name: 'm',
      pipeline: [{ name: 'kmeans', n_clusters: 2 }],
      data: rows,
    }),
    postJson(`${service.url}/models/${secret}/predict`, { data: rows }),
    postJson(`${service.url}/v2/models/${secret}/infer`, { inputs: [{ name: secret, data: [secret] }] }),
    postJson(`${service.url}/invocations?model=${secret}`, { instances: [secret] }),
  ]);
  expect(asked.filter(({ status }) => status === 200 || status === 201).length).toBeGreaterThanOrEqual(4);
  await pause(200);
  expect(await service.stop()).toBe(0);
  const lines = linesOf(service).filter(({ msg }) => msg === 'request');
  // One that is no method of HTTP ends before it is a request.
  expect(lines.length).toBeGreaterThanOrEqual(asked.length - 1);
  expect(service.output()).not.toMatch(/SENTINEL/iu);
  expect(service.output()).not.toContain('424242');
});
