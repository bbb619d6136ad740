import { anderson } from './anderson.js';
import { bartlett } from './bartlett.js';
import { chi2Contingency } from './chi2-contingency.js';
import { chisquare } from './chisquare.js';
import { fOneway } from './f-oneway.js';
import { fisherExact } from './fisher-exact.js';
import { jarqueBera } from './jarque-bera.js';
import { kendalltau } from './kendalltau.js';
import { kruskal } from './kruskal.js';
import { ks1samp } from './ks-1samp.js';
import { ks2samp } from './ks-2samp.js';
import { levene } from './levene.js';
import { mannwhitneyu } from './mannwhitneyu.js';
import { normaltest } from './normaltest.js';
import { pearsonr } from './pearsonr.js';
import { shapiro } from './shapiro.js';
import { spearmanr } from './spearmanr.js';
import type { HypothesisTest } from './test.js';
import { ttest1samp } from './ttest-1samp.js';
import { ttestInd } from './ttest-ind.js';
import { ttestRel } from './ttest-rel.js';
import { wilcoxon } from './wilcoxon.js';

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
  kruskal,
  mannwhitneyu,
  wilcoxon,
  ks1samp,
  ks2samp,
  shapiro,
  normaltest,
  jarqueBera,
  anderson,
  pearsonr,
  spearmanr,
  kendalltau,
];
