import type { Arena } from './arena.js';
import type { Kernels } from './exports.js';
import { CHUNK, UNIT, packCenters, packedLength, type Singles } from './single.js';

/** Candidates that the masks of assembly/gains.ts have a bit for. */
export const MOST_TRIALS = 8;
/** What rounding of float64 can make of a potential, relatively, and far more. */
const ROUNDING = 1e-9;

interface Rows {
  /** The frame of assembly/tile.ts, and the rows of its tile. */
  readonly frame: number;
  readonly stride: number;
  readonly rows: number;
  readonly columns: number;
  readonly blocks: readonly (readonly [number, number])[];
  readonly singles: Singles;
}

/**
 * k-means++ that tells most candidates apart in single precision, and computes in float64 only what a centre lowers:
 * assembly/gains.ts. What it takes and the potentials are those of kmeans_potentials and kmeans_closest.
 */
export class SingleSeeding {
  readonly #packs: Float32Array;
  readonly #offs: Float32Array;
  readonly #gains: Float64Array;
  readonly #seeds: Int32Array;
  readonly #scratch: number;
  #tried: readonly number[] = [];

  constructor(
    readonly kernels: Kernels,
    arena: Arena,
    readonly table: Rows,
  ) {
    const { rows, columns, stride, singles } = table;
    this.#packs = arena.float32(packedLength(MOST_TRIALS, columns));
    this.#offs = arena.float32(MOST_TRIALS);
    this.#gains = arena.float64(MOST_TRIALS * 4);
    this.#scratch = arena.take(128);
    this.#seeds = arena.int32At(arena.take(40), 10);
    this.#seeds.set(
      Uint32Array.of(
        singles.pointer,
        0,
        arena.take(rows + 16),
        this.#packs.byteOffset,
        this.#offs.byteOffset,
        arena.take((CHUNK + 16) * 4 + (stride + 8) * 8),
        0,
        0,
        ...new Uint32Array(Float64Array.of(singles.scale ** 2 / 2).buffer),
      ),
    );
  }

  /** About what each candidate would leave of `potential`; null when their order is not certain. Candidates by row and by
   * coordinates; `closest` points to the squared distances to the nearest centre so far. */
  potentials(
    rows: readonly number[],
    candidates: Float64Array,
    potential: number,
    closest: number,
  ): number[] | null {
    this.#seeds[1] = closest;
    const { columns: d, blocks, frame, singles } = this.table;
    const trials = rows.length;
    const squares = packCenters(this.#packs, candidates, trials, d, singles.scale);
    const slope = UNIT * (3 * d + 20);
    squares.forEach((square, t) => (this.#offs[t] = slope * square));
    const gains = new Float64Array(trials);
    const errors = new Float64Array(trials);
    for (const [from, to] of blocks) {
      this.kernels.kmeans_gains(frame, from, to, this.#seeds.byteOffset, trials, this.#gains.byteOffset);
      for (let t = 0; t < trials; t++) {
        gains[t]! += this.#gains[4 * t]!;
        errors[t]! += this.#gains[4 * t + 1]!;
      }
    }
    this.#tried = rows;
    const unit = 2 / singles.scale ** 2;
    let best = 0;
    for (let t = 1; t < trials; t++) if (gains[t]! > gains[best]!) best = t;
    const margin = (ROUNDING * potential) / unit;
    for (let t = 0; t < trials; t++) {
      if (rows[t] === rows[best]) continue;
      if (!(gains[best]! - errors[best]! > gains[t]! + errors[t]! + margin)) return null;
    }
    return Array.from(gains, (gain) => potential - gain * unit);
  }

  /** Takes one of the last candidates, whose coordinates are at `pointer`; returns the potential. */
  take(row: number, pointer: number): number {
    const { frame, blocks } = this.table;
    const trial = this.#tried.indexOf(row);
    let total = 0;
    for (const [from, to] of blocks) {
      total += this.kernels.kmeans_take(
        frame,
        from,
        to,
        pointer,
        trial,
        this.#seeds.byteOffset,
        this.#scratch,
      );
    }
    return total;
  }
}
