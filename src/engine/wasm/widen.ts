import { NUMBER_STORAGE, type WidenKernel } from '../../ports/engine.js';
import type { Arena } from './arena.js';
import type { Kernels } from './exports.js';

export function widen(kernels: Kernels, arena: Arena): WidenKernel {
  return ({ storage, bytes, validity, bitOffset, length }) => {
    const values = arena.float64(length);
    const inexact = arena.scratch(() =>
      kernels.widen_values(
        NUMBER_STORAGE.indexOf(storage),
        arena.place(bytes),
        validity === null ? 0 : arena.place(validity),
        bitOffset,
        length,
        values.byteOffset,
      ),
    );
    return { values, inexact };
  };
}
