import { NUMBER_STORAGE, type WidenKernel } from '../../ports/engine.js';
import type { Arena } from './arena.js';
import { BLOCK } from './columns.js';
import type { Team } from './team.js';

export function widen(arena: Arena, team: Team): WidenKernel {
  return ({ storage, bytes, validity, bitOffset, length }) => {
    // Every value is written: no need for zeros.
    const values = arena.float64At(arena.take(length * 8), length);
    const inexact = arena.scratch(() => {
      const units = Math.ceil(length / BLOCK);
      const lost = arena.take(units * 4);
      team.run('widen', units, length, [
        NUMBER_STORAGE.indexOf(storage),
        arena.place(bytes),
        validity === null ? 0 : arena.place(validity),
        bitOffset,
        length,
        values.byteOffset,
        lost,
      ]);
      return arena.int32At(lost, units).reduce((sum, rows) => sum + rows, 0);
    });
    return { values, inexact };
  };
}
