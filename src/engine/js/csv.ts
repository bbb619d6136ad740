import type { CsvKernel } from '../../ports/engine.js';
export const csv: CsvKernel = () => {
  throw new Error('not written yet');
};
