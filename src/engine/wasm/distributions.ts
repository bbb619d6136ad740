import type { DistributionsKernel } from '../../ports/distributions.js';
import { distributions as frozen, KINDS, type Kind } from '../distributions.js';
import type { Arena } from './arena.js';
import type { Kernels } from './exports.js';

const NUMBER = Object.fromEntries(KINDS.map((kind, number) => [kind, number])) as Readonly<
  Record<Kind, number>
>;

export function distributions(kernels: Kernels, arena: Arena): DistributionsKernel {
  /** Only Durbin's matrix needs room. */
  const within = (kind: Kind, use: (scratch: number) => number): number =>
    kind === 'kolmogorovExact'
      ? arena.scratch(() => use(arena.take(kernels.distributions_scratch())))
      : use(0);
  const counts = (largest: number, fill: (out: number) => void): Float64Array =>
    arena.scratch(() => {
      const length = Math.floor(largest / 2) + 1;
      const out = arena.take(length * 8);
      fill(out);
      return arena.float64At(out, length).slice();
    });
  return frozen({
    tail: (kind, upper, x, a, b, c) =>
      within(kind, (scratch) => kernels.distributions_tail(NUMBER[kind], upper, x, a, b, c, scratch)),
    log10Tail: (kind, upper, x, a, b, c) =>
      within(kind, (scratch) => kernels.distributions_log10_tail(NUMBER[kind], upper, x, a, b, c, scratch)),
    point: (kind, k, a, b, c) => kernels.distributions_point(NUMBER[kind], k, a, b, c),
    quantile: (kind, upper, p, a, b, c) =>
      within(kind, (scratch) => kernels.distributions_quantile(NUMBER[kind], upper, p, a, b, c, scratch)),
    log10: (value, exponent) => kernels.distributions_log10(value, exponent),
    log10Complement: (p) => kernels.distributions_log10_complement(p),
    paths: (m, n, divisor, d, oneSided) =>
      arena.scratch(() =>
        kernels.distributions_paths(arena.take((m + 2 * n + 2) * 8), m, n, divisor, d, oneSided),
      ),
    wilcoxon: (n) =>
      counts((n * (n + 1)) / 2, (out) => {
        kernels.ranks_wilcoxon(n, out);
      }),
    kendall: (n, total) =>
      counts((n * (n - 1)) / 2, (out) => {
        kernels.ranks_kendall(n, total, out);
      }),
    mannWhitney: (m, n, total) =>
      counts(m * n, (out) => {
        kernels.ranks_mann_whitney(m, n, total, out);
      }),
  });
}
