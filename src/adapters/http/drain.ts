import { Server, type Socket } from 'node:net';
import type { Connection } from './connection.js';

const TICK_MS = 10;
/** What a turn of the event loop takes at most in which nothing is done. */
const TURN_MS = 0.5;
/** It may take twice as long after so much of waiting, and so on. */
const RELAX_MS = 50;

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
 * given, or the disk is waited for, much may come. The longer it takes, the less strictly it looks: clients that never rest
 * must not hold the stop back.
 */
async function nothingToDo(server: Server, inTime: () => boolean): Promise<void> {
  let connections = 0;
  const count = (): void => {
    connections++;
  };
  server.on('connection', count);
  const began = performance.now();
  let seen = 0;
  let before = 0;
  let after = began;
  const quiet = (): boolean =>
    connections === seen && after - before <= TURN_MS * (1 + (after - began) / RELAX_MS);
  do {
    seen = connections;
    before = after;
    await new Promise((resolve) => setImmediate(resolve));
    after = performance.now();
  } while (!quiet() && inTime());
  server.off('connection', count);
}
