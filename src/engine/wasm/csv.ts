import type { CsvKernel } from '../../ports/engine.js';
import type { Arena } from './arena.js';
import type { Kernels } from './exports.js';
export const csv =
  (_kernels: Kernels, _arena: Arena): CsvKernel =>
  () => {
    throw new Error('not written yet');
  };
