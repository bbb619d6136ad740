/**
 * The logistic loss as an objective: the mean of what the engine sums over columns that are centred and scaled on the way,
 * so that neither their units nor where they lie make the problem ill-conditioned, and the penalty.
 *
 * Source: A. Agresti, "Categorical Data Analysis", 3rd edition, chapters 5 and 8 (binary and baseline-free multinomial
 * logit). Of two classes one row of coefficients says how much more likely the second is; of more each class has a row.
 */
import type { LogisticLoss } from '../../ports/losses.js';
import type { Objective, Point } from './objective.js';

/**
 * Mean loss per weight plus ½ Σ penalty · coefficient², of outputs × (columns + intercept) coefficients, an output's in a
 * row, its intercept last. `checkpoint` is called before each look at the rows. What adding the same to all outputs does not
 * change is held: such coefficients add up to 0.
 */
export function logisticObjective(
  loss: LogisticLoss,
  outputs: number,
  penalty: Float64Array,
  checkpoint: () => void,
): Objective {
  return {
    size: penalty.length,
    at: (w, curved) => {
      checkpoint();
      const { total, ...sums } = loss(w, curved);
      return finish(sums, w, penalty, total, outputs);
    },
  };
}

/** Means from sums, all of the Hessian from its parts, and the penalty. */
function finish(
  { loss, gradient, hessian }: Point,
  w: Float64Array,
  penalty: Float64Array,
  total: number,
  outputs: number,
): Point {
  const size = w.length;
  const width = size / outputs;
  let mean = loss / total;
  for (let i = 0; i < size; i++) {
    mean += 0.5 * penalty[i]! * w[i]! * w[i]!;
    gradient[i] = gradient[i]! / total + penalty[i]! * w[i]!;
  }
  if (hessian === undefined) return { loss: mean, gradient };
  for (let i = 0; i < size; i++) {
    const [c, j] = [Math.floor(i / width), i % width];
    for (let k = 0; k <= i; k++) {
      const [other, l] = [Math.floor(k / width), k % width];
      const [row, column] = l > j ? [c * width + l, other * width + j] : [i, k];
      const entry = hessian[row * size + column]! / total;
      hessian[k * size + i] = entry;
    }
  }
  // The upper triangle is complete now.
  for (let i = 0; i < size; i++) for (let k = 0; k < i; k++) hessian[i * size + k] = hessian[k * size + i]!;
  for (let j = 0; j < width; j++) if (outputs > 1 && penalty[j] === 0) hold(hessian, j, outputs, width);
  for (let i = 0; i < size; i++) {
    hessian[i * size + i]! += penalty[i]!;
    // A constant column: its coefficient stays.
    if (hessian[i * size + i] === 0) hessian[i * size + i] = 1;
  }
  return { loss: mean, gradient, hessian };
}

/** Curvature along the direction in which all outputs' coefficients of a column move together, where there is none. */
function hold(hessian: Float64Array, j: number, outputs: number, width: number): void {
  const size = outputs * width;
  let mean = 0;
  for (let c = 0; c < outputs; c++) mean += hessian[(c * width + j) * (size + 1)]! / outputs;
  for (let c = 0; c < outputs; c++)
    for (let other = 0; other < outputs; other++)
      hessian[(c * width + j) * size + other * width + j]! += mean;
}
