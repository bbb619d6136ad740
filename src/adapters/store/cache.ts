import type { ModelVersion } from '../../ports/registry.js';

/** Bytes of documents that are read before memory is asked back. */
const LEAST_STALE = 16 * 2 ** 20;

/** Documents by hash: the last used ones, of at most `budget` bytes. Readers of one that is on its way share it. */
export class DocumentCache {
  readonly #kept = new Map<string, SharedArrayBuffer>();
  readonly #coming = new Map<string, Promise<SharedArrayBuffer>>();
  #bytes = 0;
  #read = 0;

  /** `collect`: gives back memory that nothing refers to. Called now and then, for shared memory counts as nothing to V8. */
  constructor(
    readonly budget: number,
    readonly collect: () => void = () => undefined,
  ) {}

  /** What was kept under the hash, else what `read` gives. */
  async get(sha256: string, read: () => Promise<SharedArrayBuffer>): Promise<SharedArrayBuffer> {
    const kept = this.#kept.get(sha256);
    if (kept !== undefined) {
      // The order of a Map is that of its insertions: the last one was used last.
      this.#kept.delete(sha256);
      this.#kept.set(sha256, kept);
      return kept;
    }
    const coming = this.#coming.get(sha256);
    if (coming !== undefined) return coming;
    const reading = read();
    this.#coming.set(sha256, reading);
    try {
      const document = await reading;
      this.#keep(sha256, document);
      this.#read += document.byteLength;
      if (this.#read > Math.max(LEAST_STALE, this.budget / 4)) {
        this.#read = 0;
        this.collect();
      }
      return document;
    } finally {
      this.#coming.delete(sha256);
    }
  }

  drop(sha256: string): void {
    this.#bytes -= this.#kept.get(sha256)?.byteLength ?? 0;
    this.#kept.delete(sha256);
  }

  #keep(sha256: string, document: SharedArrayBuffer): void {
    if (document.byteLength > this.budget) return;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes + document.byteLength <= this.budget) break;
      this.drop(oldest);
    }
    this.#kept.set(sha256, document);
    this.#bytes += document.byteLength;
  }
}

/** Characters of cards that are kept. */
const MOST_CARDS = 16 * 2 ** 20;

/** Versions that were asked for, until something is published or removed: this process alone writes the catalog. */
export class FoundVersions {
  readonly #kept = new Map<string, ModelVersion>();
  #bytes = 0;
  #changes = 0;

  /** What was kept under the key, else what `read` gives; what is not there is not kept. */
  async get(
    key: string,
    read: () => Promise<{ readonly version: ModelVersion; readonly bytes: number } | undefined>,
  ): Promise<ModelVersion | undefined> {
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const changes = this.#changes;
    const found = await read();
    // What was read before a change may be what was there before it.
    if (found === undefined || changes !== this.#changes) return found?.version;
    if (this.#bytes + found.bytes > MOST_CARDS) this.#empty();
    this.#bytes += found.bytes;
    this.#kept.set(key, found.version);
    return found.version;
  }

  /** Called behind every change. */
  forget(): void {
    this.#changes++;
    this.#empty();
  }

  #empty(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }
}
