import type { Engine } from '../ports/engine.js';
import { excerpt, Problem } from '../ports/problem.js';
import type { FromSchema } from '../ports/schema.js';
import type { Space } from '../ports/space.js';
import type { Numbers, NumericColumn } from '../ports/tables.js';
import { columnDetails, missingIn, refuseMissing, selectColumns, type Selection } from './columns.js';
import { endpoint } from './endpoint.js';
import {
  asymptoticKendallTail,
  exactKendallTail,
  isExact,
  pairsOf,
  pearson,
  pearsonTail,
  spearman,
  spearmanTail,
  tauB,
  type Sums,
} from './hypothesis/correlation.js';
import { completeRows, numbersOf } from './hypothesis/samples.js';
import { withinRange } from './hypothesis/scaling.js';
import * as shared from './options.js';

const options = {
  type: 'object',
  additionalProperties: false,
  required: [],
  properties: {
    columns: shared.columns,
    method: {
      description: "Pearson's r, Spearman's ρ (of ranks), or Kendall's τ-b (of pairs of rows).",
      enum: ['pearson', 'spearman', 'kendall'],
      default: 'pearson',
    },
    nan_policy: {
      ...shared.nan_policy,
      description:
        '`omit` correlates two columns over the rows in which both have a value; `propagate` answers nulls for a column with missing values; `raise` answers 422.',
    },
    engine: shared.engine,
  },
} as const;

type Method = FromSchema<typeof options>['method'];

const square = (type: 'number' | 'integer'): object => ({
  type: 'array',
  items: { type: 'array', items: { type: [type, 'null'] } },
});

/** Columns that a matrix may have: it is three numbers a pair. */
const MOST_COLUMNS = 1000;
/** Rows that may be put in order anew for pairs of columns, altogether. */
const MOST_ORDERED = 2e8;

/** One pair of columns, or a column with itself. */
interface Entry {
  readonly n: number;
  readonly value: number;
  readonly p: number;
}

const NONE = { value: NaN, p: NaN };

/** `POST /analytics/correlate`. */
export const correlate = endpoint<FromSchema<typeof options>>({
  name: 'correlate',
  path: '/analytics/correlate',
  summary: 'Correlation matrix',
  description:
    "pandas' `corr`, with the p-values of SciPy's `pearsonr`, `spearmanr` or `kendalltau`, two-sided. Booleans are 0 and 1. Of a column with itself: 1, and the p-value that SciPy has for it. A constant column has nulls.",
  options,
  results: {
    type: 'object',
    required: ['columns', 'matrix', 'p_values', 'n'],
    properties: {
      columns: { type: 'array', items: { type: 'string' } },
      matrix: { ...square('number'), description: 'Rows and columns in the order of `columns`.' },
      p_values: square('number'),
      n: { ...square('integer'), description: 'Rows in which both columns have a value.' },
    },
  },
  details: { type: 'object', properties: { columns: shared.columnDetailsSchema } },
  answersArrow: false,
  example: {
    columns: { x: [1, 2, 3, 4, 5], y: [5, 6, 7, 8, 7], z: [9, 7, 8, 4, 1] },
    options: { method: 'spearman' },
  },
  run({ table, options: asked, pointer, engine, space, notes, progress }) {
    const selection = selectColumns(table, asked.columns, pointer, notes);
    const columns = numericColumns(selection, asked, pointer);
    if (asked.nan_policy === 'raise')
      refuseMissing({ ...selection, numbers: columns, booleans: [] }, engine, pointer);
    const missing = columns.map((column) => missingIn(column, engine));
    refuseWork(asked.method, missing, table.rows, pointer);
    for (const [i, { name, numbers }] of columns.entries()) {
      if (missing[i]! > 0)
        notes.warn('rows_dropped', `${missing[i]!} missing values have no part in a pair`, name);
      const { min, max } = engine.moments(numbers, 2);
      if (min === max) notes.warn('constant_input', 'all values are equal: there is no correlation', name);
    }
    const entry = methods[asked.method](
      columns.map(({ numbers }) => numbers),
      missing.map((count) => count > 0),
      engine,
      space,
    );
    const d = columns.length;
    const matrix = blank(d);
    const pValues = blank(d);
    const n = blank(d);
    const total = pairsOf(d + 1);
    let done = 0;
    for (let i = 0; i < d; i++) {
      for (let j = i; j < d && !progress.stopping(); j++) {
        const found = entry(i, j);
        progress.tell({ stage: 'pairs', done: ++done, total });
        const gone = asked.nan_policy === 'propagate' && (missing[i]! > 0 || missing[j]! > 0);
        const { value, p } = gone ? NONE : found;
        const what = i === j ? 'with itself' : `with ${excerpt(columns[j]!.name, 30)}`;
        matrix[i]![j] = matrix[j]![i] = notes.finite(value, what, columns[i]!.name);
        pValues[i]![j] = pValues[j]![i] = Number.isFinite(p) ? p : null;
        n[i]![j] = n[j]![i] = found.n;
      }
    }
    if (done < total) notes.partial(`stopped: ${done} of ${total} pairs of columns, the others are null`);
    return {
      results: { columns: columns.map(({ name }) => name), matrix, p_values: pValues, n },
      details: { columns: columnDetails(selection, engine) },
      columns: d,
    };
  },
});

const blank = (d: number): (number | null)[][] =>
  Array.from({ length: d }, () => new Array<number | null>(d).fill(null));

/** Those that are named, in that order, or all with numbers or booleans. Throws Problem. */
function numericColumns(
  { all }: Selection,
  { columns: wanted, method }: FromSchema<typeof options>,
  pointer: (option: string, index?: number) => string,
): NumericColumn[] {
  const named = wanted?.map((name) => all.find((column) => column.name === name)!);
  const columns = (named ?? all).flatMap((column, index): NumericColumn[] => {
    if ('numbers' in column) return [column];
    if (named === undefined) return [];
    const detail = `expected columns of numbers, got ${column.type} in ${JSON.stringify(excerpt(column.name))}`;
    throw Problem.at(pointer('columns', index), 'invalid_option', detail);
  });
  if (columns.length < 2 || columns.length > MOST_COLUMNS) {
    const detail = `expected 2 to ${MOST_COLUMNS} columns of numbers for method "${method}", got ${columns.length}`;
    throw Problem.at(pointer('columns'), 'invalid_option', detail);
  }
  return columns;
}

/** Throws Problem where pairs of columns have to be put in order one by one, and there are too many of too many rows. */
function refuseWork(
  method: Method,
  missing: readonly number[],
  rows: number,
  pointer: (option: string) => string,
): void {
  const d = missing.length;
  const whole = method === 'spearman' ? missing.filter((count) => count === 0).length : 0;
  const pairs = method === 'pearson' ? 0 : pairsOf(d) - pairsOf(whole);
  if (pairs * rows <= MOST_ORDERED) return;
  const most = Math.floor(MOST_ORDERED / rows);
  const which = method === 'spearman' ? 'pairs of columns with missing values' : 'pairs of columns';
  const detail = `expected at most ${most} ${which} of ${rows} rows for method "${method}", got ${pairs} of ${d} columns`;
  throw Problem.at(pointer('columns'), 'invalid_option', detail);
}

/** What makes the entries of a matrix, by rows from the diagonal on. */
type Entries = (
  columns: readonly Numbers[],
  gaps: readonly boolean[],
  engine: Engine,
  space: Space,
) => (i: number, j: number) => Entry;

const methods: Readonly<Record<Method, Entries>> = {
  pearson: byMoments,
  spearman: byRanks,
  kendall: byPairs,
};

function byMoments(...[columns, , engine, space]: Parameters<Entries>): ReturnType<Entries> {
  const sums = sumsOf(
    columns.map((column) => withinRange(column, engine, space)),
    engine,
  );
  return (i, j) => {
    const pair = sums(i, j);
    const r = i === j && pair.m2x > 0 ? 1 : pearson(pair);
    return { n: pair.n, value: r, p: pearsonTail(r, pair.n, 'two-sided', engine).p };
  };
}

/** Ranks of whole columns serve all their pairs; two columns of which one misses values are ranked where both are present. */
function byRanks(...[columns, gaps, engine, space]: Parameters<Entries>): ReturnType<Entries> {
  const rank = (column: Numbers): Numbers => numbersOf(engine.order.rank(column).ranks);
  const wholes = columns.flatMap((_, i) => (gaps[i] ? [] : [i]));
  const ofWholes = sumsOf(
    wholes.map((i) => rank(columns[i]!)),
    engine,
  );
  const places = new Map(wholes.map((column, place) => [column, place]));
  return (i, j) => {
    const [a, b] = [places.get(i), places.get(j)];
    const pair =
      a !== undefined && b !== undefined
        ? ofWholes(a, b)
        : space.scratch(() => {
            const both = completeRows([columns[i]!, columns[j]!], space).map(numbersOf);
            return sumsOf(both.map(rank), engine)(0, 1);
          });
    const rho = i === j && pair.m2x > 0 ? 1 : pair.n < 2 ? NaN : spearman(pair);
    return { n: pair.n, value: rho, p: spearmanTail(rho, pair.n, 'two-sided', engine).p };
  };
}

function byPairs(...[columns, , engine]: Parameters<Entries>): ReturnType<Entries> {
  return (i, j) => {
    const pairs = engine.order.pairs(columns[i]!, columns[j]!);
    const { count, tiedX, tiedY } = pairs;
    const total = pairsOf(count);
    if (tiedX === total || tiedY === total) return { n: count, ...NONE };
    const tail = isExact(pairs) ? exactKendallTail : asymptoticKendallTail;
    return { n: count, value: i === j ? 1 : tauB(pairs), p: tail(pairs, 'two-sided', engine).p };
  };
}

function sumsOf(columns: readonly Numbers[], engine: Engine): (i: number, j: number) => Sums {
  const d = columns.length;
  if (d === 0) return () => ({ n: 0, m2x: 0, m2y: 0, c: 0 });
  const { counts, m2, c } = engine.comoments(columns);
  return (i, j) => {
    const at = i * d + j;
    return { n: counts[at]!, m2x: m2[at]!, m2y: m2[j * d + i]!, c: c[at]! };
  };
}
