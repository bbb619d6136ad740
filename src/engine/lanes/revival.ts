/** First pause, and the longest: within a second of its end a lane has a successor. */
const [FIRST_MS, LONGEST_MS] = [20, 400];
/** Until a start that failed is tried again. */
const FAILED_MS = 1000;

/** When lanes that ended get a successor: at once, but ever later while none lives to finish a request. */
export class Revival {
  #deaths = 0;
  #failures = 0;
  #pausing = false;

  /** No lane is to be started now. */
  get pausing(): boolean {
    return this.#pausing;
  }

  /** The last start came to nothing: the thread was not made, or ended before it could take a request. */
  get failing(): boolean {
    return this.#failures > 0;
  }

  started(): void {
    this.#failures = 0;
  }

  /** A lane has finished a request and lives. */
  finished(): void {
    this.#deaths = 0;
  }

  /** A lane ended, or was not made: `start` is called when it is time for the next one. */
  ended(wasReady: boolean, start: () => void): void {
    const ms = wasReady ? this.#pause() : FAILED_MS;
    if (!wasReady) this.#failures++;
    this.#pausing = ms > 0;
    setTimeout(() => {
      this.#pausing = false;
      start();
    }, ms).unref();
  }

  #pause(): number {
    const deaths = this.#deaths++;
    return deaths === 0 ? 0 : Math.min(LONGEST_MS, FIRST_MS * 2 ** (deaths - 1));
  }
}
