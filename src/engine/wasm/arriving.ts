import { Problem } from '../../ports/problem.js';

/** Milliseconds that a lane waits for more of a body; longer, and other requests deserve it more. */
const PATIENCE_MS = 200;

/** A body that was begun to be read stopped arriving. It is read again once it is whole. */
export class Starved extends Error {}

/** A body in an arena that is still on its way there. `watch` counts the bytes that have arrived; negative: no more will. */
export class Arriving {
  readonly #landed: Int32Array;

  constructor(
    memory: ArrayBufferLike,
    readonly watch: number,
    readonly body: number,
    readonly length: number,
  ) {
    this.#landed = new Int32Array(memory, watch, 1);
  }

  /** Returns once the body is whole. Throws Starved, or Problem `unreadable_body` when it never will be. */
  whole(): void {
    for (;;) {
      const landed = Atomics.load(this.#landed, 0);
      if (landed >= this.length) return;
      if (landed < 0) throw new Problem('unreadable_body', 'expected a whole body, got one that broke off');
      if (Atomics.wait(this.#landed, 0, landed, PATIENCE_MS) === 'timed-out') throw new Starved();
    }
  }
}
