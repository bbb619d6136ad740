/** A gap between two distribution functions, and where it is first reached. */
export interface Gap {
  readonly size: number;
  readonly location: number;
}

/**
 * Largest gaps between the distribution functions F and G of two ascending samples, and the number of values that both
 * have. `above` is max F − G, `below` max G − F, none less than 0. A gap that is reached at several places is told of the
 * first: among the values of the first sample, then of the second, as SciPy looks for it.
 */
export function largestGaps(
  x: Float64Array,
  y: Float64Array,
): { readonly above: Gap; readonly below: Gap; readonly ties: number } {
  const [n, m] = [x.length, y.length];
  const ofX = { most: -Infinity, mostAt: NaN, least: Infinity, leastAt: NaN };
  const ofY = { most: -Infinity, mostAt: NaN, least: Infinity, leastAt: NaN };
  const note = (extremes: typeof ofX, gap: number, at: number): void => {
    if (gap > extremes.most) {
      extremes.most = gap;
      extremes.mostAt = at;
    }
    if (gap < extremes.least) {
      extremes.least = gap;
      extremes.leastAt = at;
    }
  };
  let [i, j, ties] = [0, 0, 0];
  while (i < n || j < m) {
    const a = i < n ? x[i]! : Infinity;
    const b = j < m ? y[j]! : Infinity;
    const value = a < b ? a : b;
    const [firstX, firstY] = [i, j];
    while (i < n && x[i] === value) i++;
    while (j < m && y[j] === value) j++;
    const gap = i / n - j / m;
    if (i > firstX) note(ofX, gap, value);
    if (j > firstY) note(ofY, gap, value);
    if (i > firstX && j > firstY) ties++;
  }
  const above = ofX.most >= ofY.most ? [ofX.most, ofX.mostAt] : [ofY.most, ofY.mostAt];
  const below = ofX.least <= ofY.least ? [ofX.least, ofX.leastAt] : [ofY.least, ofY.leastAt];
  return {
    above: { size: above[0]!, location: above[1]! },
    below: { size: Math.min(Math.max(-below[0]!, 0), 1), location: below[1]! },
    ties,
  };
}

/**
 * Largest gaps between the distribution function of an ascending sample and a continuous one: `above` is D⁺ = max i/n − F,
 * `below` is D⁻ = max F − (i − 1)/n, each where it is first reached.
 *
 * F rises, so between two values whose F is known a gap has a bound, and where that is below what was found already
 * nothing needs to be looked at: of a million values some thousands are.
 */
export function gapsToCdf(
  x: Float64Array,
  cdf: (x: number) => number,
): { readonly above: Gap; readonly below: Gap } {
  const n = x.length;
  const above = { size: -Infinity, at: 0 };
  const below = { size: -Infinity, at: 0 };
  const note = (best: typeof above, size: number, at: number): void => {
    if (size > best.size || (size === best.size && at < best.at)) {
      best.size = size;
      best.at = at;
    }
  };
  const look = (i: number): number => {
    const f = cdf(x[i]!);
    note(above, (i + 1) / n - f, i);
    note(below, f - i / n, i);
    return f;
  };
  let spans: Span[] = [];
  for (let from = 0, f = look(0); from < n - 1;) {
    const to = Math.min(from + FIRST_SPAN, n - 1);
    const next = look(to);
    spans.push({ from, to, low: f, high: next });
    [from, f] = [to, next];
  }
  while (spans.length > 0) {
    spans = spans.flatMap(({ from, to, low, high }) => {
      const reach = Math.max(to / n - low - above.size, high - (from + 1) / n - below.size);
      // Equal gaps count, for the first place of one; the last bits of F need not rise.
      if (to - from < 2 || reach < -SLACK) return [];
      const middle = (from + to) >> 1;
      const f = look(middle);
      return [
        { from, to: middle, low, high: f },
        { from: middle, to, low: f, high },
      ];
    });
  }
  return {
    above: { size: above.size, location: x[above.at]! },
    below: { size: below.size, location: x[below.at]! },
  };
}

/** Values between which nothing is known but F at both ends. */
interface Span {
  readonly from: number;
  readonly to: number;
  readonly low: number;
  readonly high: number;
}

const FIRST_SPAN = 4096;
const SLACK = 1e-13;
