import type { LanesState } from '../../ports/observe.js';
import type { Admission } from './admission.js';
import type { ArenaPool } from './arenas.js';
import type { Lane } from './lane.js';
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
