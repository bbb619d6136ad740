import type { Assignment } from '../kmeans-steps.js';
import type { FitRows } from './fit.js';
import { SingleCenters, type Singles } from './single.js';

/** Most centres whose index fits into a distance: assembly/hamerly.ts. */
export const MOST_PRUNED = 4096;

/** What bounds and drifts are given, relatively, so that rounding can never cost a label. */
const MARGIN = 1 + 1e-9;
/** Share of the labels that changes at most when bounds are made, but for the first assignment, which makes them. */
const SETTLED = 0.1;
/** Bytes of a plan: assembly/hamerly.ts. */
const PLAN = 64;
/** Rows that tell whether bounds are still worth reading. */
const SAMPLE = 2048;

/** The same and the nearest float32 on the safe side, for positive values. */
const UP = 1 + 2 ** -22;
const DOWN = 1 - 2 ** -22;

/**
 * Assignments that leave out the distances which cannot matter: the labels of kmeans_assign for the same centres.
 * `room` points to 8 bytes a row that nothing else uses from the first assignment of a run to its last.
 * Holds bounds a row, running drifts a centre, and the sums of the centres in two float64 each, to which every block
 * adds what its changed labels moved.
 */
export class PrunedAssignment {
  readonly #centers: Float64Array;
  /** Layout: assembly/hamerly.ts. */
  readonly #limits: Float32Array;
  readonly #gaps: Float32Array;
  readonly #labels: Int32Array;
  /** D and M of each centre. */
  readonly #totals: Float64Array;
  /** Sums by centre and column, as many low parts, weights by centre. */
  readonly #sums: Float64Array;
  /** One for each lane. */
  readonly #plans: number;
  readonly #singles: SingleCenters;
  readonly #shifts: Float64Array;
  /** All that an assignment which knows nothing starts with as zeros. */
  readonly #states: readonly (Float32Array | Float64Array)[];
  /** What the last assignment gave out: the next one writes to it again. */
  readonly #given: { readonly sums: Float64Array; readonly weights: Float64Array };
  /** Whether bounds are known. */
  #known = false;
  /** Labels that the last assignment changed, 0 at the start. */
  #unsettled = 0;

  constructor(
    readonly fit: FitRows,
    labels: number,
    readonly singles: Singles,
    readonly k: number,
    room: number,
    readonly openAt: number,
  ) {
    const { arena, rows, columns, stride, block, team } = fit;
    const size = k * columns;
    this.#centers = arena.float64(size);
    this.#limits = arena.float32(k * 8);
    this.#gaps = new Float32Array(arena.buffer, room, rows);
    this.#labels = arena.int32At(labels, rows);
    this.#totals = new Float64Array(2 * k);
    this.#sums = arena.float64(2 * size + k);
    this.#singles = new SingleCenters(arena, singles, k, columns);
    const runners = arena.take(rows * 2);
    const plans = Array.from({ length: team.lanes }, () => {
      const plan = [
        room,
        room + rows * 4,
        runners,
        this.#limits.byteOffset,
        0,
        arena.take((2 * stride + 32) * 4),
        arena.take(block * 4),
        ...this.#singles.plan(arena),
      ];
      return [...plan, ...new Array<number>(PLAN / 4 - plan.length).fill(0)];
    });
    this.#plans = arena.take(PLAN * team.lanes);
    arena.int32At(this.#plans, (PLAN / 4) * team.lanes).set(plans.flat());
    this.#shifts = new Float64Array(k);
    this.#states = [this.#limits, this.#totals, this.#sums];
    this.#given = { sums: new Float64Array(size), weights: new Float64Array(k) };
  }

  /** Forgets all: the next assignment computes all distances. */
  restart(): void {
    this.#known = false;
    this.#unsettled = 0;
  }

  assign(centers: Float64Array, wanted: boolean): Assignment {
    const { fit, k } = this;
    const { kernels, columns, counts, rows } = fit;
    if (this.#known) {
      this.#drift(centers);
      this.#known = this.#open() <= this.openAt;
    }
    const mode = this.#known ? 0 : this.#unsettled <= SETTLED * rows ? 1 : wanted ? 2 : 3;
    if (mode !== 0) for (const state of this.#states) state.fill(0);
    this.#centers.set(centers);
    this.#singles.set(centers, this.#limits);
    const size = k * columns;
    const bytes = (2 * size + k) * 8;
    const labels = this.#labels.byteOffset;
    // Bounds leave a centre or two to look at, else all are looked at.
    const values = mode === 0 ? columns : columns * k;
    const changed = fit.runParts(
      bytes,
      (parts, first, units) => {
        const changes = counts.byteOffset;
        const args = [this.#centers.byteOffset, k, labels, parts, bytes, changes, this.#plans, mode];
        fit.run('sift', values, args, first, units);
      },
      (parts, count) => {
        // Labels alone leave no parts.
        const here = mode === 3 ? 0 : count;
        const sum = counts.subarray(here, count).reduce((total, moved) => total + moved, 0);
        const total = this.#sums.byteOffset;
        return sum + kernels.kmeans_carry(total, parts, here, size, k, counts.byteOffset, mode === 0 ? 0 : 1);
      },
    );
    this.#known = mode < 2;
    this.#unsettled = changed;
    const { sums, weights } = this.#given;
    for (let i = 0; i < size; i++) sums[i] = this.#sums[i]! + this.#sums[size + i]!;
    weights.set(this.#sums.subarray(2 * size));
    return { changed, sums, weights };
  }

  /** Share of some rows, spread over all, whose bounds do not hold any more. */
  #open(): number {
    const { rows } = this.fit;
    const labels = this.#labels;
    const step = Math.ceil(rows / SAMPLE);
    let open = 0;
    let seen = 0;
    for (let row = 0; row < rows; row += step, seen++) {
      if (!(this.#gaps[row]! > this.#limits[8 * labels[row]!]!)) open++;
    }
    return open / seen;
  }

  /** Adds to the running drifts how far the centres moved since the last assignment. */
  #drift(centers: Float64Array): void {
    const { k } = this;
    const d = this.fit.columns;
    const last = this.#centers;
    const shifts = this.#shifts;
    // The two largest: what the others of a centre moved at most. NaN, from coordinates beyond squaring, stays.
    let most = 0;
    let largest = 0;
    let second = 0;
    for (let c = 0; c < k; c++) {
      let square = 0;
      for (let j = c * d; j < (c + 1) * d; j++) square += (centers[j]! - last[j]!) ** 2;
      // Shifts so small that their squares vanish count as 1e-150.
      const far = square === 0 && !differs(centers, last, c * d, d) ? 0 : Math.sqrt(square + 1e-300);
      const shift = far * MARGIN * this.singles.scale;
      shifts[c] = shift;
      if (shift > largest) {
        second = largest;
        largest = shift;
        most = c;
      } else {
        second = Math.max(second, shift);
      }
    }
    const limits = this.#limits;
    for (let c = 0; c < k; c++) {
      const others = c === most && !Number.isNaN(second) ? second : Math.max(largest, second);
      const all = (this.#totals[2 * c]! += shifts[c]! + others);
      const rest = (this.#totals[2 * c + 1]! += others);
      limits[8 * c] = all * UP;
      limits[8 * c + 1] = all * DOWN;
      limits[8 * c + 2] = rest * UP;
      limits[8 * c + 3] = rest * DOWN;
    }
  }
}

function differs(a: Float64Array, b: Float64Array, from: number, count: number): boolean {
  for (let i = from; i < from + count; i++) if (a[i] !== b[i]) return true;
  return false;
}
