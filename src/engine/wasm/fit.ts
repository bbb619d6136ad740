import type { Numbers } from '../../ports/tables.js';
import type { Arena } from './arena.js';
import { BLOCK } from './columns.js';
import type { Kernels } from './exports.js';
import type { Operation, Team } from './team.js';

const FRAME_BYTES = 32;

/** Bytes of partial results that are kept at a time. */
const MOST_PARTS = 2 ** 25;

/** Blocks that a fit of enough rows has at least, so that lanes finish together. */
const BLOCKS = 16;
/** Row × centre × column steps of a block at most: a lane that is wanted elsewhere leaves after it, some milliseconds. */
const MOST_STEPS = 2 ** 22;
const LEAST_BLOCK = 512;
/** Row × centre × column steps of a fit that is not worth being cut up: some tenths of a millisecond an iteration. */
const FEW_STEPS = 2 ** 18;

/**
 * Rows of a block of a fit, the unit of its partial results: a function of the table alone, so that the bits do not depend
 * on the lanes.
 */
export function blockRows(rows: number, columns: number, k: number): number {
  let block = BLOCK;
  if (rows * columns * k <= FEW_STEPS && rows <= BLOCK) return block;
  while (block > LEAST_BLOCK && (block * BLOCKS > rows || block * columns * k > MOST_STEPS)) block /= 2;
  return block;
}

/** Rows of a tile. Short runs of many columns keep what fetches ahead busy: 1,000,000 × 16, whole passes, 4 KiB against 24 KiB
 * 1.3 times, 1,000,000 × 4 twice as fast. */
function tileRows(columns: number): number {
  return Math.min(512, Math.max(8, Math.floor(4096 / (8 * columns)) & ~7));
}

/** Complete rows, centred by `means`, as the steps of a fit see them: in blocks, on the lanes of a team. */
export class FitRows {
  readonly rows: number;
  readonly columns: number;
  /** Rows of the tile that each lane has. */
  readonly stride: number;
  readonly block: number;
  readonly units: number;
  /** One float64 and one i32 a unit, for what steps give out. */
  readonly sums: Float64Array;
  readonly counts: Int32Array;
  /** The leader's frame, others 32 bytes behind each other: assembly/tile.ts. */
  readonly frame: number;

  constructor(
    readonly kernels: Kernels,
    readonly arena: Arena,
    readonly team: Team,
    data: readonly Numbers[],
    means: Float64Array,
    k: number,
  ) {
    this.rows = data[0]?.length ?? 0;
    this.columns = data.length;
    this.stride = tileRows(this.columns);
    this.block = blockRows(this.rows, this.columns, k);
    this.units = Math.ceil(this.rows / this.block);
    this.sums = arena.float64(this.units);
    this.counts = arena.int32At(arena.take(this.units * 4), this.units);
    this.frame = this.#frames(data, means);
  }

  /** Runs a step over blocks, all of them or `units` from `first` on. `values`: a row; args from byte 16 of the task on. */
  run(operation: Operation, values: number, args: readonly number[], first = 0, units = this.units): void {
    const { frame, rows, block } = this;
    const here = Math.min(units * block, rows - first * block);
    this.team.run(operation, units, here * values, [frame, rows, block, first, ...args]);
  }

  /**
   * Runs a step whose units have parts of so many bytes, as many at a time as may be kept; `merge` adds those of `count`
   * units, in order.
   */
  runParts(
    bytes: number,
    run: (parts: number, first: number, units: number) => void,
    merge: (parts: number, count: number) => number,
  ): number {
    const { arena, units } = this;
    return arena.scratch(() => {
      const wave = Math.max(1, Math.min(units, Math.floor(MOST_PARTS / bytes)));
      const parts = arena.take(wave * bytes);
      let sum = 0;
      for (let first = 0; first < units; first += wave) {
        const count = Math.min(wave, units - first);
        run(parts, first, count);
        sum += merge(parts, count);
      }
      return sum;
    });
  }

  /** The first row of a unit, and the first behind it. */
  range(unit: number): [number, number] {
    return [unit * this.block, Math.min(this.rows, (unit + 1) * this.block)];
  }

  #frames(data: readonly Numbers[], means: Float64Array): number {
    const { arena, rows, columns, stride, team } = this;
    const batches = data[0]?.chunks ?? [];
    const starts = new Int32Array(batches.length + 1);
    batches.forEach(({ values }, i) => {
      starts[i + 1] = starts[i]! + values.length;
    });
    const pointers = new Uint32Array(batches.length * columns);
    data.forEach(({ chunks }, column) => {
      chunks.forEach(({ values }, segment) => {
        pointers[segment * columns + column] = arena.place(values);
      });
    });
    const shared = [
      rows,
      columns,
      batches.length,
      arena.place(starts),
      arena.place(pointers),
      arena.place(means),
    ];
    const frames = Array.from({ length: team.lanes }, () => [
      ...shared,
      stride,
      arena.take(stride * columns * 8),
    ]);
    const pointer = arena.take(team.lanes * FRAME_BYTES);
    arena.int32At(pointer, (team.lanes * FRAME_BYTES) / 4).set(frames.flat());
    return pointer;
  }
}
