import type { DistributionsKernel } from '../src/ports/distributions.js';
import { mulberry32 } from './data.js';
import type { Case } from './stage.js';

const CALLS = 2000;

/** Statistics as tests meet them: degrees of freedom from 1 to a million, tails from 0.5 to 1e-9. */
const next = mulberry32(502);
const ARGUMENTS = Array.from({ length: CALLS }, () => ({
  z: 6 * next(),
  f: 4 * next(),
  few: Math.ceil(10 ** (2 * next())),
  many: Math.ceil(10 ** (6 * next())),
  p: 0.001 + 0.498 * next(),
}));

const sum = (of: (row: (typeof ARGUMENTS)[number]) => number) => (): number =>
  ARGUMENTS.reduce((total, row) => total + of(row), 0);

const normals = (k: DistributionsKernel) => {
  const { sf } = k.normal();
  return sum(({ z }) => sf(z));
};
const squares = (k: DistributionsKernel) => sum(({ few, f }) => k.chi2(few).sf(few * f));
const ratios = (k: DistributionsKernel) => sum(({ few, many, f }) => k.f(few, many).sf(f));
const quantiles = (k: DistributionsKernel) => sum(({ few, many, p }) => k.f(few, many).upperQuantile(p));
const counts = (k: DistributionsKernel) => (): number => k.wilcoxon(400).cdf(38_000);
const paths = (k: DistributionsKernel) => (): number => k.smirnovTwoSample(800, 900, 'two-sided').sf(0.06);

// Floors: about half of the lowest median ratio of several runs (two cores, Node 20). The tails gain digits over jstat,
// and the far ones at all, not time; the js engine has the same series and fractions.
export const cases: readonly Case[] = [
  {
    family: 'distributions',
    name: 'normal tail, 2,000 calls',
    rival: 'js engine',
    floor: 0.3,
    prepare: ({ wasm, js }) => ({
      ours: normals(wasm.distributions),
      rival: normals(js.distributions),
      agree: 1e-12,
    }),
  },
  {
    family: 'distributions',
    name: 'χ² tail, 2,000 calls',
    rival: 'js engine',
    floor: 0.3,
    prepare: ({ wasm, js }) => ({
      ours: squares(wasm.distributions),
      rival: squares(js.distributions),
      agree: 1e-12,
    }),
  },
  {
    family: 'distributions',
    name: 'F tail, 2,000 calls',
    rival: 'js engine',
    floor: 0.3,
    prepare: ({ wasm, js }) => ({
      ours: ratios(wasm.distributions),
      rival: ratios(js.distributions),
      agree: 1e-11,
    }),
  },
  {
    family: 'distributions',
    name: 'F quantile, 2,000 calls',
    rival: 'js engine',
    floor: 0.3,
    prepare: ({ wasm, js }) => ({
      ours: quantiles(wasm.distributions),
      rival: quantiles(js.distributions),
      agree: 1e-10,
    }),
  },
  {
    family: 'distributions',
    name: 'signed ranks of 400',
    rival: 'js engine',
    floor: 0.8,
    prepare: ({ wasm, js }) => ({
      ours: counts(wasm.distributions),
      rival: counts(js.distributions),
      agree: 1e-12,
    }),
  },
  {
    family: 'distributions',
    name: 'two samples of 800 and 900 by paths',
    rival: 'js engine',
    floor: 0.3,
    prepare: ({ wasm, js }) => ({
      ours: paths(wasm.distributions),
      rival: paths(js.distributions),
      agree: 1e-12,
    }),
  },
  {
    family: 'distributions',
    name: 'χ² tail, 2,000 calls',
    rival: 'jstat',
    prepare: ({ wasm, rivals }) => ({
      ours: squares(wasm.distributions),
      rival: sum(({ few, f }) => 1 - rivals.jStat.chisquare.cdf(few * f, few)),
      agree: 1e-6,
    }),
  },
];
