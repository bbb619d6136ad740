import { bartlett } from './bartlett.js';
import { chi2Contingency } from './chi2-contingency.js';
import { chisquare } from './chisquare.js';
import { fOneway } from './f-oneway.js';
import { fisherExact } from './fisher-exact.js';
import { levene } from './levene.js';
import type { HypothesisTest } from './test.js';
import { ttest1samp } from './ttest-1samp.js';
import { ttestInd } from './ttest-ind.js';
import { ttestRel } from './ttest-rel.js';

/** The tests that are served, by SciPy's names: each is an endpoint of its own, and may stand in a batch. */
export const hypothesisTests: readonly HypothesisTest[] = [
  ttest1samp,
  ttestInd,
  ttestRel,
  fOneway,
  levene,
  bartlett,
  chisquare,
  chi2Contingency,
  fisherExact,
];
