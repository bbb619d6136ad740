import { Problem } from '../../ports/problem.js';

/** A decoded body and its columns take about this many times the body. */
const GROWTH = 3;
/** What a request counts at least. */
const LEAST = 1 << 20;

/** What one admitted request may take. */
export interface Share {
  /** Its body has so many bytes by now. Throws Problem `overloaded`. */
  readonly grow: (length: number) => void;
  /** Gives it back; once is enough. */
  readonly settle: () => void;
}

/** Counts the requests in hand, and the bytes that they may take together. */
export class Admission {
  #admitted = 0;
  #reserved = 0;

  constructor(
    readonly places: number,
    readonly queue: number,
    readonly memoryBudget: number,
  ) {}

  /** Bytes that requests in hand count for. */
  get reserved(): number {
    return this.#reserved;
  }

  /** Throws Problem `overloaded`. */
  admit(expectedBytes: number): Share {
    if (this.#admitted >= this.places)
      throw new Problem('overloaded', `expected at most ${this.queue} requests waiting, got one more`);
    let held = Math.max(expectedBytes * GROWTH, LEAST);
    if (this.#admitted > 0 && this.#reserved + held > this.memoryBudget) throw this.#overBudget();
    this.#admitted++;
    this.#reserved += held;
    let settled = false;
    return {
      grow: (length) => {
        const more = length * GROWTH - held;
        if (more <= 0 || settled) return;
        held += more;
        this.#reserved += more;
        if (this.#reserved > this.memoryBudget && this.#admitted > 1) throw this.#overBudget();
      },
      settle: () => {
        if (settled) return;
        settled = true;
        this.#admitted--;
        this.#reserved -= held;
      },
    };
  }

  #overBudget(): Problem {
    return new Problem(
      'overloaded',
      `expected requests within MEMORY_BUDGET (${this.memoryBudget} bytes), got more`,
    );
  }
}
