import type { HypothesisTest } from './test.js';
import { ttest1samp } from './ttest-1samp.js';

/** The tests that are served, by SciPy's names: each is an endpoint of its own, and may stand in a batch. */
export const hypothesisTests: readonly HypothesisTest[] = [ttest1samp];
