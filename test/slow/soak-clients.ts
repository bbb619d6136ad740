/** Clients that do not behave: they break off, dawdle, leave before their answer, or send what is drawn. */
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Random, seedOf } from '../fuzz/random.js';
import { drawRequest } from '../fuzz/requests.js';
import { exchange } from '../fuzz/wire.js';
import { HEAVY } from './soak-requests.js';

/** Answers of 500 and above that impolite clients had, by what they were at; and how many clients there were. */
export interface Clients {
  readonly sent: number;
  readonly failures: readonly string[];
}

const HEAD = 'POST /analytics/analyze HTTP/1.1\r\nHost: soak\r\nContent-Type: application/json\r\n';
const BODY = JSON.stringify({ columns: { a: Array.from({ length: 2000 }, (_, i) => i % 17) } });
const WAIT_MS = 20_000;

/** Writes what it is given over one connection, and hangs up `afterMs` later. */
async function hangUp(port: number, text: string, afterMs: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined).on('data', () => undefined);
  socket.write(text);
  await pause(afterMs);
  socket.resetAndDestroy();
}

/** Sends a body in pieces, slowly, but not too slowly: it is answered with 200. */
async function dawdle(port: number): Promise<number> {
  const pieces = Array.from({ length: 8 }, (_, i) =>
    BODY.slice((i * BODY.length) / 8, ((i + 1) * BODY.length) / 8),
  );
  const parts = pieces.flatMap((piece) => [piece, 150]);
  const { replies } = await exchange(port, [`${HEAD}Content-Length: ${BODY.length}\r\n\r\n`, ...parts], {
    timeoutMs: WAIT_MS,
  });
  return replies[0]?.status ?? 0;
}

async function drawn(port: number, seed: number): Promise<readonly number[]> {
  const { parts, method } = drawRequest(seed);
  const { replies } = await exchange(port, parts, { method, timeoutMs: WAIT_MS, stopAtReply: true });
  return replies.map(({ status }) => status);
}

/** `rate` clients a second for `seconds`. */
export async function impolite(port: number, seconds: number, rate: number, seed: number): Promise<Clients> {
  const random = new Random(seed);
  const failures: string[] = [];
  const expect = (what: string, statuses: readonly number[]): void => {
    for (const status of statuses) if (status >= 500) failures.push(`${what}: ${status}`);
  };
  const kinds: ((n: number) => Promise<void>)[] = [
    () => hangUp(port, `${HEAD}Content-Length: ${BODY.length}\r\n\r\n${BODY.slice(0, 900)}`, 30),
    () => hangUp(port, `${HEAD}Content-Length: 90000000\r\n\r\n${BODY}`, 100),
    () => hangUp(port, `${HEAD}Content-Length: ${HEAVY.length}\r\n\r\n${HEAVY}`, 60),
    () => hangUp(port, HEAD, 200),
    () => hangUp(port, `${HEAD}Transfer-Encoding: chunked\r\n\r\nffff\r\n{"data":[`, 80),
    async () => {
      const status = await dawdle(port);
      if (status !== 200) failures.push(`a slow upload: ${status}`);
    },
    async (n) => {
      expect(`drawn request ${n}`, await drawn(port, n));
    },
    async (n) => {
      expect(`drawn request ${n}`, await drawn(port, n));
    },
  ];
  const running: Promise<void>[] = [];
  const started = performance.now();
  let sent = 0;
  while (performance.now() - started < seconds * 1000) {
    running.push(random.pick(kinds)(seedOf(seed, sent++)));
    await pause((-Math.log(1 - random.next()) / rate) * 1000);
  }
  await Promise.all(running);
  return { sent, failures };
}
