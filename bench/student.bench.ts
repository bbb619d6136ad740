import type { StudentKernel } from '../src/ports/engine.js';
import { mulberry32 } from './data.js';
import type { Case } from './stage.js';

const CALLS = 2000;

/** Degrees of freedom from 1 to a million and t from 0 to 8, as tests meet them. */
const next = mulberry32(501);
const ARGUMENTS = Array.from({ length: CALLS }, () => ({
  t: 8 * next(),
  df: Math.ceil(10 ** (6 * next())),
  p: 0.001 + 0.498 * next(),
}));

const tails = (student: StudentKernel) => (): number =>
  ARGUMENTS.reduce((sum, { t, df }) => sum + student.tail(t, df), 0);
const quantiles = (student: StudentKernel) => (): number =>
  ARGUMENTS.reduce((sum, { p, df }) => sum + student.quantile(p, df), 0);

// Floors: about two thirds of the lowest median ratio of several runs (two cores, Node 20): 0.91 and 2.1.
// The tail gains digits over jstat (ten against seven), not time.
export const cases: readonly Case[] = [
  {
    family: 'student',
    name: 'two-sided p, 2,000 calls',
    rival: 'js engine',
    floor: 0.6,
    prepare: ({ wasm, js }) => ({ ours: tails(wasm.student), rival: tails(js.student), agree: 1e-6 }),
  },
  {
    family: 'student',
    name: 'quantile, 2,000 calls',
    rival: 'js engine',
    floor: 1.4,
    prepare: ({ wasm, js }) => ({ ours: quantiles(wasm.student), rival: quantiles(js.student), agree: 1e-6 }),
  },
  {
    family: 'student',
    name: 'two-sided p, 2,000 calls',
    rival: 'jstat',
    prepare: ({ wasm, rivals }) => ({
      ours: tails(wasm.student),
      rival: () => ARGUMENTS.reduce((sum, { t, df }) => sum + 2 * (1 - rivals.jStat.studentt.cdf(t, df)), 0),
      // One minus a CDF, and jstat's own CDF at many degrees of freedom: four digits are left.
      agree: 1e-3,
    }),
  },
  {
    family: 'student',
    name: 'quantile, 2,000 calls',
    rival: 'jstat',
    prepare: ({ wasm, rivals }) => ({
      ours: quantiles(wasm.student),
      rival: () => ARGUMENTS.reduce((sum, { p, df }) => sum + rivals.jStat.studentt.inv(p, df), 0),
      agree: 1e-4,
    }),
  },
];
