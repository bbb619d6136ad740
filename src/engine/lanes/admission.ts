import type { Asked } from '../../ports/lanes.js';
import { Problem } from '../../ports/problem.js';
import type { Estimate, Estimates } from './estimate.js';

/** A decoded body and its columns take about this many times the body. */
const GROWTH = 3;
/** What a request counts at least. */
const LEAST = 1 << 20;
/**
 * A request that would wait so much of its deadline, its own work included, would probably not be answered in time, and the
 * lane that took it up would work for nobody: it is better told at once. The estimates are means, so not all of it.
 */
const PATIENCE = 0.75;

/** What one admitted request may take. */
export interface Share {
  /** Time that it is expected to take a lane. */
  readonly ms: number;
  /** Bytes that it is estimated by. */
  readonly weight: number;
  /** Its body has so many bytes by now. Throws Problem `overloaded`. */
  readonly grow: (length: number) => void;
  /** Its body is whole. */
  readonly whole: (length: number) => void;
  /** A lane has it. */
  readonly begin: () => void;
  /** No lane has it any more, though it is not done: it waits again. */
  readonly pause: () => void;
  /** Gives it back; once is enough. */
  readonly settle: () => void;
}

export interface Bounds {
  readonly lanes: number;
  /** Requests that may wait, the bytes of their bodies, and their work for each lane in milliseconds. */
  readonly queue: number;
  readonly queueBytes: number;
  readonly queueMs: number;
  /** Bytes that requests in hand may take. */
  readonly memoryBudget: number;
}

interface Held {
  readonly asked: Asked;
  bytes: number;
  reserved: number;
  estimate: Estimate;
  /** When a lane took it, by performance.now(). */
  since: number | undefined;
}

/**
 * Counts the requests in hand, and what they may take together. As many as there are lanes have a seat, from when their body
 * begins to land: they run or are about to, and only memory bounds them. The others wait, and the oldest of them gets the
 * next seat. Bounds refuse what would have to wait, never what comes alone: one may wait whatever its size.
 */
export class Admission {
  readonly #seated = new Set<Held>();
  readonly #waiting = new Set<Held>();
  #reserved = 0;
  #waitingBytes = 0;
  #waitingMs = 0;
  #knownMs = 0;

  constructor(
    readonly bounds: Bounds,
    readonly estimates: Estimates,
  ) {}

  /** Bytes that requests in hand count for. */
  get reserved(): number {
    return this.#reserved;
  }

  /** Estimated time until a request that came now would have a lane, in milliseconds. */
  get waitMs(): number {
    return this.#wait(this.#waitingMs, () => true);
  }

  /** Why a request would be refused now; undefined: it would be admitted. */
  refusal(asked: Asked): string | undefined {
    const { bytes, endpoint, deadlineMs } = asked;
    const { lanes, queue, queueBytes, queueMs } = this.bounds;
    const inHand = this.#seated.size + this.#waiting.size;
    if (inHand >= lanes + queue) return `expected at most ${queue} requests waiting, got one more`;
    if (inHand > 0 && this.#reserved + reservedFor(asked) > this.bounds.memoryBudget) return this.#overBudget;
    if (inHand < lanes) return undefined;
    if (this.#waiting.size > 0) {
      if (this.#waitingBytes + bytes > queueBytes)
        return `expected bodies of at most ${queueBytes} bytes waiting (MAX_QUEUE_BYTES), got more`;
      if (this.#waitingMs > queueMs * lanes)
        return `expected at most ${queueMs} ms of work waiting for each lane (MAX_QUEUE_MS), got more`;
    }
    if (deadlineMs === undefined) return undefined;
    const known = ({ estimate }: Held): boolean => estimate.known;
    const wait = this.#wait(this.#knownMs, known);
    const own = this.estimates.of(endpoint, weightOf(asked, bytes));
    return wait > 0 && wait + (own.known ? own.ms : 0) > deadlineMs * PATIENCE
      ? 'expected a deadline that can be met, got one that would pass while the request waits'
      : undefined;
  }

  /** Throws Problem `overloaded`. */
  admit(asked: Asked): Share {
    const refused = this.refusal(asked);
    if (refused !== undefined) throw new Problem('overloaded', refused);
    const { bytes } = asked;
    const estimate = this.#estimate(asked, bytes);
    const held: Held = { asked, bytes, reserved: reservedFor(asked), estimate, since: undefined };
    this.#reserved += held.reserved;
    if (this.#seated.size < this.bounds.lanes) this.#seated.add(held);
    else this.#add(held);
    let settled = false;
    return {
      get ms() {
        return held.estimate.ms;
      },
      get weight() {
        return weightOf(held.asked, held.bytes);
      },
      grow: (length) => {
        if (settled) return;
        if (length > held.bytes) this.#becomes(held, length);
        const more = length * GROWTH - held.reserved;
        if (more <= 0) return;
        held.reserved += more;
        this.#reserved += more;
        if (this.#reserved > this.bounds.memoryBudget && this.#seated.size + this.#waiting.size > 1)
          throw new Problem('overloaded', this.#overBudget);
      },
      whole: (length) => {
        if (!settled) this.#becomes(held, length);
      },
      begin: () => {
        held.since = performance.now();
      },
      pause: () => {
        held.since = undefined;
      },
      settle: () => {
        if (settled) return;
        settled = true;
        this.#reserved -= held.reserved;
        if (this.#waiting.has(held)) this.#remove(held);
        else this.#seated.delete(held);
        const [next] = this.#waiting;
        if (next === undefined || this.#seated.size >= this.bounds.lanes) return;
        this.#remove(next);
        this.#seated.add(next);
      },
    };
  }

  #wait(waitingMs: number, counts: (held: Held) => boolean): number {
    const { lanes } = this.bounds;
    if (this.#seated.size < lanes) return 0;
    const now = performance.now();
    let left = waitingMs;
    for (const held of this.#seated)
      if (counts(held)) left += Math.max(0, held.estimate.ms - (now - (held.since ?? now)));
    return left / lanes;
  }

  /** No request has a lane for longer than its deadline. */
  #estimate(asked: Asked, bytes: number): Estimate {
    const { endpoint, deadlineMs = Infinity } = asked;
    const estimate = this.estimates.of(endpoint, weightOf(asked, bytes));
    return estimate.ms <= deadlineMs ? estimate : { ...estimate, ms: deadlineMs };
  }

  /** Another length is another estimate. */
  #becomes(held: Held, length: number): void {
    const waits = this.#waiting.has(held);
    if (waits) this.#count(held, -1);
    held.bytes = length;
    held.estimate = this.#estimate(held.asked, length);
    if (waits) this.#count(held, 1);
  }

  #add(held: Held): void {
    this.#waiting.add(held);
    this.#count(held, 1);
  }

  #remove(held: Held): void {
    this.#waiting.delete(held);
    this.#count(held, -1);
  }

  #count({ bytes, estimate }: Held, sign: 1 | -1): void {
    this.#waitingBytes += sign * bytes;
    this.#waitingMs += sign * estimate.ms;
    if (estimate.known) this.#knownMs += sign * estimate.ms;
    // Sums of what comes and goes keep no rounding.
    if (this.#waiting.size === 0) this.#waitingMs = this.#knownMs = 0;
  }

  get #overBudget(): string {
    return `expected requests within MEMORY_BUDGET (${this.bounds.memoryBudget} bytes), got more`;
  }
}

/** Bytes that tell how much work a request is: of a file that is known to grow, those that it grows to. */
const weightOf = ({ decodedBytes = 0 }: Asked, bytes: number): number => Math.max(bytes, decodedBytes);

const reservedFor = (asked: Asked): number => Math.max(weightOf(asked, asked.bytes) * GROWTH, LEAST);
