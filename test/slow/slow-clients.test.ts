import { exchange, type Part } from '../fuzz/wire.js';
import { KEPT, ofKept } from '../fuzz/oracle.js';
import { expectProblem, PATHS } from '../hostile/forty.js';
import { at, postJson, type Service, startService } from '../service.js';

/** With the limits as they come: headers within 10 s, 64 KB a second after 10 s. */
describe.each(PATHS)('one byte a second, and headers never finished: %s', (path) => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
    const pipeline = [{ name: 'kmeans', n_clusters: 1 }];
    const stored = { name: KEPT, pipeline, columns: { a: [1, 2] } };
    expect((await postJson(`${service.url}/models`, stored)).status).toBe(201);
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });
  const start = `POST ${ofKept(path)} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`;
  const each = (drip: string): Part[] => Array.from({ length: 40 }, () => [1000, drip]).flat();
  const clients: [string, Part[]][] = [
    ['a body of one byte a second', [`${start}Content-Length: 1000\r\n\r\n`, ...each(' ')]],
    ['a body that never comes', [`${start}Content-Length: 1000\r\n\r\n`]],
    ['headers of one byte a second', [start, ...each('X')]],
    ['a request line that never ends', ['POST ', ...each('/')]],
  ];

  test('408 within 11.5 s, all at once', async () => {
    const port = Number(new URL(service.url).port);
    const exchanges = await Promise.all(
      clients.map(async ([name, parts]) => ({
        name,
        ...(await exchange(port, parts, { stopAtReply: true, timeoutMs: 20_000 })),
      })),
    );
    for (const { name, replies, ms } of exchanges) {
      const said = replies.map(({ status, json }) => [name, status, at(json, 'code')]);
      expect(said).toEqual([[name, 408, 'slow_request']]);
      for (const reply of replies) expectProblem({ ...reply, json: reply.json ?? null });
      expect(ms).toBeGreaterThan(9000);
      expect(ms).toBeLessThan(11_500);
    }
  }, 40_000);
});
