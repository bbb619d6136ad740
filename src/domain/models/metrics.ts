/**
 * How good predictions are: scikit-learn 1.6's `sklearn.metrics`, under its names and with its answers where a metric is
 * not defined: 0 and a warning, or NaN and a warning. Classes are codes into a sorted list of them.
 */
import type { Notes } from '../notes.js';
import type { EstimatorTools } from './estimator.js';
import { numbersOf } from './sample.js';

/** True and predicted classes of the same rows; at least one row. `classes`: how many codes there are. */
export interface Classified {
  readonly truth: Int32Array;
  readonly predicted: Int32Array;
  readonly classes: number;
}

/** `accuracy_score`. */
export function accuracy({ truth, predicted }: Classified): number {
  let right = 0;
  for (let row = 0; row < truth.length; row++) if (truth[row] === predicted[row]) right++;
  return right / truth.length;
}

/** `confusion_matrix` of all classes: classes × classes, row-major; row t, column p counts rows of t taken for p. */
export function confusionMatrix({ truth, predicted, classes }: Classified): Float64Array {
  const counts = new Float64Array(classes * classes);
  for (let row = 0; row < truth.length; row++) counts[truth[row]! * classes + predicted[row]!]!++;
  return counts;
}

export interface ClassScores {
  readonly precision_macro: number;
  readonly recall_macro: number;
  readonly f1_macro: number;
  /** `balanced_accuracy_score`: mean recall of the classes that are there. */
  readonly balanced_accuracy: number;
}

/**
 * `precision_score`, `recall_score` and `f1_score` with `average="macro"`: means over the classes that are there or are
 * predicted. A class that is never predicted has precision 0, one that is not there recall 0; both are warned of.
 */
export function classScores(sample: Classified, notes: Notes): ClassScores {
  const { classes } = sample;
  const matrix = confusionMatrix(sample);
  const [precision, recall, f1]: [number[], number[], number[]] = [[], [], []];
  const present: number[] = [];
  let [unpredicted, absent] = [0, 0];
  for (let k = 0; k < classes; k++) {
    let [there, taken] = [0, 0];
    for (let other = 0; other < classes; other++) {
      there += matrix[k * classes + other]!;
      taken += matrix[other * classes + k]!;
    }
    if (there + taken === 0) continue;
    const right = matrix[k * classes + k]!;
    if (taken === 0) unpredicted++;
    if (there === 0) absent++;
    precision.push(taken === 0 ? 0 : right / taken);
    recall.push(there === 0 ? 0 : right / there);
    f1.push((2 * right) / (there + taken));
    if (there > 0) present.push(right / there);
  }
  if (unpredicted > 0)
    notes.warn('undefined_metric', `${unpredicted} classes are never predicted: their precision counts as 0`);
  if (absent > 0)
    notes.warn('undefined_metric', `${absent} predicted classes have no rows: their recall counts as 0`);
  return {
    precision_macro: meanOf(precision),
    recall_macro: meanOf(recall),
    f1_macro: meanOf(f1),
    balanced_accuracy: meanOf(present),
  };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Classes' probabilities, rows × classes, row-major, beside the true classes; codes are below `classes`, at least 2. */
export interface Probable {
  readonly truth: Int32Array;
  readonly probabilities: Float64Array;
  readonly classes: number;
}

/** `log_loss` with all classes as `labels`: mean of −ln p of the true class, p at least ε and at most 1 − ε. */
export function logLoss({ truth, probabilities, classes }: Probable): number {
  const sum = new Sum();
  for (let row = 0; row < truth.length; row++) {
    const p = probabilities[row * classes + truth[row]!]!;
    sum.add(-Math.log(Math.min(Math.max(p, Number.EPSILON), 1 - Number.EPSILON)));
  }
  return sum.value / truth.length;
}

/**
 * `roc_auc_score`: of two classes by the probability of the second; of more, each class against the rest
 * (`multi_class="ovr"`), the mean. NaN with a warning where a class has no rows, or all.
 */
export function rocAuc(
  { truth, probabilities, classes }: Probable,
  { engine, space, notes, checkpoint }: EstimatorTools,
): number {
  const scores = new Float64Array(truth.length);
  const areas: number[] = [];
  for (let k = classes === 2 ? 1 : 0; k < classes; k++) {
    for (let row = 0; row < truth.length; row++) scores[row] = probabilities[row * classes + k]!;
    checkpoint();
    areas.push(space.scratch(() => areaOf(truth, k, engine.order.rank(numbersOf(scores)).ranks)));
  }
  const mean = meanOf(areas);
  if (Number.isNaN(mean))
    notes.warn('undefined_metric', 'roc_auc is not defined: expected rows of every class, and of others');
  return mean;
}

/** Share of the pairs of a row of class k and another row in which the former ranks higher, ties as halves. */
function areaOf(truth: Int32Array, k: number, ranks: Float64Array): number {
  let [sum, inside] = [0, 0];
  for (let row = 0; row < truth.length; row++) {
    if (truth[row] !== k) continue;
    // Ranks are halves: exact up to 2^52 of them.
    sum += ranks[row]!;
    inside++;
  }
  const outside = truth.length - inside;
  return (sum - (inside * (inside + 1)) / 2) / (inside * outside);
}

export interface RegressionScores {
  readonly r2: number;
  readonly mean_squared_error: number;
  readonly mean_absolute_error: number;
}

/**
 * `r2_score`, `mean_squared_error` and `mean_absolute_error`. Where y is constant r2 is 1 of an exact prediction, else 0;
 * of a single row NaN, with a warning.
 */
export function regressionScores(
  truth: Float64Array,
  predicted: Float64Array,
  notes: Notes,
): RegressionScores {
  const [squares, sizes, total] = [new Sum(), new Sum(), new Sum()];
  const rows = truth.length;
  const mean = meanIn(truth);
  for (let row = 0; row < rows; row++) {
    const error = truth[row]! - predicted[row]!;
    squares.add(error * error);
    sizes.add(Math.abs(error));
    total.add((truth[row]! - mean) ** 2);
  }
  if (rows < 2) notes.warn('undefined_metric', 'r2 is not defined: expected at least two rows, got 1');
  return {
    r2: rows < 2 ? NaN : shareOf(squares.value, total.value),
    mean_squared_error: squares.value / rows,
    mean_absolute_error: sizes.value / rows,
  };
}

function shareOf(left: number, total: number): number {
  if (left === 0) return 1;
  return total === 0 ? 0 : 1 - left / total;
}

/** Of a constant the value itself. */
function meanIn(values: Float64Array): number {
  const first = values[0]!;
  const sum = new Sum();
  for (let row = 0; row < values.length; row++) sum.add(values[row]! - first);
  return first + sum.value / values.length;
}

/** Neumaier's compensated sum. */
class Sum {
  #high = 0;
  #low = 0;

  add(value: number): void {
    const sum = this.#high + value;
    this.#low +=
      Math.abs(this.#high) >= Math.abs(value) ? this.#high - sum + value : value - sum + this.#high;
    this.#high = sum;
  }

  get value(): number {
    return this.#high + this.#low;
  }
}
