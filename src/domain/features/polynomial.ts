import { refuseColumns, refuseSize } from '../../ports/limits.js';
import type { FromSchema } from '../../ports/schema.js';
import { type NumberFeature, numberFeature, room } from './column.js';
import { badParameter, type FeatureTools, type Made, transformer } from './transformer.js';

const parameters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    degree: {
      description: 'Greatest degree of a term, or the least and the greatest.',
      anyOf: [
        { type: 'integer', minimum: 0, maximum: 1000 },
        { type: 'array', items: { type: 'integer', minimum: 0, maximum: 1000 }, minItems: 2, maxItems: 2 },
      ],
      default: 2,
    },
    interaction_only: {
      description: 'Only products of different columns.',
      type: 'boolean',
      default: false,
    },
    include_bias: { description: 'The term of degree 0: a column of ones.', type: 'boolean', default: true },
  },
} as const;

/** Each term as the places of its factors, ascending; of degree 0 none. */
type State = { readonly terms: readonly (readonly number[])[]; readonly features: number };

/** scikit-learn's PolynomialFeatures: products of columns up to a degree, in its order. */
export const polynomialFeatures = transformer<FromSchema<typeof parameters>, State>({
  name: 'polynomial_features',
  parameters,
  missing: 'refused',
  infinite: 'refused',
  fit(columns, { degree, interaction_only, include_bias }, tools) {
    const [least = 0, most = 0] = typeof degree === 'number' ? [0, degree] : degree;
    if (least > most)
      throw badParameter(
        tools,
        'degree',
        `expected degree to be a least and a greatest, got ${least} and ${most}`,
      );
    if (most === 0 && !include_bias) {
      const detail =
        'expected degree to be at least 1 where include_bias is false, got 0: there would be no column';
      throw badParameter(tools, 'degree', detail);
    }
    const features = columns.length;
    const rows = columns[0]?.values.length ?? 0;
    const terms = countTerms(features, most, interaction_only);
    refuseColumns(terms, tools.pointer('degree'), tools.limits);
    refuseSize(rows, terms, tools.limits);
    return {
      features,
      terms: [
        ...(include_bias ? [[]] : []),
        ...degrees(features, most, interaction_only)
          .filter((_, i) => i + 1 >= least)
          .flat(),
      ],
    };
  },
  transform(columns, { terms }, tools) {
    const values = new Map<string, Float64Array>();
    return terms.map((term): Made => ({
      feature: numberFeature(nameOf(term, columns), productOf(term, columns, values, tools)),
      from: 0,
    }));
  },
  attributes: ({ terms, features }) => ({
    powers_: terms.map((term) => {
      const powers = new Array<number>(features).fill(0);
      for (const factor of term) powers[factor]!++;
      return powers;
    }),
    n_output_features_: terms.length,
  }),
});

/** Terms of degree 1 to `most`, as far as a double counts. */
function countTerms(features: number, most: number, interactionOnly: boolean): number {
  let [count, sum] = [1, 0];
  for (let degree = 1; degree <= most; degree++) {
    count = (count * (interactionOnly ? features - degree + 1 : features + degree - 1)) / degree;
    sum += count;
    if (count <= 0 || sum > 2 ** 40) break;
  }
  return sum;
}

/** Terms of each degree from 1 on, those of a degree in lexical order. */
function degrees(features: number, most: number, interactionOnly: boolean): number[][][] {
  const made: number[][][] = [];
  let before: number[][] = [[]];
  for (let degree = 1; degree <= most; degree++) {
    before = before.flatMap((term) => {
      const last = term.at(-1) ?? 0;
      const start = term.length === 0 ? 0 : interactionOnly ? last + 1 : last;
      return Array.from({ length: Math.max(0, features - start) }, (_, i) => [...term, start + i]);
    });
    made.push(before);
  }
  return made;
}

/** The first factor times the product of the others, as scikit-learn multiplies. */
function productOf(
  term: readonly number[],
  columns: readonly NumberFeature[],
  known: Map<string, Float64Array>,
  tools: FeatureTools,
): Float64Array {
  const rows = columns[0]!.values.length;
  const [first, ...others] = term;
  if (first === undefined) return room(tools.space, rows).fill(1);
  const x = columns[first]!.values;
  if (others.length === 0) return x;
  const key = term.join(',');
  const made = known.get(key);
  if (made !== undefined) return made;
  const y = productOf(others, columns, known, tools);
  const out = room(tools.space, rows);
  for (let row = 0; row < rows; row++) out[row] = x[row]! * y[row]!;
  known.set(key, out);
  return out;
}

/** `1`, `a`, `a^2 b`. */
function nameOf(term: readonly number[], columns: readonly NumberFeature[]): string {
  if (term.length === 0) return '1';
  return [...new Set(term)]
    .map((factor) => {
      const power = term.filter((one) => one === factor).length;
      const { name } = columns[factor]!;
      return power === 1 ? name : `${name}^${power}`;
    })
    .join(' ');
}
