export const ADJUSTMENTS = ['bonferroni', 'holm', 'fdr_bh'] as const;
export type Adjustment = (typeof ADJUSTMENTS)[number];

/**
 * p-values of a family of tests, so that the level holds for all of them: `bonferroni` and `holm` (step-down) bound the
 * chance of one false rejection, `fdr_bh` the expected share of false ones (Benjamini and Hochberg 1995, as SciPy's
 * `false_discovery_control`). A null p-value is of no test that was made: it stays null and does not count.
 */
export function adjustedP(pValues: readonly (number | null)[], by: Adjustment): (number | null)[] {
  const present = pValues.flatMap((p, at) => (p === null ? [] : [{ p, at }]));
  const ascending = present.sort((a, b) => a.p - b.p);
  const m = ascending.length;
  const adjusted: (number | null)[] = pValues.map(() => null);
  switch (by) {
    case 'bonferroni':
      for (const { p, at } of ascending) adjusted[at] = Math.min(p * m, 1);
      break;
    case 'holm': {
      let most = 0;
      ascending.forEach(({ p, at }, rank) => {
        most = Math.max(most, p * (m - rank));
        adjusted[at] = Math.min(most, 1);
      });
      break;
    }
    case 'fdr_bh': {
      let least = 1;
      for (let rank = m; rank > 0; rank--) {
        const { p, at } = ascending[rank - 1]!;
        least = Math.min(least, (p * m) / rank);
        adjusted[at] = least;
      }
    }
  }
  return adjusted;
}
