import { hash, randomBytes } from 'node:crypto';
import type { RateLimiterMemory } from 'rate-limiter-flexible';

const WINDOW_MS = 60_000;
/** Names that are counted each by itself at a time; further ones share slots. */
const MOST_NAMES = 10_000;

export interface Reading {
  /** Units of the window, these among them. */
  readonly used: number;
  readonly resetMs: number;
}

/**
 * Counts of units by name, over windows of a minute that begin with the first unit. Bounded however many names come. A
 * step of the clock may end a window early, and lengthens none: they are dropped by a timer.
 */
export class Meter {
  readonly #limiter: RateLimiterMemory;
  /** When a name may be forgotten, in the order that they came. */
  readonly #live = new Map<string, number>();
  readonly #salt = randomBytes(16).toString('hex');

  constructor(limiter: RateLimiterMemory) {
    this.#limiter = limiter;
  }

  static async open(): Promise<Meter> {
    // The package loads every store it has.
    const { RateLimiterMemory } = await import('rate-limiter-flexible');
    return new Meter(new RateLimiterMemory({ points: Number.MAX_SAFE_INTEGER, duration: WINDOW_MS / 1000 }));
  }

  async add(name: string, units: number): Promise<Reading> {
    const { consumedPoints, msBeforeNext } = await this.#limiter.penalty(this.#slot(name), units);
    return { used: consumedPoints, resetMs: Math.min(Math.max(msBeforeNext, 0), WINDOW_MS) };
  }

  /** Takes back what was added. */
  async remove(name: string, units: number): Promise<void> {
    await this.#limiter.reward(this.#slot(name), units);
  }

  #slot(name: string): string {
    const now = performance.now();
    for (const [old, until] of this.#live) {
      if (until > now) break;
      this.#live.delete(old);
    }
    if (this.#live.has(name)) return name;
    if (this.#live.size >= MOST_NAMES) return `shared ${hash('sha256', this.#salt + name).slice(0, 2)}`;
    this.#live.set(name, now + WINDOW_MS);
    return name;
  }
}

/** An address as one party: of IPv6 the /64, which one party has whole. */
export function partyOf(address: string): string {
  if (!address.includes(':')) return address;
  const v4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/iu.exec(address)?.[1];
  if (v4 !== undefined) return v4;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const behind = tail === '' ? 0 : tail.split(':').length;
    while (groups.length < 8 - behind) groups.push('0');
  }
  while (groups.length < 4) groups.push('0');
  return `${groups.slice(0, 4).join(':')}::/64`;
}
