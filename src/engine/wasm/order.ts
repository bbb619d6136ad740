import type { OrderKernel, Ranks } from '../../ports/order.js';
import type { Numbers } from '../../ports/tables.js';
import type { Arena } from './arena.js';
import { FORM, putInOrder } from './buckets.js';
import { BLOCK, chunkTable } from './columns.js';
import type { Kernels } from './exports.js';
import { pairs } from './pairs.js';
import type { Team } from './team.js';

/** Where a column's values lie side by side, NaN where missing: where they are, if so, else in `room`, 8 bytes a row. */
function flat(arena: Arena, team: Team, column: Numbers, room: number): number {
  const [first] = column.chunks;
  if (column.chunks.length === 1 && first!.validity === null && arena.owns(first!.values))
    return first!.values.byteOffset;
  arena.scratch(() => {
    const table = chunkTable(arena, column);
    const blocks = Math.ceil(column.length / BLOCK);
    team.run('cells', blocks, column.length, [column.length, table, column.chunks.length, room, 0, 0, 0]);
  });
  return room;
}

export function order(kernels: Kernels, arena: Arena, team: Team): OrderKernel {
  return {
    sort: (column) => {
      const rows = column.length;
      const keys = arena.take(rows * 8);
      if (rows === 0) return arena.float64At(keys, 0);
      const { count } = arena.scratch(() => {
        const otherKeys = arena.take(rows * 8);
        const values = flat(arena, team, column, otherKeys);
        const none = { carried: 0, otherCarried: 0, carry: 0 };
        // The values take the place of the keys.
        const places = { values, rows, form: FORM.values, out: keys, keys, otherKeys };
        return putInOrder(kernels, arena, team, { ...places, ...none });
      });
      return arena.float64At(keys, count);
    },
    rank: (column) => {
      const rows = column.length;
      const out = arena.take(rows * 8);
      const ranks = arena.float64At(out, rows);
      if (rows === 0) return { ranks, count: 0, ties: 0, distinct: 0 };
      return arena.scratch((): Ranks => {
        const [keys, otherKeys] = [arena.take(rows * 8), arena.take(rows * 8)];
        const [carried, otherCarried] = [arena.take(rows * 4), arena.take(rows * 4)];
        const values = flat(arena, team, column, otherKeys);
        const places = { keys, otherKeys, carried, otherCarried, carry: 0 };
        const groups = putInOrder(kernels, arena, team, { values, rows, form: FORM.ranks, out, ...places });
        return { ranks, count: groups.count, ties: groups.cubes, distinct: groups.distinct };
      });
    },
    pairs: pairs(kernels, arena, team),
  };
}
