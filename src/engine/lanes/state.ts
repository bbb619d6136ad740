import type { LanesState } from '../../ports/observe.js';
import { Problem } from '../../ports/problem.js';
import type { Span } from '../../ports/trace.js';
import type { Admission } from './admission.js';
import type { ArenaPool } from './arenas.js';
import type { Lane, Ticket } from './lane.js';
import { bytesOf, type Queue } from './queue.js';
import type { Revival } from './revival.js';

/** The lanes as they are now. */
export function stateOf(pool: {
  readonly lanes: ReadonlySet<Lane>;
  readonly waiting: Queue;
  readonly arenas: ArenaPool;
  readonly admission: Admission;
  readonly lost: number;
  readonly revival: Revival;
}): LanesState {
  const { lanes, waiting, arenas, admission, lost, revival } = pool;
  return {
    lanes: lanes.size,
    busy: [...lanes].filter(({ ticket, helping }) => (ticket ?? helping) !== undefined).length,
    waiting: waiting.size,
    waitingBytes: [...waiting].reduce((sum, ticket) => sum + bytesOf(ticket), 0),
    waitingMs: [...waiting].reduce((sum, { share }) => sum + share.ms, 0),
    arenas: arenas.all.size,
    arenaBytes: [...arenas.all].reduce((sum, arena) => sum + arena.bytes, 0),
    reservedBytes: admission.reserved,
    lost,
    available: !revival.failing || [...lanes].some(({ ready }) => ready),
  };
}

/** A failure, with how long its request had waited for a lane, and had one: where the lane itself did not say so. */
export function withWait(failure: unknown, ticket: Ticket | undefined): unknown {
  if (!(failure instanceof Problem) || failure.spans !== undefined || ticket === undefined) return failure;
  const start = performance.timeOrigin + ticket.since;
  const end = performance.timeOrigin + performance.now();
  const taken = ticket.waitedMs === undefined ? end : start + ticket.waitedMs;
  const wait = { 'analytics.queue.wait_ms': Math.round((taken - start) * 1000) / 1000 };
  const spans: Span[] = [{ name: 'queue', start, end: taken, attributes: wait }];
  if (ticket.waitedMs !== undefined) spans.push({ name: 'lane', start: taken, end, attributes: {} });
  failure.spans = JSON.stringify(spans);
  return failure;
}
