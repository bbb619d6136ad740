import type { Worker } from 'node:worker_threads';
import type { Answer, Job } from '../../ports/lanes.js';
import type { ProgressStep } from '../../ports/progress.js';
import type { Share } from './admission.js';
import type { LandingArena, WaitingBody } from './arenas.js';

/** A request that was given to the lanes. */
export interface Ticket {
  readonly id: number;
  readonly body: WaitingBody;
  readonly job: Job;
  /** When it was given to the lanes, by performance.now(). */
  readonly since: number;
  /** When its answer is due, by the same clock. */
  readonly due: number;
  /** When a lane could work at it: it has the job, and the body is whole. By the same clock. */
  began: number | undefined;
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
  /** Told how far it has come, where it is watched. */
  readonly progress: ((step: ProgressStep) => void) | undefined;
  /** Its deadline has passed. */
  readonly expire: () => void;
  /** What it may take; settled when nothing of it is left with any lane. */
  readonly share: Share;
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
  helping:
    { leader: Lane; arena: LandingArena; helper: number; generation: number; calledOff: boolean } | undefined;
  /** When it may help again. */
  restedFrom: number;
  /** Why it was stopped from here. */
  stopped: string | undefined;
}

/** Of a thread that was just started. */
export const laneOf = (worker: Worker, reserve: boolean): Lane => ({
  worker,
  reserve,
  arenas: new Set(),
  ready: false,
  ticket: undefined,
  wantsHelp: false,
  helpers: new Set(),
  helping: undefined,
  restedFrom: 0,
  stopped: undefined,
});

/** The request that a lane is at, its own or one that it helps with. */
export const requestOf = ({ ticket, helping }: Lane): string | undefined =>
  (ticket ?? helping?.leader.ticket)?.job.requestId;
