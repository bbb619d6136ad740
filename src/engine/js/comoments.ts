import type { ComomentsKernel } from '../../ports/engine.js';
import { cellsOf } from './cells.js';
import { Sum } from './moments.js';

/** Two passes a pair: the means, then products of the deviations with the corrected two-pass term. Sums are compensated. */
export const comoments: ComomentsKernel = (columns) => {
  const d = columns.length;
  const cells = columns.map(cellsOf);
  const matrix = (): Float64Array => new Float64Array(d * d);
  const result = { counts: matrix(), means: matrix(), m2: matrix(), c: matrix() };
  for (let i = 0; i < d; i++) {
    for (let j = i; j < d; j++) {
      const pair = pairOf(cells[i]!, cells[j]!);
      for (const [at, own] of [
        [i * d + j, pair.x],
        [j * d + i, pair.y],
      ] as const) {
        result.counts[at] = pair.count;
        result.means[at] = own.mean;
        result.m2[at] = own.m2;
        result.c[at] = i === j ? own.m2 : pair.c;
      }
    }
  }
  return result;
};

function pairOf(xs: Float64Array, ys: Float64Array) {
  const [sumX, sumY] = [new Sum(), new Sum()];
  let count = 0;
  for (let row = 0; row < xs.length; row++) {
    const x = xs[row]!;
    const y = ys[row]!;
    if (x !== x || y !== y) continue;
    sumX.add(x);
    sumY.add(y);
    count++;
  }
  const meanX = sumX.value / count;
  const meanY = sumY.value / count;
  const [sx, sy, xx, yy, xy] = [new Sum(), new Sum(), new Sum(), new Sum(), new Sum()];
  for (let row = 0; row < xs.length; row++) {
    const x = xs[row]!;
    const y = ys[row]!;
    if (x !== x || y !== y) continue;
    const dx = x - meanX;
    const dy = y - meanY;
    sx.add(dx);
    sy.add(dy);
    xx.add(dx * dx);
    yy.add(dy * dy);
    xy.add(dx * dy);
  }
  const centred = (squares: Sum, sum: Sum, mean: number): number => {
    if (count === 0) return 0;
    return Number.isFinite(mean) ? Math.max(squares.value - sum.value * (sum.value / count), 0) : NaN;
  };
  const x = { mean: meanX + 0, m2: centred(xx, sx, meanX) };
  const y = { mean: meanY + 0, m2: centred(yy, sy, meanY) };
  const c = coMoment(xy.value - sx.value * (sy.value / count), x.m2, y.m2);
  return { count, x, y, c };
}

/** NaN where a square sum is; 0 where one of them is, which leaves nothing to go together. */
function coMoment(c: number, m2x: number, m2y: number): number {
  if (Number.isNaN(m2x) || Number.isNaN(m2y)) return NaN;
  // Adding zero turns −0 into 0.
  return m2x === 0 || m2y === 0 ? 0 : c + 0;
}
