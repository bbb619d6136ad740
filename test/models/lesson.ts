/** Estimators fitted without HTTP, over the kernels. */
import { LINEAR_ESTIMATORS } from '../../src/domain/models/linear-estimators.js';
import type {
  Estimator,
  EstimatorTools,
  Features,
  State,
  Target,
} from '../../src/domain/models/estimator.js';
import { Notes } from '../../src/domain/notes.js';
import { UNWATCHED } from '../../src/domain/progress.js';
import type { Json } from '../../src/ports/formats.js';
import { openKernels } from '../contract/engines.js';
import { wasmEngine } from '../../src/engine/wasm/engine.js';

export interface Fitted {
  readonly state: State;
  readonly shown: Readonly<Record<string, Json>>;
  readonly notes: Notes;
  readonly estimator: Estimator;
  readonly tools: EstimatorTools;
}

let opened: ReturnType<typeof openKernels> | undefined;

/** Over the one instance of the kernels that a file of tests has. */
export function openTools(notes = new Notes()): EstimatorTools {
  opened ??= openKernels('release');
  const { kernels, arena } = opened;
  return {
    engine: wasmEngine(kernels, arena),
    space: {
      float64: (length) => new Float64Array(length),
      bytes: (length) => new Uint8Array(length),
      scratch: (run) => run(),
    },
    notes,
    pointer: (parameter) => `/pipeline/0/${parameter}`,
    checkpoint: () => undefined,
    progress: UNWATCHED,
  };
}

export function featuresOf(columns: readonly (readonly number[] | Float64Array)[]): Features {
  return {
    names: columns.map((_, j) => `x${j}`),
    columns: columns.map((column) => Float64Array.from(column)),
    rows: columns[0]?.length ?? 0,
  };
}

export function numbersTarget(values: readonly number[] | Float64Array): Target {
  return { kind: 'numbers', values: Float64Array.from(values) };
}

/** Of whole numbers from 0. */
export function classesTarget(codes: readonly number[]): Target {
  const classes = Array.from(
    { length: codes.reduce((most, code) => Math.max(most, code), 0) + 1 },
    (_, k) => k,
  );
  return { kind: 'classes', codes: Int32Array.from(codes), classes };
}

/** With the defaults of its schema where a parameter is not given. */
export function fitted(
  name: string,
  features: Features,
  target: Target | undefined,
  parameters: Readonly<Record<string, unknown>> = {},
): Fitted {
  const estimator = LINEAR_ESTIMATORS.find((each) => each.name === name);
  if (estimator === undefined) throw new Error(`no estimator ${name}`);
  const properties = (estimator.parameters as { properties: Record<string, { default: unknown }> })
    .properties;
  const defaults = Object.fromEntries(
    Object.entries(properties).map(([key, schema]) => [key, schema.default]),
  );
  const notes = new Notes();
  const tools = openTools(notes);
  const state = estimator.fit({ ...tools, features, target, parameters: { ...defaults, ...parameters } });
  return { state, shown: estimator.attributes(state) as Fitted['shown'], notes, estimator, tools };
}

export function codesOf({ notes }: Pick<Fitted, 'notes'>): string[] {
  return notes.warnings().map(({ code }) => code);
}
