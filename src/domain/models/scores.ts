/** How good a fitted pipeline is on some rows: its metrics by the task. */
import type { Json } from '../../ports/formats.js';
import { Problem } from '../../ports/problem.js';
import type { Cell } from '../../ports/tables.js';
import { permutation } from '../permutation.js';
import type { FeatureTable } from '../features/steps.js';
import type { Features, Prediction, Target } from './estimator.js';
import {
  accuracy,
  classScores,
  type Classified,
  confusionMatrix,
  logLoss,
  regressionScores,
  rocAuc,
} from './metrics.js';
import { numbersOf } from './sample.js';
import { ask, type Asked, type PipelineTools, prepare, type Trained } from './train.js';
import { codesAmong, takeTarget } from './target.js';

/** Metrics by scikit-learn's names; NaN where not defined. */
export interface Scores {
  readonly metrics: ReadonlyMap<string, number>;
  /** Of classifiers. */
  readonly confusion?: { readonly classes: readonly Cell[]; readonly matrix: Float64Array };
  /** Rows that they are of. */
  readonly rows: number;
}

type Scored = Pick<Trained, 'steps' | 'estimator' | 'features' | 'state' | 'classes'>;

/** Rows of which a silhouette is made: its time is that of all pairs. */
const MOST_PAIRED = 20_000;

/** Scores of the rows that a pipeline was fitted on: also of dbscan, which labels them and predicts no others. */
export function fittedScores(
  trained: Scored,
  table: FeatureTable,
  target: Target | undefined,
  tools: PipelineTools,
): Scores {
  const { labels_: labels } = trained.state;
  if (trained.estimator.name !== 'dbscan' || !(labels instanceof Int32Array))
    return scoresOf(trained, table, target, tools);
  const { features } = prepare(trained, table, tools);
  // Noise is a cluster like others to scikit-learn's `silhouette_score`.
  const isNoisy = labels.includes(-1);
  const own = isNoisy ? labels.map((label) => label + 1) : labels;
  const metrics = new Map([['silhouette', silhouetteOf(features, own, tools)]]);
  return { metrics, rows: features.rows };
}

/** Asks a pipeline with a table and compares the answers with the target, where there is one. Throws 422. */
export function scoresOf(
  trained: Scored,
  table: FeatureTable,
  target: Target | undefined,
  tools: PipelineTools,
): Scores {
  const asked = ask(trained, table, tools);
  const { prediction, kept } = asked;
  const rows = kept?.length ?? table.rows;
  if (rows === 0) {
    const detail =
      'expected at least one row without missing values to judge by, got none: simple_imputer can fill them';
    throw Problem.at('', 'no_data', detail);
  }
  const truth = target === undefined || kept === null ? target : takeTarget(target, kept);
  if (prediction.kind === 'labels') return { metrics: clusterMetrics(trained, asked, tools), rows };
  if (truth === undefined || prediction.kind === 'columns') return { metrics: new Map(), rows };
  if (prediction.kind === 'numbers') {
    const values = truth.kind === 'numbers' ? truth.values : new Float64Array(0);
    const { r2, mean_squared_error, mean_absolute_error } = regressionScores(
      values,
      prediction.values,
      tools.notes,
    );
    return { metrics: new Map(Object.entries({ r2, mean_squared_error, mean_absolute_error })), rows };
  }
  if (truth.kind !== 'classes') throw new TypeError('expected a target of classes');
  return { ...classMetrics(trained.classes ?? [], truth, prediction, tools), rows };
}

/** The metric that scikit-learn calls the score of an estimator. */
export const scoreOf = ({ metrics }: Scores): number => metrics.get('accuracy') ?? metrics.get('r2') ?? NaN;

function classMetrics(
  known: readonly Cell[],
  truth: Extract<Target, { kind: 'classes' }>,
  prediction: Extract<Prediction, { kind: 'classes' }>,
  tools: PipelineTools,
): Omit<Scores, 'rows'> {
  // Classes that the fit did not see come last.
  const seen = new Set(known);
  const strangers = truth.classes.filter((value) => !seen.has(value));
  const classes = [...known, ...strangers];
  const sample: Classified = {
    truth: codesAmong(truth, classes),
    predicted: prediction.codes,
    classes: classes.length,
  };
  const { f1_macro, precision_macro, recall_macro, balanced_accuracy } = classScores(sample, tools.notes);
  const metrics = new Map<string, number>([
    ['accuracy', accuracy(sample)],
    ['f1_macro', f1_macro],
    ['precision_macro', precision_macro],
    ['recall_macro', recall_macro],
    ['balanced_accuracy', balanced_accuracy],
  ]);
  const { probabilities } = prediction;
  if (probabilities !== undefined && known.length > 1) {
    const probable = { truth: sample.truth, probabilities, classes: known.length };
    if (strangers.length > 0) {
      const detail = `log_loss and roc_auc are not defined: ${strangers.length} classes were not in the fit`;
      tools.notes.warn('undefined_metric', detail);
    }
    const isDefined = strangers.length === 0;
    metrics.set('log_loss', isDefined ? logLoss(probable) : NaN);
    metrics.set('roc_auc', isDefined ? rocAuc(probable, { ...tools, pointer: () => '' }) : NaN);
  }
  return { metrics, confusion: { classes, matrix: confusionMatrix(sample) } };
}

/** Inertia where there are centres, and the silhouette; of outlier detectors the share of outliers. */
function clusterMetrics(
  { estimator, state }: Scored,
  { prediction, features }: Asked,
  tools: PipelineTools,
): ReadonlyMap<string, number> {
  if (prediction.kind !== 'labels') return new Map();
  const { labels } = prediction;
  if (estimator.task === 'outliers') {
    const outliers = labels.reduce((sum, label) => sum + (label < 0 ? 1 : 0), 0);
    return new Map([['outliers', outliers / labels.length]]);
  }
  const metrics = new Map<string, number>();
  const { cluster_centers_: centers } = state;
  if (centers instanceof Float64Array) metrics.set('inertia', inertiaOf(features.columns, labels, centers));
  metrics.set('silhouette', silhouetteOf(features, labels, tools));
  return metrics;
}

function silhouetteOf(
  features: Features,
  labels: Int32Array,
  { engine, notes, space }: PipelineTools,
): number {
  const sample =
    features.rows <= MOST_PAIRED ? null : permutation(42, features.rows).subarray(0, MOST_PAIRED);
  if (sample !== null)
    notes.warn(
      'silhouette_sampled',
      `silhouette of ${MOST_PAIRED} of ${features.rows} rows, drawn with random_state 42`,
    );
  return space.scratch(() => {
    const columns = features.columns.map((column) => {
      const values = space.float64(sample?.length ?? column.length);
      if (sample === null) values.set(column);
      else for (let i = 0; i < sample.length; i++) values[i] = column[sample[i]!]!;
      return numbersOf(values);
    });
    const own = sample === null ? labels : Int32Array.from(sample, (row) => labels[row]!);
    return engine.silhouette(columns, [own])[0]!;
  });
}

/** Sum of the squared distances of rows from the centres of their labels, clusters × columns. */
function inertiaOf(columns: readonly Float64Array[], labels: Int32Array, centers: Float64Array): number {
  const d = columns.length;
  let sum = 0;
  columns.forEach((column, j) => {
    for (let row = 0; row < column.length; row++) {
      const difference = column[row]! - centers[labels[row]! * d + j]!;
      sum += difference * difference;
    }
  });
  return sum;
}

/** As an answer has them: lists of lists. */
export function confusionJson(confusion: Scores['confusion']): Json | undefined {
  if (confusion === undefined) return undefined;
  const { classes, matrix } = confusion;
  const k = classes.length;
  return { classes, values: classes.map((_, row) => matrix.subarray(row * k, (row + 1) * k)) };
}
