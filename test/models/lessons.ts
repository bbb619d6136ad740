/** Estimators fitted outside the service: with their schemas' defaults, over an engine of their own. */
import Ajv, { type SchemaObject } from 'ajv';
import { Notes } from '../../src/domain/notes.js';
import { UNWATCHED } from '../../src/domain/progress.js';
import type {
  Estimator,
  EstimatorTools,
  Features,
  Prediction,
  State,
  Target,
} from '../../src/domain/models/estimator.js';
import { FURTHER_ESTIMATORS } from '../../src/domain/models/further-estimators.js';
import { wasmEngine } from '../../src/engine/wasm/engine.js';
import { openKernels } from '../contract/engines.js';

const { kernels, arena } = openKernels('release');
const engine = wasmEngine(kernels, arena);

export function estimatorOf(name: string): Estimator {
  const found = FURTHER_ESTIMATORS.find((one) => one.name === name);
  if (found === undefined) throw new RangeError(`expected an estimator, got ${name}`);
  return found;
}

export const tools = (notes = new Notes()): EstimatorTools => ({
  engine,
  space: arena,
  notes,
  pointer: (parameter) => `/pipeline/0/${parameter}`,
  checkpoint: () => undefined,
  progress: UNWATCHED,
});

export const featuresOf = (columns: readonly (readonly number[] | Float64Array)[]): Features => ({
  names: columns.map((_, i) => `x${i}`),
  columns: columns.map((column) => Float64Array.from(column)),
  rows: columns[0]?.length ?? 0,
});

/** Rows of features, by number. */
export const pick = ({ names, columns }: Features, rows: readonly number[]): Features => ({
  names,
  columns: columns.map((column) => Float64Array.from(rows, (row) => column[row]!)),
  rows: rows.length,
});

export const classesOf = (codes: readonly number[]): Target => ({
  kind: 'classes',
  codes: Int32Array.from(codes),
  classes: Array.from({ length: Math.max(...codes) + 1 }, (_, i) => i),
});

export const numbersOf = (values: readonly number[]): Target => ({
  kind: 'numbers',
  values: Float64Array.from(values),
});

const ajv = new Ajv({ useDefaults: true, allowUnionTypes: true });

export function withDefaults({ parameters }: Pick<Estimator, 'parameters'>, given: object): unknown {
  const filled: unknown = structuredClone(given);
  const check = ajv.compile(parameters as SchemaObject);
  if (!check(filled)) throw new TypeError(ajv.errorsText(check.errors));
  return filled;
}

export function fit(
  name: string,
  given: object,
  features: Features,
  target?: Target,
  notes = new Notes(),
): { state: State; predict: (features: Features) => Prediction } {
  const one = estimatorOf(name);
  const state = one.fit({ ...tools(notes), features, target, parameters: withDefaults(one, given) });
  return { state, predict: (rows) => one.predict(state, rows, tools(notes)) };
}

/** Predicted codes, labels or numbers. */
export function said(prediction: Prediction): number[] {
  if (prediction.kind === 'classes') return Array.from(prediction.codes);
  if (prediction.kind === 'labels') return Array.from(prediction.labels);
  if (prediction.kind === 'numbers') return Array.from(prediction.values);
  throw new TypeError('expected predictions of rows');
}

export const accuracy = (found: readonly number[], truth: readonly number[]): number =>
  found.filter((x, i) => x === truth[i]).length / truth.length;

export function r2(found: readonly number[], truth: readonly number[]): number {
  const mean = truth.reduce((sum, y) => sum + y, 0) / truth.length;
  const left = truth.reduce((sum, y, i) => sum + (y - found[i]!) ** 2, 0);
  return 1 - left / truth.reduce((sum, y) => sum + (y - mean) ** 2, 0);
}
