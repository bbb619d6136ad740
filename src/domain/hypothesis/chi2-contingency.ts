import type { Json } from '../../ports/formats.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import type { Space } from '../../ports/space.js';
import { CompensatedSum } from './compensated-sum.js';
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
    const { options, pointer, engine, space, notes } = question;
    const lambda = lambdaOf(options.lambda_, pointer('lambda_'));
    const counts = countsOf(question);
    const { columns, sums, rows, labels } = counts;
    refuseNarrow(counts, pointer('columns'));
    const { statistic: pearson, least } = engine.distances.chiSquare(columns, { sums });
    if (!(least > 0)) refuseZeros(counts, pointer('columns'));
    const df = (rows - 1) * (columns.length - 1);
    const total = totalOf(sums);
    const corrects = df === 1 && options.correction;
    const shown = rows * columns.length <= MOST_SHOWN;
    if (!shown) notes.warn('too_many_cells', `expected_freq is left out: more than ${MOST_SHOWN} cells`);
    const plain = lambda === 1 && !corrects;
    return space.scratch(() => {
      const expected = shown || !plain ? expectedCounts(counts, total, space) : [];
      const observed = corrects ? corrected(columns, expected) : columns;
      const statistic = plain ? pearson : powerDivergence(observed, expected, lambda);
      const smaller = Math.min(rows, columns.length) - 1;
      const level = options.confidence_level;
      const listed = (): Json =>
        Array.from({ length: rows }, (_, row) => Float64Array.from(expected, (column) => column[row]!));
      return {
        statistic,
        tail: chiSquareTail(statistic, df, engine),
        df,
        effectSize: chiSquareEffect('cramers_v', pearson, df, total, smaller, level, engine),
        n: [total],
        assumptions: [expectedCountsOf(least)],
        more: { expected_freq: shown ? listed() : null, ...(labels !== undefined && labels) },
      };
    });
  },
});

/** Whether every expected count is 5 or more, from where χ² is near. */
export function expectedCountsOf(least: number): Assumption {
  return { name: 'expected_counts', test: null, pValue: null, holds: least >= 5 };
}

function lambdaOf(given: string | number, pointer: string): number {
  const lambda = Object.hasOwn(LAMBDAS, given) ? LAMBDAS[given as keyof typeof LAMBDAS] : Number(given);
  // A query parameter is text.
  if (Number.isFinite(lambda) && String(given).trim() !== '') return lambda;
  const names = Object.keys(LAMBDAS).join(', ');
  const detail = `expected lambda_ to be a number or one of ${names}, got ${JSON.stringify(excerpt(String(given)))}`;
  throw Problem.at(pointer, 'invalid_option', detail);
}

function refuseNarrow({ rows, columns }: Counts, pointer: string): void {
  if (rows >= 2 && columns.length >= 2) return;
  const detail = `expected a table of at least 2 rows and 2 columns, got ${rows} by ${columns.length}`;
  throw Problem.at(pointer, 'invalid_option', detail);
}

/** Sums of the rows. */
function sidesOf({ columns, rows }: Counts): Float64Array {
  const sides = new Float64Array(rows);
  for (const counts of columns) for (let row = 0; row < rows; row++) sides[row]! += counts[row]!;
  return sides;
}

/** Throws 422 where a row or a column has no count; small products may also underflow. */
function refuseZeros(counts: Counts, pointer: string): void {
  const [row, column] = [sidesOf(counts).indexOf(0), counts.sums.indexOf(0)];
  if (row < 0 && column < 0) return;
  const which = row >= 0 ? `row ${row}` : `column ${column}`;
  const detail = `expected a count in every row and column of the table, got only zeros in ${which}`;
  throw Problem.at(pointer, 'invalid_option', detail);
}

function totalOf(sums: readonly number[]): number {
  const total = new CompensatedSum();
  for (const sum of sums) total.add(sum);
  return total.value;
}

/** Products of the sums of rows and columns over that of all, column by column. */
function expectedCounts(counts: Counts, total: number, space: Space): Float64Array[] {
  const sides = sidesOf(counts);
  return counts.sums.map((sum) => {
    const expected = space.float64(sides.length);
    for (let row = 0; row < sides.length; row++) expected[row] = (sides[row]! * sum) / total;
    return expected;
  });
}

/** Yates: half a count nearer to the expected one, at most to it. */
const corrected = (observed: readonly Float64Array[], expected: readonly Float64Array[]): Float64Array[] =>
  observed.map((counts, column) =>
    counts.map((count, row) => {
      const difference = expected[column]![row]! - count;
      return count + Math.sign(difference) * Math.min(0.5, Math.abs(difference));
    }),
  );
