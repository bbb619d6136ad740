/**
 * The control block of a team of lanes, as the threads see it that start and stop one; the tasks themselves are handed
 * out inside WebAssembly. Layout: assembly/team.ts.
 */

/** Bytes of it, 64-byte aligned. */
export const CONTROL_BYTES = 960;
/** Helpers that a control block has room for, numbered from 1. */
export const MOST_HELPERS = 63;

/** Words, as i32 indices. */
const [GENERATION, ACTIVE, SEQUENCE, CLOSED] = [0, 1, 2, 3];
const DONE = 32;
const INSIDE = 49;
const CANCEL = 64;
const FAULT = 65;
const STOP = 66;
const BREAKABLE = 67;
const LEAVE = 80;
const SEEN = 176;

/** Milliseconds of a sleep: an upper limit for a wake-up call that went astray. */
const SLEEP_MS = 100;
const NAP_MS = 2;

/** What the lanes of a request are told from outside, whichever thread tells it. */
export class TeamControl {
  readonly #words: Int32Array;

  constructor(buffer: ArrayBufferLike, pointer: number) {
    this.#words = new Int32Array(buffer, pointer, CONTROL_BYTES / 4);
  }

  /** A new request begins: nobody of an earlier one may join. Returns what its helpers know it by. */
  open(): number {
    const words = this.#words;
    words.fill(0, LEAVE, LEAVE + MOST_HELPERS + 1);
    for (const word of [CANCEL, FAULT, STOP, BREAKABLE, CLOSED]) Atomics.store(words, word, 0);
    return Atomics.add(words, GENERATION, 1) + 1;
  }

  /** All lanes stop after the unit at hand. */
  cancel(): void {
    Atomics.store(this.#words, CANCEL, 1);
    this.#wake();
  }

  get cancelled(): boolean {
    return Atomics.load(this.#words, CANCEL) !== 0;
  }

  /** The request is to answer with what it has: tasks that may be broken off stop after the unit at hand. */
  stop(): void {
    Atomics.store(this.#words, STOP, 1);
    this.#wake();
  }

  get stopping(): boolean {
    return Atomics.load(this.#words, STOP) !== 0;
  }

  /** Whether the tasks from now on may be broken off. The leader's. */
  set breakable(may: boolean) {
    Atomics.store(this.#words, BREAKABLE, may ? 1 : 0);
  }

  /** A helper is wanted elsewhere. */
  callOff(helper: number): void {
    Atomics.store(this.#words, LEAVE + helper, 1);
    this.#wake();
  }

  /** A helper failed. It may never leave what it was at. */
  get failed(): boolean {
    return Atomics.load(this.#words, FAULT) !== 0;
  }

  /** A helper's place may be taken again. */
  free(helper: number): void {
    Atomics.store(this.#words, LEAVE + helper, 0);
  }

  /**
   * A helper failed: the leader stops, and what lies in the memory is not to be trusted. A request that it does not help
   * any more is not concerned.
   */
  fail(generation: number): void {
    if (Atomics.load(this.#words, GENERATION) !== generation) return;
    Atomics.store(this.#words, FAULT, 1);
    this.#wake();
  }

  /** No helper is wanted any more. */
  close(): void {
    Atomics.store(this.#words, CLOSED, 1);
    this.#wake();
  }

  /** Waits until the helpers are gone, `patienceMs` at most; whether they are. For one that failed nobody waits. */
  empty(patienceMs: number): boolean {
    const end = performance.now() + patienceMs;
    for (;;) {
      const active = Atomics.load(this.#words, ACTIVE);
      if (active === 0) return true;
      const left = end - performance.now();
      if (left <= 0 || this.failed) return false;
      Atomics.wait(this.#words, ACTIVE, active, Math.min(left, SLEEP_MS));
    }
  }

  /** A helper sleeps until there is something that it has not seen. */
  awaitTask(helper: number): void {
    Atomics.wait(this.#words, SEQUENCE, this.#words[SEEN + helper]!, SLEEP_MS);
  }

  /** The leader sleeps until more units are done, of `units`. */
  awaitUnits(units: number): void {
    const done = Atomics.load(this.#words, DONE);
    if (done < units) Atomics.wait(this.#words, DONE, done, NAP_MS);
  }

  /** The leader sleeps until a helper has left the last task. */
  awaitHelpers(): void {
    const inside = Atomics.load(this.#words, INSIDE);
    if (inside > 0) Atomics.wait(this.#words, INSIDE, inside, NAP_MS);
  }

  /** Runs `help` unless the request it was meant for is over. It counts as there from before it touches the memory. */
  join(generation: number, help: () => void): void {
    const words = this.#words;
    Atomics.add(words, ACTIVE, 1);
    try {
      if (Atomics.load(words, GENERATION) === generation && Atomics.load(words, CLOSED) === 0) help();
    } finally {
      Atomics.sub(words, ACTIVE, 1);
      Atomics.notify(words, ACTIVE);
    }
  }

  #wake(): void {
    const words = this.#words;
    // Changed as well, so that who is about to wait does not.
    Atomics.add(words, SEQUENCE, 1);
    Atomics.notify(words, SEQUENCE);
    Atomics.notify(words, DONE);
  }
}
