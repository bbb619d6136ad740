/** A running sum with its rounding errors carried along (Neumaier, ZAMM 54, 1974). */
export class CompensatedSum {
  #sum = 0;
  #carry = 0;

  add(value: number): void {
    const next = this.#sum + value;
    this.#carry +=
      Math.abs(this.#sum) >= Math.abs(value) ? this.#sum - next + value : value - next + this.#sum;
    this.#sum = next;
  }

  get value(): number {
    // The carry of an infinite sum is NaN.
    return Number.isFinite(this.#sum) ? this.#sum + this.#carry : this.#sum;
  }
}
