import type { Json } from '../../ports/formats.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import { type Counts, countsOf } from './counts.js';
import { chiSquareEffect } from './effects.js';
import * as shared from './options.js';
import { chiSquareTail, LAMBDAS, powerDivergence } from './power-divergence.js';
import { type Assumption, hypothesisTest } from './test.js';

const schema = {
  type: 'object',
  required: [],
  properties: {
    correction: {
      description: "Yates' correction for continuity, of tables with one degree of freedom.",
      type: 'boolean',
      default: true,
    },
    lambda_: {
      description: `Power of the divergence of Cressie and Read: a number, or one of ${Object.keys(LAMBDAS).join(', ')}.`,
      type: ['string', 'number'],
      default: 'pearson',
    },
    confidence_level: shared.confidence_level,
  },
} as const;

/** Cells of an answer's `expected_freq` at most. */
const MOST_SHOWN = 100_000;

/** SciPy's `chi2_contingency`: observed against expected counts of a table whose sides are independent. */
export const chi2Contingency = hypothesisTest<FromSchema<typeof schema>>({
  name: 'chi2_contingency',
  summary: 'χ² test of independence in a table of counts',
  description:
    "SciPy's `chi2_contingency`. Columns of numbers are the columns of the table; two columns of strings or booleans are cross-tabulated. `effect_size` is Cramér's V of Pearson's χ² without correction, with the interval of the noncentral χ² distribution.",
  takes: { kind: 'table', least: 2, most: Infinity },
  options: schema,
  example: { columns: { yes: [12, 5], no: [7, 14] } },
  run(question) {
    const { options, pointer, engine, notes } = question;
    const lambda = lambdaOf(options.lambda_, pointer('lambda_'));
    const counts = countsOf(question);
    const { cells, rows, columns, labels } = counts;
    const { expected, total } = expectedCounts(counts, pointer('columns'));
    const df = (rows - 1) * (columns - 1);
    const observed = df === 1 && options.correction ? corrected(cells, expected) : cells;
    const statistic = powerDivergence(observed, expected, lambda);
    const pearson = powerDivergence(cells, expected, 1);
    const smaller = Math.min(rows, columns) - 1;
    const level = options.confidence_level;
    const shown = cells.length <= MOST_SHOWN;
    if (!shown) notes.warn('too_many_cells', `expected_freq is left out: more than ${MOST_SHOWN} cells`);
    const listed = (): Json =>
      Array.from({ length: rows }, (_, row) => expected.slice(row * columns, (row + 1) * columns));
    return {
      statistic,
      tail: chiSquareTail(statistic, df, engine),
      df,
      effectSize: chiSquareEffect('cramers_v', pearson, df, total, smaller, level, engine),
      n: [total],
      assumptions: [expectedCountsOf(expected)],
      more: { expected_freq: shown ? listed() : null, ...(labels !== undefined && labels) },
    };
  },
});

/** Whether every expected count is 5 or more, from where χ² is near. */
export function expectedCountsOf(expected: Float64Array): Assumption {
  return { name: 'expected_counts', test: null, pValue: null, holds: expected.every((count) => count >= 5) };
}

function lambdaOf(given: string | number, pointer: string): number {
  const lambda = Object.hasOwn(LAMBDAS, given) ? LAMBDAS[given as keyof typeof LAMBDAS] : Number(given);
  // A query parameter is text.
  if (Number.isFinite(lambda) && String(given).trim() !== '') return lambda;
  const names = Object.keys(LAMBDAS).join(', ');
  const detail = `expected lambda_ to be a number or one of ${names}, got ${JSON.stringify(excerpt(String(given)))}`;
  throw Problem.at(pointer, 'invalid_option', detail);
}

/** Products of the sums of rows and columns over that of all. Throws 422 where one of them is 0. */
function expectedCounts(
  { cells, rows, columns }: Counts,
  pointer: string,
): { expected: Float64Array; total: number } {
  if (rows < 2 || columns < 2) {
    const detail = `expected a table of at least 2 rows and 2 columns, got ${rows} by ${columns}`;
    throw Problem.at(pointer, 'invalid_option', detail);
  }
  const down = new Float64Array(rows);
  const across = new Float64Array(columns);
  cells.forEach((count, i) => {
    down[Math.floor(i / columns)]! += count;
    across[i % columns]! += count;
  });
  const total = down.reduce((sum, count) => sum + count, 0);
  const [row, column] = [down.indexOf(0), across.indexOf(0)];
  if (row >= 0 || column >= 0) {
    const which = row >= 0 ? `row ${row}` : `column ${column}`;
    const detail = `expected a count in every row and column of the table, got only zeros in ${which}`;
    throw Problem.at(pointer, 'invalid_option', detail);
  }
  const expected = cells.map((_, i) => (down[Math.floor(i / columns)]! * across[i % columns]!) / total);
  return { expected: Float64Array.from(expected), total };
}

/** Yates: half a count nearer to the expected one, at most to it. */
function corrected(cells: Float64Array, expected: Float64Array): Float64Array {
  return Float64Array.from(cells, (count, i) => {
    const difference = expected[i]! - count;
    return count + Math.sign(difference) * Math.min(0.5, Math.abs(difference));
  });
}
