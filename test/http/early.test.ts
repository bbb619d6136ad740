/** Large JSON bodies are read while they arrive; a client that stalls, leaves or dawdles holds no lane by it. */
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { at, postJson, send, type Service, startService } from '../service.js';

const GOOD = { data: [{ val: 1 }, { val: 2 }, { val: 3 }] };

describe('a JSON body that is read while it arrives', () => {
  let service: Service;
  let expected: unknown;
  const rows = Array.from(
    { length: 110_000 },
    (_, i) => `{"a":${Math.sin(i)},"b":${i % 1000},"c":"s${i % 7}"}`,
  );
  const body = Buffer.from(`{"data":[${rows.join(',')}],"options":{"n_clusters":2}}`);
  // One lane: whoever holds it holds the service.
  beforeAll(async () => {
    service = await startService({ env: { LANES: '1', UPLOAD_GRACE_MS: '1500' } });
    // Chunked: of unknown length, so read once it is whole.
    const whole = await send(`${service.url}/analytics/analyze`, {
      headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
      body: [body],
    });
    expected = at(whole.json, 'meta', 'result_sha256');
    expect(expected).toMatch(/^[0-9a-f]{64}$/u);
  });
  afterEach(async () => {
    const reply = await postJson(`${service.url}/analytics/analyze`, GOOD);
    expect(reply.status).toBe(200);
  });
  afterAll(async () => {
    expect(service.output()).not.toContain('a lane ended');
    expect(await service.stop()).toBe(0);
  });

  function open(): { socket: Socket; answer: Promise<string> } {
    const { port } = new URL(service.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      `POST /analytics/analyze HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const answer = new Promise<string>((resolve) => {
      socket.on('close', () => {
        resolve(text);
      });
      socket.on('error', () => undefined);
    });
    return { socket, answer };
  }

  const digestOf = (answer: string): unknown => {
    expect(answer.slice(0, 15)).toBe('HTTP/1.1 200 OK');
    return at(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as never, 'meta', 'result_sha256');
  };

  test('is large enough', () => {
    expect(body.length).toBeGreaterThan(4 * 2 ** 20);
  });

  test('has the answer that it has when it is read whole', async () => {
    for (let i = 0; i < 3; i++) {
      const reply = await send(`${service.url}/analytics/analyze`, {
        headers: { 'content-type': 'application/json' },
        body,
      });
      expect(at(reply.json, 'meta', 'result_sha256')).toBe(expected);
    }
  });

  test('in pieces with pauses too', async () => {
    const { socket, answer } = open();
    const size = Math.ceil(body.length / 7);
    for (let from = 0; from < body.length; from += size) {
      socket.write(body.subarray(from, from + size));
      await pause(from > body.length / 2 ? 120 : 5);
    }
    expect(digestOf(await answer)).toBe(expected);
  });

  test('a stall gives the lane to others; the answer comes when the rest has come', async () => {
    const { socket, answer } = open();
    socket.write(body.subarray(0, body.length - 100_000));
    await pause(100);
    const started = performance.now();
    const reply = await postJson(`${service.url}/analytics/analyze`, GOOD);
    expect(reply.status).toBe(200);
    expect(performance.now() - started).toBeLessThan(1000);
    socket.write(body.subarray(body.length - 100_000));
    expect(digestOf(await answer)).toBe(expected);
  });

  test('a client that leaves leaves nothing behind', async () => {
    for (let i = 0; i < 5; i++) {
      const { socket, answer } = open();
      socket.write(body.subarray(0, body.length - 50_000));
      await pause(40);
      socket.destroy();
      await answer;
    }
    const reply = await send(`${service.url}/analytics/analyze`, {
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect(at(reply.json, 'meta', 'result_sha256')).toBe(expected);
  });

  test('a client that never sends the rest is 408', async () => {
    const { socket, answer } = open();
    socket.write(body.subarray(0, body.length - 50_000));
    expect((await answer).slice(0, 12)).toBe('HTTP/1.1 408');
  });

  test('what is wrong is said as ever', async () => {
    const broken = Buffer.from(body);
    broken.write('@', body.length - 100_000);
    const reply = await send(`${service.url}/analytics/analyze`, {
      headers: { 'content-type': 'application/json' },
      body: broken,
    });
    expect([reply.status, at(reply.json, 'code')]).toEqual([400, 'invalid_json']);
    expect(at(reply.json, 'detail')).toContain(`at byte ${body.length - 100_000}`);
  });
});
