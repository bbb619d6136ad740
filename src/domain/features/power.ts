import { Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import type { Numbers } from '../../ports/tables.js';
import { fields, list, numbers, oneOf } from '../checks.js';
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
            const { count, mean, m2 } = tools.space.scratch(() => {
              const values = powered(column.values, method, lambdas[i]!, tools);
              return tools.engine.moments(numbersOf(numberFeature('', values)), 2);
            });
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
      if (scaler === null) return { feature: numberFeature(name, out), from };
      const [centre, divisor] = [given(scaler[from]!.mean), given(scaler[from]!.scale)];
      const [scaled] = tools.engine.maps.scale([out], [{ centre, divisor, factor: 1, shift: 0 }]);
      return { feature: numberFeature(name, scaled!), from };
    });
  },
  verify(state, columns) {
    const { method, lambdas_, scaler } = fields(state, 'the state');
    oneOf(method, 'method', parameters.properties.method.enum);
    numbers(lambdas_, 'lambdas_', columns);
    if (scaler === null) return;
    list(scaler, 'scaler', columns).forEach((one, i) => {
      const { mean, scale } = fields(one, `scaler[${i}]`);
      numbers([mean ?? null, scale ?? null], `scaler[${i}]`);
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
  const lambda = tools.space.scratch(() =>
    method === 'box-cox' ? boxCoxLambda(values, count, tools) : yeoJohnsonLambda(values, count, tools),
  );
  if (lambda === null) {
    const detail = `expected values with a most likely power, got none for column ${quoted(name)}`;
    throw Problem.at(tools.pointer('columns'), 'unsupported_value', detail);
  }
  if (method === 'yeo-johnson') return lambda;
  const bounded = withinRange(lambda, Math.log(min), Math.log(max));
  if (bounded !== lambda) {
    const detail = `the most likely power ${lambda} has values beyond float64: ${bounded} in its place`;
    tools.warn('power_bounded', detail, name);
  }
  return bounded;
}

/** What SciPy's `boxcox_normmax` lets the transform of a value be at most. */
const LOG_MOST = Math.log(Number.MAX_VALUE / 10_000);

/**
 * The power itself, or the one at which the farthest of the transformed values is as far as SciPy lets it be, where it would
 * be farther; from the logarithms of the least and greatest value.
 */
function withinRange(lambda: number, least: number, most: number): number {
  // |x^λ − 1| / |λ| in logarithms; beyond the range of float64 the 1 is nothing.
  const far = (log: number, power: number): number => power * log - Math.log(Math.abs(power));
  const extreme = far(most, lambda) > far(least, lambda) ? most : least;
  if (lambda * extreme < 1 || far(extreme, lambda) <= LOG_MOST) return lambda;
  let power = lambda;
  // λ ln x − ln|λ| = its bound: ln|λ| hardly changes, so that each round adds two digits.
  for (let round = 0; round < ROUNDS; round++) power = (LOG_MOST + Math.log(Math.abs(power))) / extreme;
  return power;
}

const ROUNDS = 20;

/** Logarithm of the least positive normal float64. */
const LOG_TINY = Math.log(2.2250738585072014e-308);

function yeoJohnsonLambda(
  values: Float64Array,
  count: number,
  { engine, space }: FeatureTools,
): number | null {
  const { maps, moments } = engine;
  const logs = maps.logarithms([values]);
  const { sum } = moments(plain(logs[0]!), 1);
  return brent((power) => {
    const { m2 } = space.scratch(() => moments(plain(maps.powers(logs, [power])[0]!), 2));
    const logVariance = Math.log(m2 / count);
    // What scikit-learn rejects, too.
    return logVariance < LOG_TINY ? Infinity : (count / 2) * logVariance - (power - 1) * sum;
  });
}

function boxCoxLambda(values: Float64Array, count: number, { engine }: FeatureTools): number | null {
  const logs = new Float64Array(count);
  let at = 0;
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    if (value === value) logs[at++] = Math.log(value);
  }
  const { sum } = engine.moments(plain(logs), 1);
  const scratch = new Float64Array(count);
  return brent((power) => (count / 2) * logVarianceOfPowers(logs, power, scratch) - (power - 1) * sum);
}

const plain = (values: Float64Array): Numbers => numbersOf(numberFeature('', values));

/** Of x^λ, from log x; shifted, so that nothing overflows. */
function logVarianceOfPowers(logs: Float64Array, lambda: number, scratch: Float64Array): number {
  if (lambda === 0) return Math.log(varianceOf(logs));
  let most = -Infinity;
  for (let i = 0; i < logs.length; i++) most = Math.max(most, lambda * logs[i]!);
  for (let i = 0; i < logs.length; i++) scratch[i] = Math.exp(lambda * logs[i]! - most);
  return Math.log(varianceOf(scratch)) + 2 * most - 2 * Math.log(Math.abs(lambda));
}

/** (x^λ − 1) / λ, log x for λ = 0; as SciPy's `special.boxcox`. */
const boxCox = (value: number, lambda: number): number =>
  Math.abs(lambda) < 1e-19 ? Math.log(value) : Math.expm1(lambda * Math.log(value)) / lambda;

function powered(
  values: Float64Array,
  method: Method,
  lambda: number,
  { engine, space }: FeatureTools,
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
  space.scratch(() => {
    const [made] = engine.maps.powers(engine.maps.logarithms([values]), [lambda]);
    out.set(made!);
  });
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
