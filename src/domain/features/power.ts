import { Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import { brent } from './brent.js';
import { type NumberFeature, numberFeature, numbersOf, room } from './column.js';
import { isConstant } from './scalers.js';
import {
  badParameter,
  type FeatureTools,
  given,
  kept,
  type Made,
  quoted,
  transformer,
} from './transformer.js';

const parameters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    method: {
      description: '`yeo-johnson` takes any numbers, `box-cox` positive ones.',
      enum: ['yeo-johnson', 'box-cox'],
      default: 'yeo-johnson',
    },
    standardize: {
      description: 'Give the columns that come out mean 0 and variance 1.',
      type: 'boolean',
      default: true,
    },
  },
} as const;

type Method = FromSchema<typeof parameters>['method'];
type State = {
  readonly method: Method;
  readonly lambdas_: readonly (number | null)[];
  /** Mean and scale of the transformed columns, where they are standardized. */
  readonly scaler: readonly { readonly mean: number | null; readonly scale: number | null }[] | null;
};

/** scikit-learn's PowerTransformer: the power that makes a column most like a normal distribution. */
export const powerTransformer = transformer<FromSchema<typeof parameters>, State>({
  name: 'power_transformer',
  parameters,
  missing: 'kept',
  infinite: 'refused',
  fit(columns, { method, standardize }, tools) {
    const lambdas = columns.map((column) => lambdaOf(column, method, tools));
    return {
      method,
      lambdas_: lambdas.map(kept),
      scaler: standardize
        ? columns.map((column, i) => {
            const values = powered(column.values, method, lambdas[i]!, tools);
            const { count, mean, m2 } = tools.engine.moments(numbersOf(numberFeature('', values)), 2);
            const scale = isConstant(m2 / count, mean, count) ? 1 : Math.sqrt(m2 / count);
            return { mean: kept(mean), scale: kept(scale) };
          })
        : null,
    };
  },
  transform(columns, { method, lambdas_, scaler }, tools) {
    return columns.map(({ name, values }, from): Made => {
      if (method === 'box-cox') refuseNegative(name, values, tools);
      const out = powered(values, method, given(lambdas_[from]), tools);
      if (scaler !== null) {
        const [mean, scale] = [given(scaler[from]!.mean), given(scaler[from]!.scale)];
        for (let row = 0; row < out.length; row++) out[row] = (out[row]! - mean) / scale;
      }
      return { feature: numberFeature(name, out), from };
    });
  },
  attributes: ({ lambdas_ }) => ({ lambdas_ }),
});

function refuseNegative(name: string, values: Float64Array, tools: FeatureTools): void {
  const value = values.find((one) => one <= 0);
  if (value === undefined) return;
  const detail = `expected positive numbers for method "box-cox", got ${value} in column ${quoted(name)}`;
  throw badParameter(tools, 'method', detail);
}

/** The most likely power, by Brent's method as SciPy has it; 1 of a constant column. */
function lambdaOf(column: NumberFeature, method: Method, tools: FeatureTools): number {
  const { name, values } = column;
  if (method === 'box-cox') refuseNegative(name, values, tools);
  const { count, mean, m2, min, max } = tools.engine.moments(numbersOf(column), 2);
  if (count === 0) {
    tools.warn('all_missing', 'no value to find a power for', name);
    return NaN;
  }
  if (method === 'box-cox' && min === max) {
    const detail = `expected different numbers for method "box-cox", got the same in all of column ${quoted(name)}`;
    throw badParameter(tools, 'method', detail);
  }
  if (isConstant(m2 / count, mean, count)) return 1;
  const logs = new Float64Array(count);
  let at = 0;
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    if (value === value)
      logs[at++] = method === 'box-cox' ? Math.log(value) : Math.sign(value) * Math.log1p(Math.abs(value));
  }
  const sum = sumOf(logs);
  const scratch = new Float64Array(count);
  const variance = method === 'box-cox' ? logVarianceOfPowers : logVarianceOfYeoJohnson;
  const lambda = brent((power) => {
    const logVariance = variance(logs, power, scratch);
    // What scikit-learn rejects, too.
    if (method === 'yeo-johnson' && logVariance < LOG_TINY) return Infinity;
    return (count / 2) * logVariance - (power - 1) * sum;
  });
  if (lambda === null) {
    const detail = `expected values with a most likely power, got none for column ${quoted(name)}`;
    throw Problem.at(tools.pointer('columns'), 'unsupported_value', detail);
  }
  return lambda;
}

/** Logarithm of the least positive normal float64. */
const LOG_TINY = Math.log(2.2250738585072014e-308);

/** Of x^λ, from log x; shifted, so that nothing overflows. */
function logVarianceOfPowers(logs: Float64Array, lambda: number, scratch: Float64Array): number {
  if (lambda === 0) return Math.log(varianceOf(logs));
  let most = -Infinity;
  for (let i = 0; i < logs.length; i++) most = Math.max(most, lambda * logs[i]!);
  for (let i = 0; i < logs.length; i++) scratch[i] = Math.exp(lambda * logs[i]! - most);
  return Math.log(varianceOf(scratch)) + 2 * most - 2 * Math.log(Math.abs(lambda));
}

/** From sign(x) · log(1 + |x|). */
function logVarianceOfYeoJohnson(logs: Float64Array, lambda: number, scratch: Float64Array): number {
  const power = 2 - lambda;
  if (Math.abs(lambda) < SMALL || Math.abs(power) < SMALL) {
    for (let i = 0; i < logs.length; i++) scratch[i] = yeoJohnson(logs[i]!, lambda);
  } else {
    for (let i = 0; i < logs.length; i++) {
      const log = logs[i]!;
      scratch[i] = log >= 0 ? (Math.exp(lambda * log) - 1) / lambda : (1 - Math.exp(-power * log)) / power;
    }
  }
  return Math.log(varianceOf(scratch));
}

/** Powers from which e^x − 1 keeps enough digits without a function of its own, which costs three times as much. */
const SMALL = 0.01;

/** The transform of the x with sign(x) · log(1 + |x|) = `log`. Source: I.-K. Yeo, R. A. Johnson, Biometrika 87 (2000). */
function yeoJohnson(log: number, lambda: number): number {
  if (log >= 0) return Math.abs(lambda) < Number.EPSILON ? log : Math.expm1(lambda * log) / lambda;
  const power = 2 - lambda;
  return Math.abs(power) > Number.EPSILON ? -Math.expm1(-power * log) / power : log;
}

/** (x^λ − 1) / λ, log x for λ = 0; as SciPy's `special.boxcox`. */
const boxCox = (value: number, lambda: number): number =>
  Math.abs(lambda) < 1e-19 ? Math.log(value) : Math.expm1(lambda * Math.log(value)) / lambda;

function powered(
  values: Float64Array,
  method: Method,
  lambda: number,
  { space }: FeatureTools,
): Float64Array {
  const out = room(space, values.length);
  if (method === 'box-cox') {
    for (let row = 0; row < values.length; row++) out[row] = boxCox(values[row]!, lambda);
    return out;
  }
  if (lambda === 1) {
    out.set(values);
    return out;
  }
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    out[row] = yeoJohnson(value >= 0 ? Math.log1p(value) : -Math.log1p(-value), lambda);
  }
  return out;
}

const BLOCK = 1024;

/** In blocks, so that errors do not grow with the length. */
function sumOf(values: Float64Array): number {
  let total = 0;
  for (let start = 0; start < values.length; start += BLOCK) {
    const end = Math.min(start + BLOCK, values.length);
    let sum = 0;
    for (let i = start; i < end; i++) sum += values[i]!;
    total += sum;
  }
  return total;
}

/** About the mean, ddof 0. */
function varianceOf(values: Float64Array): number {
  const mean = sumOf(values) / values.length;
  let total = 0;
  for (let start = 0; start < values.length; start += BLOCK) {
    const end = Math.min(start + BLOCK, values.length);
    let sum = 0;
    for (let i = start; i < end; i++) sum += (values[i]! - mean) ** 2;
    total += sum;
  }
  return total / values.length;
}
