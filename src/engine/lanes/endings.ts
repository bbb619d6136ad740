import { Problem } from '../../ports/problem.js';
import type { Watch } from '../../ports/progress.js';
import type { Ticket } from './lane.js';

/** Until a job that was stopped softly is cancelled: it had nothing to give. */
const SOFT_STOP_MS = 400;
const LATE = 'expected an answer before the deadline of the request, got none';
const LEFT = 'expected a client that waits for its answer, got one that left';
const STOPPED = 'expected a job that had something to answer when it was stopped, got none';

/** A lane was told to stop and gave nothing. */
export const gaveNothing = (): Problem => new Problem('slow_request', STOPPED);

/** What ends a ticket before its answer is there, from outside. */
export interface Endings {
  /** Its deadline has passed. */
  readonly expire: () => void;
  /** As if its client had left. */
  readonly leave: () => void;
  /** It is to answer with what it has. */
  readonly stop: () => void;
  /** Waits for any of them. `forget` ends that. */
  readonly begin: () => void;
  readonly forget: () => void;
}

/** `cancel` ends a ticket and says why; `stop` asks its lane for what there is, false: no lane has it. */
export function endingsOf(
  ticket: () => Ticket,
  { deadlineMs, signal, watch }: { deadlineMs: number; signal: AbortSignal; watch: Watch | undefined },
  cancel: (ticket: Ticket, why: string) => void,
  stop: (ticket: Ticket) => boolean,
): Endings {
  const end = (why: (request: string) => string, problem: () => Problem): void => {
    const own = ticket();
    cancel(own, why(own.job.requestId));
    own.reject(problem());
  };
  const expire = (): void => {
    end(
      (request) => `the deadline of request ${request} passed`,
      () => new Problem('deadline_exceeded', LATE),
    );
  };
  const leave = (): void => {
    end(
      (request) => `the client of request ${request} left`,
      () => new Problem('slow_request', LEFT),
    );
  };
  const giveUp = (): void => {
    end((request) => `request ${request} was stopped`, gaveNothing);
  };
  let timer: NodeJS.Timeout | undefined;
  let patience: NodeJS.Timeout | undefined;
  const softly = (): void => {
    if (stop(ticket())) patience = setTimeout(giveUp, SOFT_STOP_MS);
    else giveUp();
  };
  return {
    expire,
    leave,
    stop: softly,
    begin() {
      timer = setTimeout(expire, deadlineMs);
      signal.addEventListener('abort', leave);
      watch?.stop.addEventListener('abort', softly);
    },
    forget() {
      clearTimeout(timer);
      clearTimeout(patience);
      signal.removeEventListener('abort', leave);
      watch?.stop.removeEventListener('abort', softly);
    },
  };
}
