import type { Engine } from '../../ports/engine.js';
import type { Correlations } from '../../ports/profile.js';
import type { Space } from '../../ports/space.js';
import type { Numbers, NumericColumn } from '../../ports/tables.js';
import type { Notes } from '../notes.js';
import { presentValue } from './values.js';

/** Columns that are correlated with each other: the pairs grow with their square. */
const MOST_COLUMNS = 100;
/** Cells of ranks that are held at a time, and ranked anew for pairs with missing values. */
const MOST_RANKS = 20_000_000;

interface Tools {
  readonly engine: Engine;
  readonly space: Space;
  readonly notes: Notes;
  /** Whether a column with missing values correlates with none. */
  readonly propagate: boolean;
}

/**
 * Pearson's and Spearman's coefficients of each pair, over the rows in which both are there: pandas' `corr`. With more
 * than a hundred columns neither, where ranks would take too much not Spearman's; a warning says so.
 */
export function correlate(
  columns: readonly NumericColumn[],
  tools: Tools,
): { pearson?: Correlations; spearman?: Correlations } {
  if (columns.length < 2) return {};
  const { notes } = tools;
  if (columns.length > MOST_COLUMNS) {
    const detail = `correlations are for at most ${MOST_COLUMNS} columns of numbers, there are ${columns.length}: choose some with the option columns`;
    notes.warn('no_correlations', detail);
    return {};
  }
  const names = columns.map(({ name }) => name);
  const numbers = columns.map((column) => column.numbers);
  const complete = numbers.map((column) => tools.engine.moments(column, 4).count === column.length);
  const pairs = countPairs(complete);
  const matrix = (r: Correlate): Correlations => ({
    columns: names,
    matrix: names.map((_, i) =>
      names.map((__, j) => {
        if (tools.propagate && !(complete[i] === true && complete[j] === true)) return null;
        const value = i === j && !Number.isNaN(r(i, i)) ? 1 : r(i, j);
        return Number.isFinite(value) ? value : null;
      }),
    ),
  });
  const pearson = matrix(coefficients(numbers, tools.engine));
  const rows = numbers[0]!.length;
  if (rows * columns.length > MOST_RANKS || (!tools.propagate && rows * pairs > MOST_RANKS)) {
    notes.warn(
      'no_spearman',
      'too many values to rank for Spearman’s correlation: choose columns with the option columns',
    );
    return { pearson };
  }
  return {
    pearson,
    spearman: tools.space.scratch(() => matrix(rankCoefficients(numbers, complete, tools))),
  };
}

type Correlate = (i: number, j: number) => number;

/** Pairs of which one at least has missing values. */
function countPairs(complete: readonly boolean[]): number {
  const whole = complete.filter(Boolean).length;
  return (complete.length * (complete.length - 1) - whole * (whole - 1)) / 2;
}

/** Pearson's r of each pair; NaN where one of the two is constant. */
function coefficients(columns: readonly Numbers[], engine: Engine): Correlate {
  const { m2, c } = engine.comoments(columns);
  const d = columns.length;
  return (i, j) => {
    const [x, y] = [Math.min(i, j), Math.max(i, j)];
    const r = c[x * d + y]! / Math.sqrt(m2[x * d + y]!) / Math.sqrt(m2[y * d + x]!);
    return Math.max(-1, Math.min(1, r));
  };
}

/** Spearman's ρ: Pearson's of the ranks among the rows of a pair, mean ranks for ties. */
function rankCoefficients(
  columns: readonly Numbers[],
  complete: readonly boolean[],
  { engine, space }: Tools,
): Correlate {
  const whole = columns.map((column) => asNumbers(engine.order.rank(column).ranks));
  const ofWhole = coefficients(whole, engine);
  const d = columns.length;
  const known = new Map<number, number>();
  return (i, j) => {
    if (complete[i] === true && complete[j] === true) return ofWhole(i, j);
    const key = Math.min(i, j) * d + Math.max(i, j);
    const value = known.get(key) ?? space.scratch(() => ofPair(columns[i]!, columns[j]!, engine, space));
    known.set(key, value);
    return value;
  };
}

function ofPair(x: Numbers, y: Numbers, engine: Engine, space: Space): number {
  const [a, b] = [space.float64(x.length), space.float64(y.length)];
  fill(a, x);
  fill(b, y);
  for (let row = 0; row < a.length; row++) {
    if (a[row]! !== a[row]! || b[row]! !== b[row]!) a[row] = b[row] = NaN;
  }
  const ranks = [a, b].map((values) => asNumbers(engine.order.rank(asNumbers(values)).ranks));
  return coefficients(ranks, engine)(0, 1);
}

function fill(values: Float64Array, { chunks }: Numbers): void {
  let at = 0;
  for (const chunk of chunks) {
    for (let row = 0; row < chunk.values.length; row++) values[at++] = presentValue(chunk, row);
  }
}

const asNumbers = (values: Float64Array): Numbers => ({
  length: values.length,
  chunks: [{ values, validity: null, bitOffset: 0 }],
});
