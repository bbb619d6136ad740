import { anderson } from './anderson.js';
import { jarqueBera } from './jarque-bera.js';
import { kendalltau } from './kendalltau.js';
import { kruskal } from './kruskal.js';
import { ks1samp } from './ks-1samp.js';
import { ks2samp } from './ks-2samp.js';
import { mannwhitneyu } from './mannwhitneyu.js';
import { normaltest } from './normaltest.js';
import { pearsonr } from './pearsonr.js';
import { shapiro } from './shapiro.js';
import { spearmanr } from './spearmanr.js';
import type { HypothesisTest } from './test.js';
import { ttest1samp } from './ttest-1samp.js';
import { wilcoxon } from './wilcoxon.js';

/** The tests that are served, by SciPy's names: each is an endpoint of its own, and may stand in a batch. */
export const hypothesisTests: readonly HypothesisTest[] = [
  ttest1samp,
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
