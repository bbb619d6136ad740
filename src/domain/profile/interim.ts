import type { DistributionsKernel } from '../../ports/distributions.js';
import type { Engine as Base } from '../../ports/engine.js';
export interface Engine extends Base {
  readonly distributions: DistributionsKernel;
}
const normalSf = (x: number): number => {
  const t = 1 / (1 + 0.2316419 * x);
  return (
    0.3989423 *
    Math.exp((-x * x) / 2) *
    t *
    (0.3193815 + t * (-0.3565638 + t * (1.781478 + t * (-1.821256 + t * 1.330274))))
  );
};
const ks = (n: number) => ({
  sf: (x: number) => {
    const z = Math.sqrt(n) * x;
    let s = 0;
    for (let k = 1; k < 50; k++) s += 2 * (-1) ** (k - 1) * Math.exp(-2 * k * k * z * z);
    return Math.min(1, Math.max(0, s));
  },
});
const distributions = {
  normal: () => ({ sf: normalSf }),
  chi2: (df: number) => ({
    sf: (x: number) => normalSf((Math.cbrt(x / df) - 1 + 2 / 9 / df) / Math.sqrt(2 / 9 / df)),
  }),
  smirnovTwoSample: (m: number, n: number) => ks((m * n) / (m + n)),
  kolmogorovExact: ks,
} as unknown as DistributionsKernel;
export const interim = (engine: Base): Engine => ({ ...engine, distributions });
