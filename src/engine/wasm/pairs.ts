import { pairCounts } from '../pairs.js';
import type { OrderKernel } from '../../ports/order.js';
import type { Arena } from './arena.js';
import { FORM, putInOrder } from './buckets.js';
import { BLOCK, chunkTable } from './columns.js';
import type { Kernels } from './exports.js';
import type { Team } from './team.js';

/** Values of a digit, and bytes of a lane's scratch: assembly/inversions.ts. */
const DIGITS = 256;
const SCRATCH = 8192;

/**
 * Kendall's pairs in n log n: each row's place in the order of y, put in the order of x and, where x is equal, of itself;
 * what is out of order then is discordant. Source: Knight 1966.
 */
export function pairs(kernels: Kernels, arena: Arena, team: Team): OrderKernel['pairs'] {
  return (x, y) => {
    const rows = x.length;
    if (rows === 0) return pairCounts(0, NO_TIES, NO_TIES, 0, 0);
    return arena.scratch(() => {
      const [keys, otherKeys, xs] = [arena.take(rows * 8), arena.take(rows * 8), arena.take(rows * 8)];
      const [carried, otherCarried] = [arena.take(rows * 4), arena.take(rows * 4)];
      const places = arena.take(rows * 4);
      arena.scratch(() => {
        const [ofX, ofY] = [chunkTable(arena, x), chunkTable(arena, y)];
        const args = [rows, ofX, x.chunks.length, xs, ofY, y.chunks.length, otherKeys];
        team.run('cells', Math.ceil(rows / BLOCK), rows * 2, args);
      });
      const room = { rows, keys, otherKeys, carried, otherCarried };
      const ofY = putInOrder(kernels, arena, team, {
        ...room,
        values: otherKeys,
        form: FORM.places,
        out: places,
        carry: 0,
      });
      const ofX = putInOrder(kernels, arena, team, {
        ...room,
        values: xs,
        form: FORM.runs,
        out: 0,
        carry: places,
      });
      const discordant = inversions(kernels, arena, team, otherCarried, carried, ofX.count);
      return pairCounts(ofX.count, ofX, ofY, ofX.both, discordant);
    });
  };
}

const NO_TIES = { pairs: 0, t1: 0, t2: 0 };

/** Inversions of `count` numbers below `count`, u32; they and `other`, as many, are used up. */
function inversions(
  kernels: Kernels,
  arena: Arena,
  team: Team,
  numbers: number,
  other: number,
  count: number,
): number {
  if (count < 2) return 0;
  const blocks = Math.ceil(count / BLOCK);
  const tallies = arena.take(blocks * DIGITS * 4);
  const starts = arena.take((DIGITS + 1) * 4);
  const [across, within] = [arena.take(blocks * 8), arena.take(DIGITS * 8)];
  const scratch = arena.take(SCRATCH * team.lanes);
  const bits = 32 - Math.clz32(count - 1);
  const args = (found: number): number[] => [numbers, count, bits, tallies, starts, other, found, scratch];
  team.run('digits', blocks, count, args(0));
  kernels.inversions_starts(tallies, blocks, starts);
  team.run('exchange', blocks, count, args(across));
  team.run('inversions', DIGITS, count, args(within));
  const sum = (pointer: number, units: number): number =>
    arena.float64At(pointer, units).reduce((total, own) => total + own, 0);
  return sum(across, blocks) + sum(within, DIGITS);
}
