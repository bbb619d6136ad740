import type { Engine } from '../ports/engine.js';
import type { Json } from '../ports/formats.js';
import { excerpt, Problem } from '../ports/problem.js';
import type { Space } from '../ports/space.js';
import type { NumericColumn, Numbers } from '../ports/tables.js';
import { describeCategorical, describeCategoricalGroups } from './categories.js';
import type { Selection } from './columns.js';
import { EXTENDED, extendedStatistics, type Extension } from './extended.js';
import { type Grouping, splitNumbers } from './grouping.js';
import { type Bins, MOST_BINS } from './histogram.js';
import type { Notes } from './notes.js';
import { eachTold, type Progress, UNWATCHED } from './progress.js';
import { percentileNames, refinePercentiles } from './percentiles.js';

export type NanPolicy = 'omit' | 'propagate' | 'raise';

/** The extended form of a summary. */
export interface ExtendedForm {
  readonly bins: Bins;
  readonly space: Space;
  /** Points at the option that makes an answer large, for a refusal. */
  readonly pointer: string;
}

/** Numbers that an answer may have. */
export const MOST_FIGURES = 2_000_000;

/**
 * pandas' `DataFrame.describe()`: count, mean, std (ddof 1), min, quantiles and max of the numeric columns; where there
 * is none, count, unique, top and freq of every column. In column order. `extended`: more of each, see extended.ts.
 */
export function summarize(
  selection: Selection,
  percentiles: readonly number[],
  nanPolicy: NanPolicy,
  engine: Engine,
  notes: Notes,
  extended?: ExtendedForm,
  progress: Progress = UNWATCHED,
): ReadonlyMap<string, Json> {
  if (selection.numbers.length === 0) {
    const isExtended = extended !== undefined;
    return new Map(
      selection.all.map((column) => [
        column.name,
        describeCategorical(column, selection.rows, isExtended, notes),
      ]),
    );
  }
  const plan = planOf(percentiles, nanPolicy, engine, notes, extended);
  plan.spend(selection.numbers.length * plan.figures);
  const { numbers: columns } = selection;
  const most = extended === undefined ? BLOCK_VALUES : 1;
  const blocks = blocksOf(columns, progress === UNWATCHED ? Infinity : most);
  const entries = eachTold('column_blocks', blocks, progress, (block) => {
    const numbers = block.map((column) => column.numbers);
    engine.ahead.moments(numbers, plan.order);
    engine.ahead.select(numbers, plan.fractions);
    return block.map((column): [string, Json] => [
      column.name,
      describeNumeric(column.name, column.numbers, plan),
    ]);
  }).flat();
  noteFewer(entries.length, columns.length, notes);
  return new Map(entries);
}

/** Values that are described between two looks at whether to stop: some tens of milliseconds. */
const BLOCK_VALUES = 2 ** 23;

/** Columns that are computed in one go, as many as have so many values, one at least. */
function blocksOf(columns: readonly NumericColumn[], values: number): (readonly NumericColumn[])[] {
  const each = Math.max(1, Math.floor(values / Math.max(1, columns[0]?.numbers.length ?? 0)));
  if (columns.length <= each) return [columns];
  return Array.from({ length: Math.ceil(columns.length / each) }, (_, i) =>
    columns.slice(i * each, (i + 1) * each),
  );
}

function noteFewer(described: number, columns: number, notes: Notes): void {
  if (described < columns) notes.partial(`stopped: ${described} of ${columns} columns described`);
}

/**
 * pandas' `df.groupby(key).describe()`: the same of the rows of each group, by group and column. Throws 422
 * `invalid_option`, pointing at `pointer`, for groups and columns whose answer would have too many numbers.
 */
export function summarizeGroups(
  selection: Selection,
  grouping: Grouping,
  percentiles: readonly number[],
  nanPolicy: NanPolicy,
  engine: Engine,
  notes: Notes,
  space: Space,
  pointer: string,
  bins?: Bins,
  progress: Progress = UNWATCHED,
): ReadonlyMap<string, Json> {
  const { labels } = grouping;
  const extended = bins === undefined ? undefined : { bins, space, pointer };
  const plan = planOf(percentiles, nanPolicy, engine, notes, extended, pointer);
  const { numbers, all } = selection;
  plan.spend(labels.length * (numbers.length > 0 ? numbers.length * plan.figures : all.length * 6));
  const groups = labels.map(() => new Map<string, Json>());
  const put = (name: string, group: number, statistics: Json): void => {
    groups[group]!.set(name, statistics);
  };
  if (numbers.length === 0) {
    for (const column of all) {
      describeCategoricalGroups(column, grouping, bins !== undefined, notes).forEach((statistics, group) => {
        put(column.name, group, statistics);
      });
    }
  }
  const names = labels.map((label) => ` of group ${JSON.stringify(excerpt(label, 40))}`);
  const done = eachTold('columns', numbers, progress, (column) => {
    space.scratch(() => {
      const segments = splitNumbers(column, grouping, space);
      for (const alike of byLength(segments)) {
        engine.ahead.moments(alike, plan.order);
        engine.ahead.select(alike, plan.fractions);
      }
      segments.forEach((segment, group) => {
        put(column.name, group, describeNumeric(column.name, segment, plan, names[group]));
      });
    });
  });
  noteFewer(done.length, numbers.length, notes);
  return new Map(labels.map((label, group) => [label, groups[group]!]));
}

/** Columns of equal length together: one call answers for all of them. */
function byLength(columns: readonly Numbers[]): Iterable<Numbers[]> {
  const alike = new Map<number, Numbers[]>();
  for (const column of columns) {
    const known = alike.get(column.length);
    if (known === undefined) alike.set(column.length, [column]);
    else known.push(column);
  }
  return alike.values();
}

/** What is computed of every numeric column. */
interface Plan {
  readonly order: 2 | 4;
  readonly fractions: readonly number[];
  /** Names of the quantiles. */
  readonly names: readonly string[];
  readonly propagate: boolean;
  readonly extended: ExtendedForm | undefined;
  /** Numbers of a column's answer, without its histogram. */
  readonly figures: number;
  /** Counts numbers of the answer; throws 422 `invalid_option` beyond the limit. */
  readonly spend: (numbers: number) => void;
  readonly engine: Engine;
  readonly notes: Notes;
  /** Columns with a histogram of fewer bins than its rule asked for. */
  readonly cut: Set<string>;
}

function planOf(
  percentiles: readonly number[],
  nanPolicy: NanPolicy,
  engine: Engine,
  notes: Notes,
  extended: ExtendedForm | undefined,
  pointer = extended?.pointer ?? '',
): Plan {
  const refined = refinePercentiles(percentiles);
  let spent = 0;
  return {
    order: extended === undefined ? 2 : 4,
    // pandas hands NumPy percentages, which divides them by 100 again.
    fractions: refined.map((p) => (p * 100) / 100),
    names: percentileNames(refined),
    propagate: nanPolicy === 'propagate',
    extended,
    figures: 5 + refined.length + (extended === undefined ? 0 : EXTENDED),
    spend(numbers) {
      spent += numbers;
      if (spent <= MOST_FIGURES) return;
      const detail = `expected an answer of at most ${MOST_FIGURES} numbers, got more: fewer groups, columns, percentiles or bins are needed`;
      throw Problem.at(pointer, 'invalid_option', detail);
    },
    engine,
    notes,
    cut: new Set(),
  };
}

/** `where`: which rows they are, for warnings. */
function describeNumeric(name: string, numbers: Numbers, plan: Plan, where = ''): Json {
  const { engine, notes, fractions, names, extended } = plan;
  const moments = engine.moments(numbers, plan.order);
  const { count, mean, m2, min, max } = moments;
  const spoilt = plan.propagate && count < numbers.length;
  const finite = (value: number, what: string): number | null => {
    const known = spoilt ? NaN : value;
    // The words are made only where they are needed.
    return Number.isFinite(known) ? known : notes.finite(known, what + where, name);
  };
  const quantiles = engine.select(numbers, fractions);
  const statistics: Record<string, Json> = {
    count,
    mean: finite(mean, 'mean'),
    std: finite(count > 1 ? Math.sqrt(m2 / (count - 1)) : NaN, 'std'),
    min: finite(count === 0 ? NaN : min, 'min'),
  };
  for (const [i, value] of quantiles.entries()) statistics[names[i]!] = finite(value, names[i]!);
  statistics['max'] = finite(count === 0 ? NaN : max, 'max');
  if (extended === undefined) return statistics;
  const extension = extensionOf(extended.bins, name, plan);
  return extended.space.scratch(() => {
    const sorted = engine.order.sort(numbers);
    return { ...statistics, ...extendedStatistics(moments, numbers.length, sorted, extension, finite) };
  });
}

const extensionOf = (bins: Bins, name: string, { cut, notes, spend }: Plan): Extension => ({
  bins,
  spend,
  onCut(asked) {
    if (cut.has(name)) return;
    cut.add(name);
    notes.warn('bins_limited', `histogram of ${MOST_BINS} bins, the rule asks for ${asked}`, name);
  },
});
