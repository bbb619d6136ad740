import type { Asked, Landing } from '../../ports/lanes.js';
import type { Admission, Share } from './admission.js';
import { type ArenaPool, WaitingBody } from './arenas.js';
import type { Ticket } from './lane.js';

/** Bytes of a body whose Buffers are collected together: a millisecond, and no more garbage than this. */
const SWEEP = 8 * 2 ** 20;

/** A body that no ticket has taken over yet, or whose ticket reads it as it arrives. */
export interface Landed {
  readonly body: WaitingBody;
  readonly share: Share;
  ticket: Ticket | undefined;
}

/** What happens to tickets whose body is still arriving. */
export interface Arrivals {
  /** It is whole. */
  readonly whole: (ticket: Ticket) => void;
  /** The rest will not come. */
  readonly brokenOff: (ticket: Ticket) => void;
}

/** The bodies that are on their way. */
export class Landings {
  readonly #landed = new Map<Landing, Landed>();

  constructor(
    readonly arenas: ArenaPool,
    readonly admission: Admission,
    readonly sweep: () => void,
    readonly arrivals: Arrivals,
  ) {}

  /** Throws Problem `overloaded`, `out_of_memory`. */
  land(asked: Asked): Landing {
    const { bytes: expectedBytes } = asked;
    const share = this.admission.admit(asked);
    const body = this.#body(expectedBytes, share);
    const own: Landed = { body, share, ticket: undefined };
    const { arrivals, sweep } = this;
    const landed = this.#landed;
    const landing: Landing = {
      get length() {
        return body.length;
      },
      write(bytes) {
        body.write(bytes);
        if (Math.floor(body.length / SWEEP) > Math.floor((body.length - bytes.length) / SWEEP)) sweep();
        if (own.ticket !== undefined && body.length >= expectedBytes) {
          landed.delete(landing);
          arrivals.whole(own.ticket);
        }
        share.grow(body.length);
      },
      place(bytes) {
        const memory = body.next(bytes);
        share.grow(body.length);
        return memory;
      },
      release() {
        if (!landed.delete(landing)) return;
        if (own.ticket !== undefined) {
          arrivals.brokenOff(own.ticket);
          return;
        }
        body.give();
        share.settle();
      },
    };
    landed.set(landing, own);
    return landing;
  }

  /** What landed, to be run: it stays here only while it `arrives`. Once is all. */
  take(landing: Landing, arrives: boolean): Landed {
    const own = this.#landed.get(landing);
    if (own === undefined || own.ticket !== undefined) throw new RangeError('a landing is run once');
    if (!arrives) this.#landed.delete(landing);
    own.share.whole(arrives ? own.body.expectedBytes : own.body.length);
    return own;
  }

  #body(expectedBytes: number, share: Share): WaitingBody {
    try {
      return new WaitingBody(this.arenas, expectedBytes);
    } catch (error) {
      share.settle();
      throw error;
    }
  }
}
