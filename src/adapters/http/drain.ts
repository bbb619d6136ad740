import { Server, type Socket } from 'node:net';
import type { Connection } from './connection.js';

const TICK_MS = 10;
/** What a turn of the event loop takes at most in which nothing is done. */
const TURN_MS = 0.5;

/**
 * Goes on listening for `drainMs` and while a request that was accepted is in hand; then ends connections that are idle, and
 * by force, after `graceMs`, those that are not. Resolves with the number of requests that this cut off.
 */
export async function drain(
  server: Server,
  open: ReadonlyMap<Socket, Connection>,
  drainMs: number,
  graceMs: number,
): Promise<number> {
  const drained = performance.now() + drainMs;
  const late = performance.now() + graceMs;
  const inTime = (): boolean => performance.now() < late;
  const sum = (of: (connection: Connection) => number): number =>
    [...open.values()].reduce((total, connection) => total + of(connection), 0);
  for (const connection of open.values()) connection.leave();
  server.on('connection', (socket: Socket) => open.get(socket)?.leave());

  while ((performance.now() < drained || sum(({ accepted }) => accepted) > 0) && inTime()) await pause();
  await nothingToDo(server, inTime);
  // Not that of node:http, which destroys idle connections.
  Server.prototype.close.call(server);
  while (open.size > 0 && inTime()) {
    await pause();
    await nothingToDo(server, inTime);
    // Each has as long for its last request as those had that were there at the signal.
    for (const connection of open.values()) if (connection.idle(drainMs)) connection.end();
  }
  const cut = sum(({ inHand }) => inHand);
  for (const socket of open.keys()) socket.destroy();
  return cut;
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, TICK_MS));

/**
 * Resolves right behind a look at every socket that found nothing to do, or when the time is up. What a client has sent by
 * then is known, and no connection waits to be accepted: it would be reset with the listening socket. While answers are
 * given, or the disk is waited for, much may come.
 */
async function nothingToDo(server: Server, inTime: () => boolean): Promise<void> {
  let events = 0;
  const count = (): void => {
    events++;
  };
  server.on('connection', count).on('request', count);
  let seen = 0;
  let before = 0;
  let after = performance.now();
  do {
    seen = events;
    before = after;
    await new Promise((resolve) => setImmediate(resolve));
    after = performance.now();
  } while ((events > seen || after - before > TURN_MS) && inTime());
  server.off('connection', count).off('request', count);
}
