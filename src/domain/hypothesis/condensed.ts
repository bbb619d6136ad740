import { CompensatedSum } from './compensated-sum.js';

/**
 * An ascending sample, or points that stand for it: Σ weightₘ · f(pointₘ) is Σ f(xᵢ) and Σ rankₘ · f(pointₘ) is
 * Σ (2i − 1)/n · f(xᵢ), for a function f that is smooth over a cell.
 */
export interface Condensed {
  readonly points: Float64Array;
  readonly weights: Float64Array;
  readonly ranks: Float64Array;
}

/** The sample itself, with weights of 1. */
export function whole(sorted: Float64Array): Condensed {
  const n = sorted.length;
  return {
    points: sorted,
    weights: new Float64Array(n).fill(1),
    ranks: Float64Array.from(sorted, (_, i) => (2 * i + 1) / n),
  };
}

/** Chebyshev's points of a cell [−1, 1], the middle one among them. */
const NODES = Array.from({ length: 7 }, (_, m) => (m === 3 ? 0 : Math.cos((Math.PI * (2 * m + 1)) / 14)));
const MIDDLE = 3;
/** Lagrange's polynomial of each point: its coefficients, from the constant on. */
const LAGRANGE = NODES.map((node, m) =>
  NODES.filter((_, other) => other !== m).reduce<number[]>(
    (product, root) => [0, ...product].map((upper, k) => (upper - root * (product[k] ?? 0)) / (node - root)),
    [1],
  ),
);
/** Values from which a cell is worth its points. */
const WORTH = 64;

/**
 * Values of a cell are replaced by seven Chebyshev points whose weights are the sums of Lagrange's polynomials over the
 * values, so that polynomials of degree six have the same sums; values of thin cells stay. `width` is asked for a cell's
 * width at its lowest value. Of f the error in each value is
 * (width/2)⁷ / 2⁶ · |f⁽⁷⁾| / 7!.
 */
export function condense(sorted: Float64Array, width: (lowest: number) => number): Condensed {
  const n = sorted.length;
  const points: number[] = [];
  const weights: number[] = [];
  const ranks: number[] = [];
  let from = 0;
  while (from < n) {
    const half = width(sorted[from]!) / 2;
    const centre = sorted[from]! + half;
    const end = centre + half;
    let to = from + 1;
    while (to < n && sorted[to]! < end) to++;
    if (to - from < WORTH) {
      for (let i = from; i < to; i++) {
        points.push(sorted[i]!);
        weights.push(1);
        ranks.push((2 * i + 1) / n);
      }
    } else {
      const { plain, ranked } = powerSums(sorted, from, to, centre, half);
      points.push(...NODES.map((node) => centre + half * node));
      weights.push(...shares(plain));
      ranks.push(...shares(ranked));
    }
    from = to;
  }
  return {
    points: Float64Array.from(points),
    weights: Float64Array.from(weights),
    ranks: Float64Array.from(ranks),
  };
}

/** Σ tᵏ and Σ (2i − 1)/n · tᵏ over a cell, k = 0 … 6, t in [−1, 1]. */
function powerSums(
  sorted: Float64Array,
  from: number,
  to: number,
  centre: number,
  half: number,
): { plain: number[]; ranked: number[] } {
  const n = sorted.length;
  let [a1, a2, a3, a4, a5, a6] = [0, 0, 0, 0, 0, 0];
  let [b1, b2, b3, b4, b5, b6] = [0, 0, 0, 0, 0, 0];
  for (let i = from; i < to; i++) {
    const t = (sorted[i]! - centre) / half;
    const rank = (2 * i + 1) / n;
    const t2 = t * t;
    const t3 = t2 * t;
    const t4 = t2 * t2;
    const t5 = t4 * t;
    const t6 = t3 * t3;
    a1 += t;
    a2 += t2;
    a3 += t3;
    a4 += t4;
    a5 += t5;
    a6 += t6;
    b1 += rank * t;
    b2 += rank * t2;
    b3 += rank * t3;
    b4 += rank * t4;
    b5 += rank * t5;
    b6 += rank * t6;
  }
  // Σ (2i − 1) over i = from + 1 … to is to² − from².
  const all = ((to - from) * (to + from)) / n;
  return { plain: [to - from, a1, a2, a3, a4, a5, a6], ranked: [all, b1, b2, b3, b4, b5, b6] };
}

/** Σ of Lagrange's polynomials. The middle one is what is left of all, so that a constant has no rounding error. */
function shares(sums: readonly number[]): number[] {
  const own = LAGRANGE.map((coefficients) => coefficients.reduce((sum, c, k) => sum + c * sums[k]!, 0));
  own[MIDDLE] = 0;
  const others = new CompensatedSum();
  for (const share of own) others.add(share);
  own[MIDDLE] = sums[0]! - others.value;
  return own;
}
