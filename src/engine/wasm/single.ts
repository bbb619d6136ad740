import type { Arena } from './arena.js';

/** Half the distance between 1 and the next float32. */
export const UNIT = 2 ** -24;
/** Bytes that rows in single precision take at most: by the table alone, for what is pruned has other last bits. */
const MOST = 2 ** 29;
/** Rows that go through assembly/sift.ts and gains.ts at a time. */
export const CHUNK = 512;

/** Rows in single precision: assembly/single.ts. `scale` is a power of two. */
export interface Singles {
  readonly pointer: number;
  readonly scale: number;
}

/** Bytes of a row of singles. */
export const singleWidth = (columns: number): number => Math.ceil(columns / 4) * 16;

/**
 * The power of two that brings values of this mean square near 1; 0 where squares leave the range of float64, and nothing
 * can be said in single precision.
 */
function singleScale(meanSquare: number): number {
  if (!(meanSquare > 1e-200 && meanSquare < 1e200)) return 0;
  return 2 ** -Math.round(Math.log2(meanSquare) / 2);
}

/**
 * Where rows of this mean square lie in single precision: in `room` if its `free` bytes are enough. Null where it would say
 * nothing, or take too much: assignments are not pruned then.
 */
export function placeSingles(
  arena: Arena,
  rows: number,
  columns: number,
  meanSquare: number,
  free: number,
  room: number,
): Singles | null {
  const scale = singleScale(meanSquare);
  // Rows are written four at a time, and read eight at a time.
  const bytes = (rows + 8) * singleWidth(columns);
  if (scale === 0) return null;
  if (bytes <= free) return { pointer: room, scale };
  if (bytes > MOST) return null;
  return { pointer: arena.take(bytes), scale };
}

/** Float32 values of `packs` for so many centres: assembly/scores.ts. */
export const packedLength = (count: number, columns: number): number =>
  Math.ceil(count / 4) * 4 * (columns + 1);

/** OUT packs: centres as assembly/scores.ts wants them. Returns their squared lengths, scaled. */
export function packCenters(
  packs: Float32Array,
  centers: Float64Array,
  count: number,
  columns: number,
  scale: number,
  squares: Float64Array = new Float64Array(count),
): Float64Array {
  const give = 1 - UNIT * (3 * columns + 20);
  const places = Math.ceil(count / 4) * 4;
  for (let c = 0; c < places; c++) {
    const pack = Math.floor(c / 4) * 4 * (columns + 1) + (c % 4);
    if (c >= count) {
      // Fills up a group, and is never near.
      packs[pack] = 2 ** 126;
      continue;
    }
    let square = 0;
    for (let j = 0; j < columns; j++) {
      const x = Math.fround(centers[c * columns + j]! * scale);
      square += x * x;
      packs[pack + 4 * (j + 1)] = x;
    }
    packs[pack] = (square / 2) * give;
    squares[c] = square;
  }
  return squares;
}

/** Centres as assembly/sift.ts wants them. */
export class SingleCenters {
  readonly #nears: Float32Array;
  readonly #packs: Float32Array;
  readonly #squares: Float64Array;

  constructor(
    arena: Arena,
    readonly singles: Singles,
    readonly k: number,
    readonly columns: number,
  ) {
    const groups = Math.ceil(k / 4);
    this.#nears = arena.float32(groups * singleWidth(columns));
    this.#packs = arena.float32(packedLength(k, columns));
    this.#squares = new Float64Array(k);
  }

  /** The fields of a plan from byte 28 on. */
  plan(arena: Arena): number[] {
    const scale = new Uint32Array(Float64Array.of(this.singles.scale).buffer);
    return [
      this.singles.pointer,
      this.#nears.byteOffset,
      this.#packs.byteOffset,
      arena.take(2 * (CHUNK + 8) * 4),
      0,
      ...scale,
      0,
      0,
    ];
  }

  /** OUT limits: the last of the five values a centre of `drifts`, assembly/hamerly.ts. */
  set(centers: Float64Array, limits: Float32Array): void {
    const { k, columns: d } = this;
    const { scale } = this.singles;
    const width = singleWidth(d) / 4;
    packCenters(this.#packs, centers, k, d, scale, this.#squares);
    for (let c = 0; c < k; c++) {
      for (let j = 0; j < d; j++) this.#nears[c * width + j] = centers[c * d + j]! * scale;
      limits[8 * c + 4] = 6 * UNIT * Math.sqrt(this.#squares[c]!) + 1e-15;
    }
  }
}
