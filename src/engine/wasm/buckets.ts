import type { Arena } from './arena.js';
import { BLOCK } from './columns.js';
import type { Kernels } from './exports.js';
import type { Team } from './team.js';

/** Layout: assembly/order.ts. */
const PLAN = 80;
const WORDS = {
  values: 0,
  rows: 1,
  buckets: 2,
  tallies: 8,
  blocks: 9,
  starts: 10,
  found: 11,
  keys: 12,
  carried: 13,
  otherKeys: 14,
  otherCarried: 15,
  carry: 16,
  form: 17,
  out: 18,
  scratch: 19,
} as const;
/** What becomes of a sorted bucket, and what is told of it: assembly/ties.ts. */
export const FORM = { values: 0, ranks: 1, places: 2, runs: 3 } as const;
const FOUND = 48;
/** Bytes of scratch of a lane. */
const SCRATCH = 65536 + 4096 * 8;
/** Scratch of the sample. */
const SAMPLE = 16384;

/** Keys of a bucket, about: so many are sorted in the nearest cache; with what they carry, buckets are to be fewer. */
const KEYS = 1024;
const CARRYING_KEYS = 2048;
const MOST_BUCKETS = 4096;

/** Where values lie and where their order is to be made. */
export interface Ordering {
  /** Float64 a row, NaN where missing. */
  readonly values: number;
  readonly rows: number;
  readonly form: (typeof FORM)[keyof typeof FORM];
  readonly out: number;
  /** U64 a row each; the second may be `values`. */
  readonly keys: number;
  readonly otherKeys: number;
  /** U32 a row each; 0 for keys alone. */
  readonly carried: number;
  readonly otherCarried: number;
  /** U32 a row, or 0 for the row's number. */
  readonly carry: number;
}

/** What an order tells of groups of t equal values. */
export interface Groups {
  /** Present values. */
  readonly count: number;
  readonly distinct: number;
  /** Σ t³ − t. */
  readonly cubes: number;
  /** Σ t(t − 1)/2. */
  readonly pairs: number;
  readonly t1: number;
  readonly t2: number;
  /** Of form `runs`: Σ t(t − 1)/2 over groups that carry the same as well. */
  readonly both: number;
}

/** Puts values in order, on all lanes. */
export function putInOrder(kernels: Kernels, arena: Arena, team: Team, ordering: Ordering): Groups {
  return arena.scratch(() => {
    const { rows } = ordering;
    const blocks = Math.ceil(rows / BLOCK);
    const size = ordering.carried === 0 ? KEYS : CARRYING_KEYS;
    const buckets = Math.min(MOST_BUCKETS, 2 ** Math.max(0, Math.round(Math.log2(rows / size))));
    const starts = arena.take((buckets + 2) * 4);
    const found = arena.take(buckets * FOUND);
    const all = {
      ...ordering,
      buckets,
      blocks,
      tallies: arena.take(blocks * (buckets + 1) * 4),
      starts,
      found,
      scratch: arena.take(SCRATCH * team.lanes),
    };
    const plan = arena.take(PLAN);
    const words = new Uint32Array(arena.buffer, plan, PLAN / 4).fill(0);
    for (const [name, place] of Object.entries(WORDS)) words[place] = all[name as keyof typeof WORDS];
    arena.scratch(() => {
      kernels.order_sample(plan, arena.take(SAMPLE));
    });
    team.run('tally', blocks, rows, [plan]);
    kernels.order_starts(plan);
    team.run('deal', blocks, rows, [plan]);
    team.run('order', buckets + 1, rows, [plan]);
    const [count] = new Uint32Array(arena.buffer, starts + buckets * 4, 1);
    const sums = ordering.form === FORM.values ? [] : sumsOf(arena.float64At(found, (buckets * FOUND) / 8));
    const [distinct = 0, cubes = 0, ties = 0, t1 = 0, t2 = 0, both = 0] = sums;
    return { count: count!, distinct, cubes, pairs: ties, t1, t2, both };
  });
}

function sumsOf(found: Float64Array): number[] {
  const width = FOUND / 8;
  const sums = new Array<number>(width).fill(0);
  for (let i = 0; i < found.length; i++) sums[i % width]! += found[i]!;
  return sums;
}
