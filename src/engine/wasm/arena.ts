import { Problem } from '../../ports/problem.js';
import type { Space } from '../../ports/space.js';
import type { Arriving } from './arriving.js';

const PAGE = 65536;
/** Kernels read whole words: the last byte handed out has this much memory behind it. */
const SLACK = 64;

/**
 * Bump allocation in one shared linear memory. Nothing is freed: `reset` starts over, `mark` and `release` bracket the
 * scratch of one kernel call.
 */
export class Arena implements Space {
  readonly #buffers = new WeakSet<ArrayBufferLike>();
  #top: number;
  /** The body, while it is still on its way. */
  arriving: Arriving | undefined;

  /** `memory`: the request's; the bytes below `base` are taken; it does not grow beyond `limit` bytes. */
  constructor(
    readonly memory: WebAssembly.Memory,
    base: number,
    readonly limit = 2 ** 32,
  ) {
    this.#top = base;
    // Views made before this arena first grows belong to it.
    this.#buffers.add(memory.buffer);
  }

  /** The memory as it is now. Buffers from before a growth stay valid: shared memory never moves. */
  get buffer(): ArrayBufferLike {
    const { buffer } = this.memory;
    this.#buffers.add(buffer);
    return buffer;
  }

  /** Whether a view lies in this memory. */
  owns(view: ArrayBufferView): boolean {
    return view.buffer === this.buffer || this.#buffers.has(view.buffer);
  }

  get top(): number {
    return this.#top;
  }

  reset(top: number): void {
    this.#top = top;
  }

  /** Pointer to `bytes` of memory, 64-byte aligned, not cleared. */
  take(bytes: number): number {
    const pointer = Math.ceil(this.#top / 64) * 64;
    const end = pointer + bytes;
    const missing = end + SLACK - this.buffer.byteLength;
    if (missing > 0) this.#grow(Math.ceil(missing / PAGE));
    this.#top = end;
    return pointer;
  }

  /** Runs `use`, then gives back what it took. */
  scratch<T>(use: () => T): T {
    const top = this.#top;
    try {
      return use();
    } finally {
      this.#top = top;
    }
  }

  float64(length: number): Float64Array {
    const view = this.float64At(this.take(length * 8), length);
    view.fill(0);
    return view;
  }

  float32(length: number): Float32Array {
    const pointer = this.take(length * 4);
    return new Float32Array(this.buffer, pointer, length).fill(0);
  }

  bytes(length: number): Uint8Array {
    const pointer = this.take(length);
    return new Uint8Array(this.buffer, pointer, length);
  }

  float64At(pointer: number, length: number): Float64Array {
    return new Float64Array(this.buffer, pointer, length);
  }

  int32At(pointer: number, length: number): Int32Array {
    return new Int32Array(this.buffer, pointer, length);
  }

  /** Pointer to the bytes of a view: its own place if it lies here, else a copy's. */
  place(view: ArrayBufferView): number {
    if (this.owns(view)) return view.byteOffset;
    const pointer = this.take(view.byteLength);
    new Uint8Array(this.buffer, pointer, view.byteLength).set(
      new Uint8Array(view.buffer, view.byteOffset, view.byteLength),
    );
    return pointer;
  }

  #grow(pages: number): void {
    // Growing by a quarter at least keeps the number of growths small.
    const generous = Math.max(pages, Math.ceil(this.memory.buffer.byteLength / PAGE / 4));
    for (const attempt of [generous, pages]) {
      if (this.memory.buffer.byteLength + attempt * PAGE > this.limit) continue;
      try {
        this.memory.grow(attempt);
        return;
      } catch {
        // Over the limit: the smaller attempt, then the refusal.
      }
    }
    throw this.tooMuch();
  }

  /** What a request is told that needs more than the limit. */
  tooMuch(): Problem {
    return new Problem(
      'out_of_memory',
      `expected a request that fits into ${this.limit} bytes of memory (half of MEMORY_BUDGET, all of it with one lane, at most 4 GiB), got one that needs more`,
    );
  }
}
