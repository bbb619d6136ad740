import { exchange, type Part } from '../fuzz/wire.js';
import { at, JSON_TYPE, send, type Service, startService } from '../service.js';
import { DESCRIBING, expectProblem } from './forty.js';

const GRACE_MS = 1000;

describe.each(DESCRIBING)('clients that dawdle: %s', (path) => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ env: { UPLOAD_GRACE_MS: String(GRACE_MS), UPLOAD_FLOOR: '65536' } });
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
    expect(service.output()).not.toMatch(/a lane ended|"level":"error"/u);
  });
  const head = (...lines: string[]): string =>
    `${[`POST ${path} HTTP/1.1`, 'Host: x', 'Content-Type: application/json', ...lines].join('\r\n')}\r\n\r\n`;
  const drips = (drip: string): Part[] => Array.from({ length: 100 }, () => [250, drip]).flat();

  test.each([
    ['a byte now and then', (): Part[] => [head('Content-Length: 100000'), ...drips(' ')]],
    ['no byte at all', (): Part[] => [head('Content-Length: 100000')]],
    ['no byte at all of an upload that has its arena', (): Part[] => [head('Content-Length: 10000000')]],
    ['a chunk now and then', (): Part[] => [head('Transfer-Encoding: chunked'), ...drips('1\r\n \r\n')]],
    ['half a chunk', (): Part[] => [head('Transfer-Encoding: chunked'), 'ffff\r\n{"data":[']],
    [
      'a fast start',
      (): Part[] => [head('Content-Length: 10000000'), Buffer.alloc(500_000, ' '), ...drips(' ')],
    ],
  ])('%s: 408 within the limit + 1.5 s', async (_name, parts) => {
    const port = Number(new URL(service.url).port);
    const { replies, ms } = await exchange(port, parts(), { stopAtReply: true, timeoutMs: 10_000 });
    expect(replies.map(({ status, json }) => [status, at(json, 'code')])).toEqual([[408, 'slow_request']]);
    for (const reply of replies) {
      expectProblem({ ...reply, json: reply.json ?? null });
      expect(reply.headers.connection).toBe('close');
    }
    expect(ms).toBeGreaterThan(GRACE_MS - 100);
    expect(ms).toBeLessThan(2 * GRACE_MS + 1500);
  });

  test('thirty of them at once keep no one else waiting', async () => {
    const port = Number(new URL(service.url).port);
    const slow = Array.from({ length: 30 }, () =>
      exchange(port, [head('Content-Length: 10000000'), ...drips(' ')], { stopAtReply: true }),
    );
    const started = performance.now();
    const good = await send(`${service.url}${path}`, { headers: JSON_TYPE, body: '{"data":[{"val":1}]}' });
    expect(good.status).toBe(200);
    expect(performance.now() - started).toBeLessThan(GRACE_MS);
    for (const { replies } of await Promise.all(slow)) expect([408, 503]).toContain(replies[0]?.status);
    expect(
      (await send(`${service.url}${path}`, { headers: JSON_TYPE, body: '{"data":[{"val":1}]}' })).status,
    ).toBe(200);
  });
});
