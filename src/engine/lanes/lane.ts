import type { Worker } from 'node:worker_threads';
import type { Answer, Job } from '../../ports/lanes.js';
import type { LandingArena, WaitingBody } from './arenas.js';

/** A request that was given to the lanes. */
export interface Ticket {
  readonly id: number;
  readonly body: WaitingBody;
  readonly job: Job;
  /** When it was given to the lanes, by performance.now(). */
  readonly since: number;
  /** Until a lane had it, in milliseconds. */
  waitedMs: number | undefined;
  /** Whether the body is still on its way. */
  arriving: boolean;
  /** Whether it waits for the rest of its body, without a lane. */
  parked: boolean;
  /** What its helpers know it by, once a lane has it. */
  generation: number | undefined;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (problem: Error) => void;
  /** Nothing of it is left with any lane. */
  readonly settle: () => void;
}

/** A worker thread, seen from the one that hands out the work. */
export interface Lane {
  readonly worker: Worker;
  /** Started beyond the number of lanes: for small requests alone. */
  readonly reserve: boolean;
  readonly arenas: Set<number>;
  ready: boolean;
  /** The request that it leads. */
  ticket: Ticket | undefined;
  wantsHelp: boolean;
  /** Lanes that were sent to help it, as long as they have not come back. */
  readonly helpers: Set<Lane>;
  /** The request of another lane that it helps with. */
  helping: { leader: Lane; arena: LandingArena; helper: number; calledOff: boolean } | undefined;
  /** When it may help again. */
  restedFrom: number;
  /** Why it was stopped from here. */
  stopped: string | undefined;
}
