import { Problem } from '../../ports/problem.js';
import { CONTROL_BYTES, TeamControl } from '../team.js';
import type { ArenaMemory } from './protocol.js';

const PAGE = 65536;
/** 4 GiB: all that 32-bit pointers reach. */
const MAX_PAGES = 65536;
const MAX_BYTES = MAX_PAGES * PAGE;
/** Before the body: the control block of the lanes that compute on it, then where it is counted what has arrived. */
const WATCH_BYTES = 64;
export const HEADER_BYTES = CONTROL_BYTES + WATCH_BYTES;
/** Behind the body, so that kernels can read whole words and a small request need not grow. */
const HEADROOM = 1 << 20;
/** An idle arena above this is dropped rather than kept: memory that has grown cannot shrink. */
const HIGH_WATER = 256 * 2 ** 20;

/** Shared memory that a body lands in, seen from the thread that receives it. */
export class LandingArena {
  readonly control: TeamControl;
  #length = 0;
  #landed: Int32Array | undefined;

  /** A body begins at `start`, behind HEADER_BYTES of its own. */
  constructor(
    readonly id: number,
    readonly memory: ArenaMemory,
    readonly start: number,
  ) {
    this.control = new TeamControl(this.#buffer, start - HEADER_BYTES);
  }

  get length(): number {
    return this.#length;
  }

  get bytes(): number {
    return this.#buffer.byteLength;
  }

  get #buffer(): ArrayBufferLike {
    return this.memory instanceof SharedArrayBuffer ? this.memory : this.memory.buffer;
  }

  reset(): void {
    this.#length = 0;
    this.#landed = undefined;
  }

  /** From now on it is counted how much of the body has arrived; returns where. The body has its room already. */
  watch(): number {
    const pointer = this.start - WATCH_BYTES;
    this.#landed = new Int32Array(this.#buffer, pointer, 1);
    this.#tell(this.#length);
    return pointer;
  }

  /** Tells who reads the body as it arrives that no more will. */
  breakOff(): void {
    this.#tell(-1);
  }

  #tell(landed: number): void {
    if (this.#landed === undefined) return;
    Atomics.store(this.#landed, 0, landed);
    Atomics.notify(this.#landed, 0);
  }

  /** Makes room for a body of `length` bytes. */
  reserve(length: number): void {
    const missing = this.start + length + HEADROOM - this.bytes;
    if (missing <= 0) return;
    try {
      if (this.memory instanceof SharedArrayBuffer) this.memory.grow(this.bytes + missing);
      else this.memory.grow(Math.ceil(missing / PAGE));
    } catch {
      throw new Problem(
        'out_of_memory',
        'expected a body that fits into the memory of a request (4 GiB), got a larger one',
      );
    }
  }

  write(bytes: Uint8Array): void {
    this.#next(bytes.length).set(bytes);
    this.#length += bytes.length;
    this.#tell(this.#length);
  }

  /** The memory of the next bytes, which count as there. */
  place(bytes: number): Uint8Array {
    const memory = this.#next(bytes);
    this.#length += bytes;
    return memory;
  }

  #next(bytes: number): Uint8Array {
    // Doubling keeps the number of growths of a body of unknown length small.
    if (this.start + this.#length + bytes + HEADROOM > this.bytes) {
      this.reserve(Math.max(this.#length + bytes, Math.min(2 * this.#length, MAX_BYTES / 2)));
    }
    return new Uint8Array(this.#buffer, this.start + this.#length, bytes);
  }
}

/** Idle arenas, kept for the next request: a fresh one pays for every page it touches first. */
export class ArenaPool {
  /** Those that are used or may be. */
  readonly all = new Set<LandingArena>();
  readonly #idle: LandingArena[] = [];
  #next = 1;

  /**
   * `base`: first byte that kernels leave free, undefined where there is no WebAssembly. Idle ones have at most `most` bytes
   * together; of requests that wait each has one, so they are as many as wait at a time.
   */
  constructor(
    readonly base: number | undefined,
    readonly most: number,
    readonly onDrop: (arena: LandingArena) => void,
  ) {}

  take(expectedBytes: number): LandingArena {
    const arena = this.#idle.pop() ?? this.#make();
    this.all.add(arena);
    arena.reset();
    try {
      arena.reserve(expectedBytes);
    } catch (error) {
      this.give(arena);
      throw error;
    }
    return arena;
  }

  give(arena: LandingArena): void {
    const idle = this.#idle.reduce((sum, { bytes }) => sum + bytes, arena.bytes);
    if (arena.bytes > HIGH_WATER || idle > this.most) this.drop(arena);
    else this.#idle.push(arena);
  }

  /** Keeps it from any other request. */
  drop(arena: LandingArena): void {
    this.all.delete(arena);
    this.onDrop(arena);
  }

  #make(): LandingArena {
    const id = this.#next++;
    if (this.base === undefined) {
      return new LandingArena(id, new SharedArrayBuffer(PAGE, { maxByteLength: 2 ** 31 }), HEADER_BYTES);
    }
    const initial = Math.ceil((this.base + HEADER_BYTES + HEADROOM) / PAGE);
    const memory = new WebAssembly.Memory({ initial, maximum: MAX_PAGES, shared: true });
    return new LandingArena(id, memory, Math.ceil(this.base / 64) * 64 + HEADER_BYTES);
  }
}

/** Bodies up to this size wait for their lane in Buffers: an arena reserves gigabytes of addresses. */
const SMALL = 256 * 1024;

/** A body on its way to a lane: in Buffers while it is small, in an arena from then on, or from when it is placed. */
export class WaitingBody {
  #parts: Uint8Array[] = [];
  #length = 0;
  #arena: LandingArena | undefined;
  /** Given away or dropped: what still arrives is for nobody. */
  #closed = false;

  constructor(
    readonly pool: ArenaPool,
    readonly expectedBytes: number,
  ) {
    if (expectedBytes > SMALL) this.place();
  }

  get length(): number {
    return this.#length;
  }

  /** Where it lies, if it was placed already. */
  get arena(): LandingArena | undefined {
    return this.#arena;
  }

  write(bytes: Uint8Array): void {
    this.#length += bytes.length;
    if (this.#closed) return;
    if (this.#arena === undefined && this.#length > SMALL) this.place();
    if (this.#arena === undefined) this.#parts.push(bytes);
    else this.#arena.write(bytes);
  }

  /** The memory of the next bytes, which count as there. Throws Problem `out_of_memory`. */
  next(bytes: number): Uint8Array {
    this.#length += bytes;
    const isSmall = this.#arena === undefined && this.#length <= SMALL;
    if (!this.#closed && !isSmall) return this.place().place(bytes);
    const part = new Uint8Array(bytes);
    if (!this.#closed) this.#parts.push(part);
    return part;
  }

  /** The arena it lies in. Throws Problem `out_of_memory`. */
  place(): LandingArena {
    if (this.#arena !== undefined) return this.#arena;
    const arena = this.pool.take(Math.max(this.expectedBytes, this.#length));
    this.#arena = arena;
    for (const part of this.#parts) arena.write(part);
    this.#parts = [];
    return arena;
  }

  /** No more of it will come: told to who reads it as it arrives. */
  breakOff(): void {
    this.#arena?.breakOff();
  }

  /** Gives the arena on to the next request. */
  give(): void {
    this.#closed = true;
    if (this.#arena !== undefined) this.pool.give(this.#arena);
    this.#arena = undefined;
  }

  /** Keeps the arena from any other request. */
  drop(): void {
    this.#closed = true;
    if (this.#arena !== undefined) this.pool.drop(this.#arena);
    this.#arena = undefined;
  }
}
