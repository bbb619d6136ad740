import type { FitRows } from './fit.js';
import { CHUNK, UNIT, packCenters, packedLength, placeSingles, type Singles } from './single.js';

/** Candidates that the masks of assembly/gains.ts have a bit for. */
const MOST_TRIALS = 8;
/** What rounding of float64 can make of a potential, relatively, and far more. */
const ROUNDING = 1e-9;
/** Bytes of a lane's seeds: assembly/gains.ts. */
const SEEDS = 40;

/** Bytes that k-means++ spends at most on what its candidates would change; beyond, it reads the data once more. */
const MOST_KEPT = 2 ** 28;

/**
 * Columns and centres from which on candidates are told apart in single precision. With fewer centres, the one that is taken
 * is nearer to most rows. Measured, 1,000,000 × 16, clusters, a step with four candidates: 27 ms, sifted 8 and another 20 with
 * one centre, 15 with three, 8 with twenty. With 4 columns never less than the 5 to 7 it was.
 */
const SIFTED_COLUMNS = 8;
const SIFTED_CENTERS = 3;

/** k-means++ over the rows of a fit: squared distances to the nearest centre so far, and what candidates would make of them. */
export class Seeding {
  /** Where the squared distances lie, 8 bytes a row. Of no use once the centres are found. */
  closest: number;
  readonly #fit: FitRows;
  readonly #trials: number;
  /** What each candidate would make of `closest`: the winner's becomes it, and its data need not be read again. */
  readonly #spare: number[];
  readonly #lowered: number;
  readonly #candidates: Float64Array;
  readonly #point: Float64Array;
  /** The rows in single precision, once they were filled in; null where assignments are not pruned. */
  readonly singles: Singles | null;
  /** Where the scale of those lies. */
  readonly #scale: number;
  /** Whether they lie where candidates do. */
  readonly #shared: boolean;
  #filled = false;
  readonly #sieve: Sieve | undefined;
  readonly #scratch: number;
  /** Potential of each block. */
  readonly #blocks: Float64Array;
  #tried: { rows: readonly number[]; totals: readonly number[]; blocks: Float64Array } | undefined;
  #taken = 0;
  #potential = 0;

  /** `meanSquare`: of the rows, if there is to be a copy of them in single precision. */
  constructor(fit: FitRows, k: number, meanSquare: number | null) {
    const { arena, rows, columns } = fit;
    this.#fit = fit;
    this.#trials = 2 + Math.floor(Math.log(k));
    // Kernels work on eight rows at a time, and may write seven behind the last.
    const each = Math.ceil((rows + 8) / 8) * 64;
    this.closest = arena.take(each);
    const kept = k > 1 && this.#trials * each <= MOST_KEPT ? this.#trials : 0;
    const room = arena.take(kept * each);
    this.#spare = Array.from({ length: kept }, (_, i) => room + i * each);
    const sifted = columns >= SIFTED_COLUMNS && k > SIFTED_CENTERS && this.#trials <= MOST_TRIALS;
    // There from the start when candidates need them, else where those were.
    const free = sifted ? 0 : kept * each;
    this.singles = meanSquare === null ? null : placeSingles(arena, rows, columns, meanSquare, free, room);
    this.#scale = arena.float64(1).fill(this.singles?.scale ?? 0).byteOffset;
    this.#shared = this.singles?.pointer === room;
    this.#sieve = sifted && this.singles !== null ? new Sieve(fit, this.singles) : undefined;
    this.#lowered = this.#spare.length > 0 ? arena.take(this.#trials * 4) : 0;
    this.#candidates = arena.float64(this.#trials * columns);
    this.#point = arena.float64(columns);
    this.#scratch = arena.take(128 * fit.team.lanes);
    this.#blocks = new Float64Array(fit.units);
  }

  /** Makes the copy in single precision. */
  fill(): void {
    if (this.#filled || this.singles === null) return;
    this.#fit.run('singles', this.#fit.columns, [this.singles.pointer, this.#scale]);
    this.#filled = true;
  }

  /** Potentials that each candidate (rows by index) would leave; of several only their order may be exact. */
  potentials(rows: readonly number[]): readonly number[] {
    const { arena, kernels, columns, units, frame } = this.#fit;
    const trials = rows.length;
    rows.forEach((row, i) => {
      kernels.kmeans_row(frame, row, this.#candidates.byteOffset + i * columns * 8);
    });
    if (this.#sieve !== undefined && this.#taken >= SIFTED_CENTERS) {
      this.fill();
      const sure = this.#sieve.potentials(rows, this.#candidates, this.#potential, this.closest);
      if (sure !== null) return sure;
    }
    return arena.scratch(() => {
      const out = arena.float64At(arena.take(units * trials * 64), units * trials * 8);
      if (this.#lowered > 0) arena.int32At(this.#lowered, trials).set(this.#spare);
      this.#fit.run('potentials', columns * trials, [
        this.#candidates.byteOffset,
        trials,
        this.closest,
        out.byteOffset,
        this.#lowered,
      ]);
      const blocks = Float64Array.from({ length: units * trials }, (_, i) => out[i * 8]!);
      const totals = new Array<number>(trials).fill(0);
      blocks.forEach((sum, i) => {
        totals[i % trials]! += sum;
      });
      this.#tried = { rows, totals, blocks };
      return totals;
    });
  }

  /** Takes a row as the next centre (the first when `first`); returns the potential. */
  take(row: number, first: boolean): number {
    const { kernels, columns, frame } = this.#fit;
    this.#taken = first ? 1 : this.#taken + 1;
    if (first && this.#shared) this.#filled = false;
    const tried = first ? undefined : this.#tried;
    this.#tried = undefined;
    const trial = tried?.rows.indexOf(row) ?? -1;
    const winner = this.#spare[trial];
    if (tried !== undefined && winner !== undefined) {
      this.#spare[trial] = this.closest;
      this.closest = winner;
      const trials = tried.rows.length;
      for (let unit = 0; unit < this.#blocks.length; unit++)
        this.#blocks[unit] = tried.blocks[unit * trials + trial]!;
      this.#potential = tried.totals[trial]!;
      return this.#potential;
    }
    const { byteOffset } = this.#point;
    kernels.kmeans_row(frame, row, byteOffset);
    if (this.#sieve !== undefined && this.#sieve.tried(row) && !first)
      this.#sieve.take(row, byteOffset, this.#scratch);
    else {
      const { sums } = this.#fit;
      const args = [byteOffset, first ? 1 : 0, this.closest, sums.byteOffset, this.#scratch];
      this.#fit.run('closest', columns, args);
    }
    this.#blocks.set(this.#fit.sums);
    this.#potential = this.#blocks.reduce((total, sum) => total + sum, 0);
    return this.#potential;
  }

  /** For each target the first row whose running sum of closest distances reaches it; `rows` when none does. */
  search(targets: readonly number[]): number[] {
    const { arena, kernels, rows } = this.#fit;
    const order = targets.map((_, i) => i).sort((i, j) => targets[i]! - targets[j]!);
    const found = new Array<number>(targets.length).fill(rows);
    arena.scratch(() => {
      const sorted = arena.float64(targets.length);
      sorted.set(order.map((i) => targets[i]!));
      const out = arena.int32At(arena.take(targets.length * 4), targets.length);
      let base = 0;
      let next = 0;
      this.#blocks.forEach((sum, unit) => {
        const behind = base + sum;
        let here = 0;
        while (next + here < targets.length && sorted[next + here]! <= behind) here++;
        if (here > 0) {
          const [from, to] = this.#fit.range(unit);
          const { byteOffset } = sorted.subarray(next);
          kernels.kmeans_search(this.closest, from, to, base, byteOffset, here, out.byteOffset);
          // Rounding may leave a target between two sums of the block: it belongs to the last row.
          for (let i = 0; i < here; i++) found[order[next + i]!] = Math.min(out[i]!, to - 1);
        }
        next += here;
        base = behind;
      });
    });
    return found;
  }
}

/**
 * Tells most candidates apart in single precision, and computes in float64 only what a centre lowers: assembly/gains.ts.
 * What is taken and the potentials are those of kmeans_potentials and kmeans_closest.
 */
class Sieve {
  readonly #packs: Float32Array;
  readonly #offs: Float32Array;
  readonly #gains: Float64Array;
  /** One for each lane. */
  readonly #seeds: Int32Array;
  #tried: readonly number[] = [];

  constructor(
    readonly fit: FitRows,
    readonly singles: Singles,
  ) {
    const { arena, rows, columns, stride, units, team } = fit;
    this.#packs = arena.float32(packedLength(MOST_TRIALS, columns));
    this.#offs = arena.float32(MOST_TRIALS);
    this.#gains = arena.float64(units * MOST_TRIALS * 4);
    const masks = arena.take(rows + 16);
    const factor = new Int32Array(Float64Array.of(singles.scale ** 2 / 2).buffer);
    const seeds = Array.from({ length: team.lanes }, () => [
      singles.pointer,
      0,
      masks,
      this.#packs.byteOffset,
      this.#offs.byteOffset,
      arena.take((CHUNK + 16) * 4 + (stride + 8) * 8),
      0,
      0,
      ...factor,
    ]);
    this.#seeds = arena.int32At(arena.take(team.lanes * SEEDS), (team.lanes * SEEDS) / 4);
    this.#seeds.set(seeds.flat());
  }

  /** About what each candidate would leave of `potential`; null when their order is not certain. Candidates by row and by
   * coordinates; `closest` points to the squared distances to the nearest centre so far. */
  potentials(
    rows: readonly number[],
    candidates: Float64Array,
    potential: number,
    closest: number,
  ): number[] | null {
    const { fit, singles } = this;
    const d = fit.columns;
    for (let i = 1; i < this.#seeds.length; i += SEEDS / 4) this.#seeds[i] = closest;
    const trials = rows.length;
    const squares = packCenters(this.#packs, candidates, trials, d, singles.scale);
    const slope = UNIT * (3 * d + 20);
    squares.forEach((square, t) => {
      this.#offs[t] = slope * square;
    });
    fit.run('gains', d * trials, [this.#seeds.byteOffset, trials, this.#gains.byteOffset]);
    const gains = new Float64Array(trials);
    const errors = new Float64Array(trials);
    for (let i = 0; i < fit.units * trials; i++) {
      gains[i % trials]! += this.#gains[4 * i]!;
      errors[i % trials]! += this.#gains[4 * i + 1]!;
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

  /** Whether a row is one of the last candidates. */
  tried(row: number): boolean {
    return this.#tried.includes(row);
  }

  /** Takes one of the last candidates, whose coordinates are at `pointer`; its potentials go to the sums of the fit. */
  take(row: number, pointer: number, scratch: number): void {
    const { fit } = this;
    const trial = this.#tried.indexOf(row);
    this.#tried = [];
    const args = [this.#seeds.byteOffset, trial, pointer, fit.sums.byteOffset, scratch];
    fit.run('take', fit.columns, args);
  }
}
