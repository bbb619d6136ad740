import { figure, table } from './compare.js';

/** How times grow with the size of a question. Pure, and tested in test/bench/growth.test.ts. */

export interface Point {
  readonly size: number;
  /** Milliseconds of a call. */
  readonly takes: number;
}

/** Times of one question against one size of it. */
export interface Series {
  readonly name: string;
  /** What the sizes count: rows, columns, k. */
  readonly by: string;
  /** What one unit of work is, such as "row", and how many of them a size has. */
  readonly unit: string;
  readonly units: readonly number[];
  readonly points: readonly Point[];
}

export interface Growth extends Point {
  /** Nanoseconds a unit of work. */
  readonly perUnit: number;
  /** e of time ∝ size^e between the size before and this one; null for the first. 1 is linear, 2 quadratic. */
  readonly exponent: number | null;
}

/** A series as bench/results.json and the README have it. */
export interface GrowthTable {
  readonly name: string;
  readonly by: string;
  readonly unit: string;
  readonly points: readonly Growth[];
}

/** An exponent above this, beyond the first sizes, is more than caches explain. */
export const STEEP = 1.3;
/** Sizes at the start whose times are mostly overhead, and their growth mostly noise. */
const FIRST = 3;

/** Logarithm of the ratio of times over that of sizes, neighbour by neighbour. */
export function exponents(points: readonly Point[]): (number | null)[] {
  return points.map(({ size, takes }, i) => {
    const before = points[i - 1];
    return before === undefined ? null : Math.log(takes / before.takes) / Math.log(size / before.size);
  });
}

export function growthOf({ name, by, unit, units, points }: Series): GrowthTable {
  if (units.length !== points.length) {
    throw new Error(`expected units of ${points.length} sizes, got ${units.length}`);
  }
  const grown = exponents(points);
  return {
    name,
    by,
    unit,
    points: points.map((point, i) => ({
      ...point,
      perUnit: (point.takes * 1e6) / units[i]!,
      exponent: grown[i]!,
    })),
  };
}

/** Sizes beyond the first at which time grows faster than almost linearly, a sentence each; no number is one of them. */
export function steep(tables: readonly GrowthTable[], above = STEEP): string[] {
  return tables.flatMap(({ name, by, points }) =>
    points.slice(FIRST).flatMap(({ size, exponent }) => {
      if (exponent !== null && exponent <= above) return [];
      const got = exponent === null ? 'none' : figure(exponent);
      return [
        `${name}, ${by} ${size.toLocaleString('en')}: expected an exponent of at most ${above}, got ${got}`,
      ];
    }),
  );
}

/** Markdown table of one series. */
export function growthTable({ by, unit, points }: GrowthTable): string {
  return table(
    [by, 'takes', `a ${unit}`, 'exponent'],
    points.map(({ size, takes, perUnit, exponent }) => [
      size.toLocaleString('en'),
      `${figure(takes)} ms`,
      `${figure(perUnit)} ns`,
      exponent === null ? '' : exponent.toFixed(2),
    ]),
  );
}

/** Times of one question with more and more lanes. */
export interface LaneTimes {
  readonly name: string;
  readonly points: readonly { readonly lanes: number; readonly takes: number }[];
}

/** A line a question: the time with each number of lanes, and how many times faster than with the first. */
export function laneCells(times: readonly LaneTimes[]): { head: string[]; lines: string[][] } {
  const lanes = [...new Set(times.flatMap(({ points }) => points.map(({ lanes: n }) => n)))];
  return {
    head: ['what', ...lanes.map((n) => (n === 1 ? 'one lane' : `${n} lanes`))],
    lines: times.map(({ name, points }) => [
      name,
      ...lanes.map((n) => {
        const takes = points.find(({ lanes: here }) => here === n)?.takes;
        if (takes === undefined) return '';
        const first = points[0]!;
        const faster = first.lanes === n ? '' : ` (${figure(first.takes / takes)} ×)`;
        return `${figure(takes)} ms${faster}`;
      }),
    ]),
  };
}

/** Markdown table of lanes. */
export function laneTable(times: readonly LaneTimes[]): string {
  const { head, lines } = laneCells(times);
  return table(head, lines);
}
