import { refuseColumns, refuseSize } from '../../ports/limits.js';
import type { FromSchema } from '../../ports/schema.js';
import { fields, list, whole, wrong } from '../checks.js';
import { type NumberFeature, numberFeature, room } from './column.js';
import { badParameter, type FeatureTools, type Made, transformer } from './transformer.js';

const MOST_DEGREE = 1000;
/** Squared degrees, added up: 10,000 terms of two columns have 10^8. */
const MOST_EFFORT = 2e8;

const parameters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    degree: {
      description: 'Greatest degree of a term, or the least and the greatest.',
      anyOf: [
        { type: 'integer', minimum: 0, maximum: MOST_DEGREE },
        {
          type: 'array',
          items: { type: 'integer', minimum: 0, maximum: MOST_DEGREE },
          minItems: 2,
          maxItems: 2,
        },
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
    refuseColumns(terms.length, tools.pointer('degree'), tools.limits);
    const values = productsOf(terms, columns, tools);
    return terms.map((term): Made => ({
      feature: numberFeature(nameOf(term, columns), values.get(keyOf(term))!),
      from: 0,
    }));
  },
  verify(state, columns) {
    const { terms, features } = fields(state, 'the state');
    whole(features, 'features', columns, columns);
    const seen = new Set<string>();
    let effort = 0;
    list(terms, 'terms').forEach((entry, i) => {
      const term = list(entry, `terms[${i}]`);
      if (term.length > MOST_DEGREE || (term.length === 0 && i > 0))
        throw wrong(`terms[${i}] to have 1 to ${MOST_DEGREE} factors`, entry);
      effort += term.length ** 2;
      if (effort > MOST_EFFORT) throw wrong('fewer factors', effort);
      let least = 0;
      const factors = term.map((one) => (least = whole(one, `a factor of terms[${i}]`, least, columns - 1)));
      seen.add(keyOf(factors));
    });
    if (seen.size === 0 || seen.size < list(terms, 'terms').length)
      throw wrong('terms, each of them once', terms);
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

const keyOf = (term: readonly number[]): string => term.join(',');

/**
 * The values of terms, and of those that they are made of: the first factor times the product of the others, as
 * scikit-learn multiplies. Terms of a degree are made together.
 */
function productsOf(
  terms: State['terms'],
  columns: readonly NumberFeature[],
  { engine, space }: FeatureTools,
): ReadonlyMap<string, Float64Array> {
  const wanted = new Map<string, readonly number[]>();
  for (const term of terms) {
    for (let left = term; left.length > 1; left = left.slice(1)) {
      const key = keyOf(left);
      if (wanted.has(key)) break;
      wanted.set(key, left);
    }
  }
  const values = new Map(columns.map((column, i) => [String(i), column.values]));
  if (terms[0]?.length === 0) values.set('', room(space, columns[0]!.values.length).fill(1));
  const byDegree = [...wanted.values()].sort((a, b) => a.length - b.length);
  for (let start = 0; start < byDegree.length;) {
    const degree = byDegree[start]!.length;
    const same = byDegree.slice(start).filter((term) => term.length === degree);
    const made = engine.maps.multiply(
      same.map(([first]) => columns[first!]!.values),
      same.map(([, ...others]) => values.get(keyOf(others))!),
    );
    same.forEach((term, i) => values.set(keyOf(term), made[i]!));
    start += same.length;
  }
  return values;
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
