import type { Ticket } from './lane.js';

/** A body from this size on makes a large request: it may hold a lane for long. */
const LARGE_BODY = 2 ** 20;

/** Bytes of its body, as far as it is known. */
export const bytesOf = ({ body }: Ticket): number => Math.max(body.length, body.expectedBytes);

export const isLarge = (ticket: Ticket): boolean =>
  Math.max(bytesOf(ticket), ticket.share.weight) >= LARGE_BODY;

/** Requests that wait for a lane, in order. */
export class Queue {
  readonly #tickets = new Set<Ticket>();

  get size(): number {
    return this.#tickets.size;
  }

  [Symbol.iterator](): Iterator<Ticket> {
    return this.#tickets.values();
  }

  get hasSmall(): boolean {
    return [...this.#tickets].some((ticket) => !isLarge(ticket));
  }

  push(ticket: Ticket): void {
    this.#tickets.add(ticket);
  }

  /** One that had a lane already comes before all others. */
  putBack(ticket: Ticket): void {
    const others = [...this.#tickets];
    this.#tickets.clear();
    this.#tickets.add(ticket);
    for (const other of others) this.#tickets.add(other);
  }

  /** False when it did not wait. */
  remove(ticket: Ticket): boolean {
    return this.#tickets.delete(ticket);
  }

  /**
   * The first that a lane may take. Those whose deadline has passed are ended, also where the timer that tells them is late:
   * no lane is given work that nobody waits for.
   */
  take(may: (ticket: Ticket) => boolean): Ticket | undefined {
    const now = performance.now();
    for (const ticket of this.#tickets) {
      if (ticket.due <= now) ticket.expire();
      else if (may(ticket)) {
        this.#tickets.delete(ticket);
        return ticket;
      }
    }
    return undefined;
  }
}
