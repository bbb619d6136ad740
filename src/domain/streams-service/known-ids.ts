import type { NewIds } from '../streams/fold.js';

/** Hashes of ids that were counted, each until the last window that it could be in is closed. Sixteen bytes each when stored. */
export class KnownIds {
  #hashes = new BigUint64Array(0);
  #ends = new Float64Array(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add({ hashes, ends }: NewIds): void {
    this.#room(hashes.length);
    this.#hashes.set(hashes, this.#size);
    this.#ends.set(ends, this.#size);
    this.#size += hashes.length;
  }

  /** Reads what `written` made. */
  read(chunk: Uint8Array): void {
    // Not by `slice`, which of a Buffer shows the same memory.
    const bytes = new Uint8Array(chunk).buffer;
    const count = Math.floor(bytes.byteLength / 16);
    this.add({
      hashes: new BigUint64Array(bytes, 0, count),
      ends: new Float64Array(bytes, count * 8, count),
    });
  }

  /** Forgets those that no open window can have. */
  expire(closedBefore: number): void {
    let kept = 0;
    for (let i = 0; i < this.#size; i++) {
      const end = this.#ends[i] ?? 0;
      if (end <= closedBefore) continue;
      this.#hashes[kept] = this.#hashes[i] ?? 0n;
      this.#ends[kept] = end;
      kept++;
    }
    this.#size = kept;
  }

  /** Those that are known, and others that are about to be. */
  with(pending: readonly NewIds[]): BigUint64Array {
    const count = pending.reduce((sum, { hashes }) => sum + hashes.length, this.#size);
    const all = new BigUint64Array(count);
    all.set(this.#hashes.subarray(0, this.#size));
    let at = this.#size;
    for (const { hashes } of pending) {
      all.set(hashes, at);
      at += hashes.length;
    }
    return all;
  }

  /** Bytes to be stored: hashes, then ends; undefined: there are none. */
  static written(
    ids: readonly NewIds[],
  ): { readonly expires: number; readonly hashes: Uint8Array } | undefined {
    const count = ids.reduce((sum, { hashes }) => sum + hashes.length, 0);
    if (count === 0) return undefined;
    const bytes = new ArrayBuffer(count * 16);
    const hashes = new BigUint64Array(bytes, 0, count);
    const ends = new Float64Array(bytes, count * 8, count);
    let at = 0;
    let expires = -Infinity;
    for (const chunk of ids) {
      hashes.set(chunk.hashes, at);
      ends.set(chunk.ends, at);
      at += chunk.hashes.length;
      for (const end of chunk.ends) if (end > expires) expires = end;
    }
    return { expires, hashes: new Uint8Array(bytes) };
  }

  #room(more: number): void {
    const wanted = this.#size + more;
    if (wanted <= this.#hashes.length) return;
    const length = Math.max(wanted, 2 * this.#hashes.length, 64);
    const hashes = new BigUint64Array(length);
    hashes.set(this.#hashes.subarray(0, this.#size));
    const ends = new Float64Array(length);
    ends.set(this.#ends.subarray(0, this.#size));
    this.#hashes = hashes;
    this.#ends = ends;
  }
}
