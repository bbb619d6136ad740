import type { StudentKernel } from '../../ports/engine.js';
import type { Kernels } from './exports.js';

export function student(kernels: Kernels): StudentKernel {
  return {
    tail: (t, df) => kernels.student_tail(t, df),
    log10Tail: (t, df) => kernels.student_log10_tail(t, df),
    quantile: (p, df) => kernels.student_quantile(p, df),
  };
}
