const SECONDS = 60;

/** Records a second over the last minute, counted by whole seconds. */
export class Rate {
  readonly #counts = new Float64Array(SECONDS);
  #second = 0;

  constructor(readonly now: () => number = () => performance.now()) {}

  add(records: number): void {
    this.#turn();
    const at = this.#second % SECONDS;
    this.#counts[at] = (this.#counts[at] ?? 0) + records;
  }

  get value(): number {
    return this.with(0);
  }

  /** As if so many more had come now. */
  with(records: number): number {
    this.#turn();
    return (this.#counts.reduce((sum, count) => sum + count, 0) + records) / SECONDS;
  }

  /** Forgets the seconds that are longer ago than a minute. */
  #turn(): void {
    const second = Math.floor(this.now() / 1000);
    const passed = Math.min(second - this.#second, SECONDS);
    for (let i = 1; i <= passed; i++) this.#counts[(this.#second + i) % SECONDS] = 0;
    if (passed > 0) this.#second = second;
  }
}
