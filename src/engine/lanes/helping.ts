import { MOST_HELPERS } from '../team.js';
import type { Lane } from './lane.js';

/** After a request of its own a lane waits for the next one for so long before it helps again. */
const REST_MS = 5;
/** Until a helper whose request is over must be back, else it is ended: what it computes ends within milliseconds. */
const BACK_MS = 200;

/** Sends lanes that have nothing to do to those that lead a large request, and calls them off when they are wanted. */
export class Helping {
  #timer: NodeJS.Timeout | undefined;

  constructor(readonly lanes: ReadonlySet<Lane>) {}

  /** Gives idle lanes to the leaders that want help, the one with the fewest helpers first. */
  assign(): void {
    const now = performance.now();
    for (const lane of this.lanes) {
      if (!idle(lane) || lane.reserve) continue;
      const leader = this.#leader();
      if (leader === undefined) return;
      const wait = lane.restedFrom - now;
      if (wait <= 0) send(lane, leader);
      else this.#later(wait);
    }
  }

  /** Calls off one helper for each of `wanted` requests, those counted that were called off before. */
  callOff(wanted: number): void {
    const helpers = [...this.lanes].filter(({ helping }) => helping !== undefined);
    let missing = wanted - helpers.filter(({ helping }) => helping?.calledOff).length;
    for (const { helping } of helpers) {
      if (missing <= 0 || helping === undefined) return;
      if (helping.calledOff) continue;
      helping.calledOff = true;
      helping.arena.control.callOff(helping.helper);
      missing--;
    }
  }

  #leader(): Lane | undefined {
    let chosen: Lane | undefined;
    let fewest = MOST_HELPERS;
    for (const lane of this.lanes) {
      if (!lane.wantsHelp || lane.ticket === undefined) continue;
      const helpers = [...this.lanes].filter(({ helping }) => helping?.leader === lane).length;
      if (helpers >= fewest) continue;
      chosen = lane;
      fewest = helpers;
    }
    return chosen;
  }

  #later(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.assign();
    }, ms).unref();
  }
}

export const idle = ({ ready, ticket, helping, stopped }: Lane): boolean =>
  ready && ticket === undefined && helping === undefined && stopped === undefined;

/** A lane has had a request of its own. */
export function rest(lane: Lane): void {
  lane.restedFrom = performance.now() + REST_MS;
}

function send(lane: Lane, leader: Lane): void {
  const arena = leader.ticket?.body.place();
  const generation = leader.ticket?.generation;
  if (arena === undefined || generation === undefined) return;
  const taken = new Set([...leader.helpers].map(({ helping }) => helping?.helper));
  let helper = 1;
  while (taken.has(helper)) helper++;
  arena.control.free(helper);
  lane.helping = { leader, arena, helper, generation, calledOff: false };
  leader.helpers.add(lane);
  const known = lane.arenas.has(arena.id);
  lane.arenas.add(arena.id);
  const { id, start, memory } = arena;
  const message = { type: 'help', arena: id, start, generation, helper } as const;
  lane.worker.postMessage(known ? message : { ...message, memory });
}

/** It helps no longer. */
export function left(lane: Lane): void {
  lane.helping?.leader.helpers.delete(lane);
  lane.helping = undefined;
}

/**
 * The request that a lane led has failed: its helpers stop. Those that do not come back are ended, for nobody would call
 * them again.
 */
export function dismiss(leader: Lane, ticket = leader.ticket): void {
  const control = ticket?.body.arena?.control;
  control?.cancel();
  control?.close();
  for (const lane of leader.helpers) {
    const sent = lane.helping;
    setTimeout(() => {
      if (lane.helping !== sent) return;
      lane.stopped = 'a request that it helped with failed, and it did not come back';
      void lane.worker.terminate();
    }, BACK_MS);
  }
}
