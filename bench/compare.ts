import { availableParallelism } from 'node:os';

/** What the benchmark makes of its samples: ratios, verdicts, tables. Pure, and tested in test/bench/compare.test.ts. */

/** Sample i of one side was taken right beside sample i of the other. */
export interface Samples {
  readonly ours: readonly number[];
  readonly rival: readonly number[];
}

export type Better = 'lower' | 'higher';

export interface PairedRatio {
  /** Medians of the samples. */
  readonly ours: number;
  readonly rival: number;
  /** Median over the pairs of how many times better ours is. */
  readonly ratio: number;
  /** Quartiles of the pairs' ratios, and their distance as a share of the median. */
  readonly low: number;
  readonly high: number;
  readonly spread: number;
}

/** A ratio whose quartiles lie further apart than this is measured again. */
export const STEADY = 0.15;

/** A line of the tables. `ratio` is how many times better ours is, whatever the unit. */
export interface Row extends PairedRatio {
  readonly group: string;
  readonly name: string;
  readonly unit: string;
  readonly rivalName: string;
  readonly attempts: number;
  /** The ratio asked for; null when the line only informs. */
  readonly atLeast: number | null;
  /** Why there are no numbers. */
  readonly error: string | null;
}

/** A figure of ours alone with its upper limit. */
export interface Limit {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly atMost: number;
}

export interface Machine {
  readonly cores: number;
  readonly node: string;
  readonly date: string;
}

/** The line that every table stands under: ratios travel between machines, times do not. */
export const machine = (): Machine => ({
  cores: availableParallelism(),
  node: process.version,
  date: new Date().toISOString().slice(0, 10),
});

/** Linear between order statistics; NaN of nothing. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * q;
  const low = sorted[Math.floor(place)] ?? NaN;
  const high = sorted[Math.ceil(place)] ?? NaN;
  return low + (high - low) * (place - Math.floor(place));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

const NO_RATIO: PairedRatio = { ours: NaN, rival: NaN, ratio: NaN, low: NaN, high: NaN, spread: NaN };

/** NaN throughout for samples that prove nothing: none, unpaired, or one that is not a positive number. */
export function pairedRatio({ ours, rival }: Samples, better: Better): PairedRatio {
  const sound = [...ours, ...rival].every((value) => Number.isFinite(value) && value > 0);
  if (!sound || ours.length === 0 || ours.length !== rival.length) return NO_RATIO;
  const ratios = ours.map((value, i) => (better === 'lower' ? rival[i]! / value : value / rival[i]!));
  const [low, ratio, high] = [quantile(ratios, 0.25), median(ratios), quantile(ratios, 0.75)];
  return { ours: median(ours), rival: median(rival), ratio, low, high, spread: (high - low) / ratio };
}

/** A line without numbers, because measuring ended in an error. */
export function failedRow(about: Pick<Row, 'group' | 'name' | 'rivalName' | 'atLeast'>, error: unknown): Row {
  return {
    ...about,
    ...NO_RATIO,
    unit: 'ms',
    attempts: 0,
    error: error instanceof Error ? error.message : String(error),
  };
}

/** Whether two lists of figures are the same to a relative tolerance, absolute below one. */
export function sameFigures(a: readonly number[], b: readonly number[], tolerance: number): boolean {
  return (
    a.length === b.length &&
    a.every(
      (value, i) => Math.abs(value - b[i]!) <= tolerance * Math.max(1, Math.abs(value), Math.abs(b[i]!)),
    )
  );
}

/** Geometric mean; NaN of nothing and of what is not positive. */
export function geometricMean(values: readonly number[]): number {
  if (values.length === 0 || !values.every((value) => value > 0)) return NaN;
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/**
 * The line that stands for many: geometric means of their times and ratios. A line without a ratio spoils it, for a mean
 * of what could be measured is not the one asked for.
 */
export function geometricRow(
  rows: readonly Row[],
  about: Pick<Row, 'group' | 'name' | 'rivalName' | 'atLeast'>,
): Row {
  const failed = rows.filter(({ ratio }) => !(ratio > 0)).length;
  if (rows.length === 0 || failed > 0) {
    return failedRow(
      about,
      new Error(`expected ${rows.length} ratios, ${failed} of them could not be measured`),
    );
  }
  const mean = (of: (row: Row) => number): number => geometricMean(rows.map(of));
  const [low, ratio, high] = [mean((row) => row.low), mean((row) => row.ratio), mean((row) => row.high)];
  return {
    ...about,
    ours: mean((row) => row.ours),
    rival: mean((row) => row.rival),
    ratio,
    low,
    high,
    spread: (high - low) / ratio,
    unit: rows[0]!.unit,
    attempts: 1,
    error: null,
  };
}

/** Whether a line has the ratio asked for, null when none is. No number is never enough. */
export function met({ atLeast, ratio, error }: Row): boolean | null {
  if (error !== null) return false;
  return atLeast === null ? null : ratio >= atLeast;
}

export function within({ value, atMost }: Limit): boolean {
  return value >= 0 && value <= atMost;
}

/** What failed, a sentence each. Nothing measured is a failure too. */
export function failures(rows: readonly Row[], limits: readonly Limit[]): string[] {
  const missed = rows
    .filter((row) => met(row) === false)
    .map((row) => {
      const got = row.error ?? `got ${figure(row.ratio)}`;
      return `${row.group}, ${row.name}: expected ${figure(row.atLeast ?? 0)} × ${row.rivalName}, ${got}`;
    });
  const over = limits
    .filter((limit) => !within(limit))
    .map(
      ({ name, value, atMost, unit }) => `${name}: expected at most ${atMost} ${unit}, got ${figure(value)}`,
    );
  const nothing = rows.some(({ atLeast }) => atLeast !== null)
    ? []
    : ['expected at least one ratio with a floor, got none'];
  return [...missed, ...over, ...nothing];
}

/** Exit code of the guard. */
export function exitCode(rows: readonly Row[], limits: readonly Limit[]): 0 | 1 {
  return failures(rows, limits).length === 0 ? 0 : 1;
}

/** What a results file has of it: in JSON, what is not a number is null. */
export type Shown<T> = { readonly [K in keyof T]: T[K] extends number ? number | null : T[K] };

/** Three significant digits, no exponent; a dash where there is no number. */
export function figure(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '–';
  return value >= 1000 ? value.toFixed(0) : Number(value.toPrecision(3)).toString();
}

const answer = (verdict: boolean | null): string => (verdict === null ? '' : verdict ? 'yes' : '**no**');

/** Markdown table whose columns stand under each other. */
export function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i]!.length)));
  const format = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  return [
    format(head),
    `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`,
    ...lines.map(format),
  ].join('\n');
}

/** Markdown table of ratios; the spread is the distance of the quartiles as a share of the ratio. */
export function ratioTable(rows: readonly Row[]): string {
  return table(
    ['what', 'ours', 'rival', 'rival takes', 'ratio', 'spread', 'at least', 'met'],
    rows.map((row) => [
      `${row.group}: ${row.name}`,
      `${figure(row.ours)} ${row.unit}`,
      row.rivalName,
      row.error === null ? `${figure(row.rival)} ${row.unit}` : row.error,
      `${figure(row.ratio)} ×`,
      Number.isNaN(row.spread) ? '–' : `${(row.spread * 100).toFixed(0)} %`,
      row.atLeast === null ? '' : `${figure(row.atLeast)} ×`,
      answer(met(row)),
    ]),
  );
}

/** Markdown table of limits. */
export function limitTable(limits: readonly Limit[]): string {
  return table(
    ['what', 'is', 'at most', 'met'],
    limits.map((limit) => [
      limit.name,
      `${figure(limit.value)} ${limit.unit}`,
      `${limit.atMost} ${limit.unit}`,
      answer(within(limit)),
    ]),
  );
}

/**
 * The results file. What is not a number is null in it. `more`: what has a form of its own, each under its key: the
 * machine's ceilings, shares of them, how times grow, the rivals' versions.
 */
export function resultsJson(
  machine: Machine,
  rows: readonly Row[],
  limits: readonly Limit[],
  more: Readonly<Record<string, unknown>> = {},
): string {
  const tidy = (_: string, value: unknown): unknown =>
    typeof value === 'number' && Number.isFinite(value) ? Number(value.toPrecision(6)) : value;
  const results = {
    machine,
    rows: rows.map((row) => ({
      group: row.group,
      name: row.name,
      unit: row.unit,
      ours: row.ours,
      rival: row.rivalName,
      rivalTakes: row.rival,
      ratio: row.ratio,
      spread: row.spread,
      low: row.low,
      high: row.high,
      attempts: row.attempts,
      target: row.atLeast,
      met: met(row),
      ...(row.error === null ? {} : { error: row.error }),
    })),
    limits: limits.map((limit) => ({ ...limit, met: within(limit) })),
    ...more,
  };
  return `${JSON.stringify(results, tidy, 2)}\n`;
}
