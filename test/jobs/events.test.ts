/** Server-sent events over real sockets, with bounds that are small. */
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type EventsOptions, type EventStream, eventStreams } from '../../src/adapters/http/events.js';
import { Problem } from '../../src/ports/problem.js';

const opened: Server[] = [];
afterAll(() => {
  for (const server of opened) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server whose every request opens a stream. */
async function serving(
  options: Partial<EventsOptions>,
  use: (stream: EventStream) => void,
): Promise<{ port: number; codes: string[] }> {
  const open = eventStreams({ accepting: () => true, ...options });
  const codes: string[] = [];
  const server = createServer((request, response) => {
    try {
      use(open(request, response));
    } catch (error) {
      if (error instanceof Problem) codes.push(error.code);
      response.writeHead(500).end();
    }
  });
  opened.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, codes };
}

/** What a client hears until its connection ends or so much time has passed. */
async function heard(
  port: number,
  headers = '',
  ms = 2000,
  method = 'GET',
): Promise<{ text: string; ended: boolean }> {
  const socket = asking(port, headers, method);
  let text = '';
  let ended = false;
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await Promise.race([
    pause(ms, undefined, { ref: false }),
    new Promise<void>((resolve) =>
      socket.once('close', () => {
        ended = true;
        resolve();
      }),
    ),
  ]);
  socket.destroy();
  return { text, ended };
}

function asking(port: number, headers = '', method = 'GET'): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(`${method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers}\r\n`);
  return socket;
}

test('events are lines; the last that was seen is known; the end is behind what was sent', async () => {
  const seen: (string | undefined)[] = [];
  const { port } = await serving({}, (stream) => {
    seen.push(stream.lastId);
    void stream.send([{ id: '8', event: 'progress', data: '{"a":1}' }, { data: 'two\nlines' }]);
    stream.end();
  });
  const { text, ended } = await heard(port, 'Last-Event-ID: 7\r\n');
  expect(ended).toBe(true);
  expect(seen).toEqual(['7']);
  expect(text).toContain('content-type: text/event-stream\r\n');
  expect(text).toContain('cache-control: no-store');
  expect(text).toContain('retry: 2000\n\n');
  expect(text).toContain('id: 8\nevent: progress\ndata: {"a":1}\n\n');
  expect(text).toContain('data: two\ndata: lines\n\n');
  const head = await heard(port, '', 2000, 'HEAD');
  expect([head.ended, head.text.includes('retry')]).toEqual([true, false]);
});

test('a quiet one is kept open by comments, and ends after the time that it may last', async () => {
  const { port } = await serving({ heartbeatMs: 100, longestMs: 700 }, () => undefined);
  const { text, ended } = await heard(port, '', 4000);
  expect(ended).toBe(true);
  expect(text).toContain(':\n\n');
  const short = await heard(port, 'X-Request-Deadline-Ms: 1\r\n', 4000);
  expect(short.ended).toBe(true);
});

test('all end when the service stops, and none is opened then', async () => {
  let accepting = true;
  const { port, codes } = await serving({ accepting: () => accepting }, () => undefined);
  const hearing = heard(port, '', 4000);
  await pause(300);
  accepting = false;
  expect((await hearing).ended).toBe(true);
  await heard(port);
  expect(codes).toEqual(['stopping']);
});

test('who does not read is dropped, and what waits for it is bounded', async () => {
  let sent = 0;
  const overs: true[] = [];
  const { port } = await serving({ bufferBytes: 64 * 1024, patienceMs: 300 }, (stream) => {
    void (async () => {
      const data = 'x'.repeat(64 * 1024);
      while (await stream.send([{ data }])) sent++;
      overs.push(true);
    })();
  });
  const socket = asking(port).pause();
  for (let i = 0; i < 100 && overs.length === 0; i++) await pause(50);
  expect(overs).toEqual([true]);
  // What the system's own buffers took, and no more.
  expect(sent).toBeLessThan(400);
  socket.destroy();
});

test('it ends with its client; one more than may be, or one for who wants no events, is refused', async () => {
  let over = 0;
  const { port, codes } = await serving({ most: 1 }, (stream) => {
    stream.over.addEventListener('abort', () => over++);
  });
  const first = asking(port);
  await pause(200);
  await heard(port);
  await heard(port, 'Accept: application/json\r\n');
  expect(codes).toEqual(['overloaded', 'not_acceptable']);
  first.destroy();
  for (let i = 0; i < 40 && over === 0; i++) await pause(50);
  expect(over).toBe(1);
  const again = asking(port);
  await pause(200);
  expect(codes).toHaveLength(2);
  again.destroy();
});
