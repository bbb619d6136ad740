import { figure, type Shown } from './compare.js';
import { laneCells, type GrowthTable, type LaneTimes } from './growth.js';
import type { Ceiling } from './machine.js';
import { percent, rateUnit, type Share } from './shares.js';

/** The part of bench/results.json that the README shows. What was not measured with the rest is not there. */
export interface Results {
  readonly machine: { readonly cores: number; readonly node: string; readonly date: string };
  readonly rows: readonly {
    readonly group: string;
    readonly name: string;
    readonly unit: string;
    readonly ours: number | null;
    readonly rival: string;
    readonly rivalTakes: number | null;
    readonly ratio: number | null;
    readonly target: number | null;
    readonly met: boolean | null;
  }[];
  readonly ceilings?: readonly Shown<Ceiling>[];
  readonly shares?: readonly Shown<Share>[];
  readonly growth?: readonly GrowthTable[];
  readonly lanes?: readonly LaneTimes[];
}

const MEASURED = ['<!-- bench:start -->', '<!-- bench:end -->'] as const;
const STATISTICS = ['<!-- statistics:start -->', '<!-- statistics:end -->'] as const;

const value = (number: number | null, unit: string): string =>
  number === null ? '' : `${figure(number)} ${unit}`;
const verdict = (met: boolean | null): string => (met === null ? '' : met ? 'yes' : '**no**');

/** A table as short as it can be: the README is read as text, too. */
const table = (head: readonly string[], lines: readonly (readonly string[])[]): string[] => {
  const line = (cells: readonly string[]): string => ['', ...cells, ''].join(' | ').trim();
  return ['<!-- prettier-ignore -->', line(head), line(head.map(() => '---')), ...lines.map(line)];
};

const ratios = (rows: Results['rows']): string[] =>
  table(
    ['what', 'ours', 'rival', 'rival takes', 'ratio', 'at least', 'met'],
    rows.map(({ group, name, unit, ours, rival, rivalTakes, ratio, target, met }) => [
      `${group}: ${name}`,
      value(ours, unit),
      rival,
      value(rivalTakes, unit),
      value(ratio, '×'),
      target === null ? '' : `${target} ×`,
      verdict(met),
    ]),
  );

/** What the machine can do, and how much of it the kernels do. */
function shareLines(ceilings: readonly Shown<Ceiling>[], shares: readonly Shown<Share>[]): string[] {
  if (shares.length === 0) return [];
  const limits = ceilings.map(
    ({ name, unit, one, all, threads }) =>
      `${name}: ${figure(one)} ${unit} by one thread, ${figure(all)} by ${figure(threads)}`,
  );
  return [
    '',
    `What the machine can do in the same run: ${limits.join('; ')}.`,
    'A share is the rate of a kernel beside that limit, for as many threads.',
    '',
    ...table(
      ['kernel', 'assumed', 'threads', 'takes', 'rate', 'share', 'at least', 'met'],
      shares.map(({ name, assumed, threads, takes, rate, bound, share, atLeast, met }) => [
        name,
        assumed,
        figure(threads),
        value(takes, 'ms'),
        value(rate, rateUnit(bound)),
        percent(share),
        atLeast === null ? '' : percent(atLeast),
        verdict(met),
      ]),
    ),
  ];
}

/** Series of the same sizes in one table: the time, the time a unit, and the exponent of its growth. */
function growthLines(tables: readonly GrowthTable[]): string[] {
  const sizesOf = ({ by, points }: GrowthTable): string => [by, ...points.map(({ size }) => size)].join(' ');
  const groups = [...new Set(tables.map(sizesOf))].map((sizes) =>
    tables.filter((one) => sizesOf(one) === sizes),
  );
  return groups.flatMap((group) => {
    const [first] = group;
    const cells = (index: number): string[] =>
      group.map(({ points }) => {
        const { takes, perUnit, exponent } = points[index]!;
        const growth = exponent === null ? '' : `, ^${exponent.toFixed(2)}`;
        return `${figure(takes)} ms (${figure(perUnit)} ns${growth})`;
      });
    return [
      '',
      ...table(
        [first!.by, ...group.map(({ name, unit }) => `${name} (a ${unit})`)],
        first!.points.map(({ size }, i) => [size.toLocaleString('en'), ...cells(i)]),
      ),
    ];
  });
}

/** How times grow, folded away. */
function growthBlock(growth: readonly GrowthTable[], lanes: readonly LaneTimes[]): string[] {
  if (growth.length === 0) return [];
  const { head, lines } = laneCells(lanes);
  return [
    '',
    '<details>',
    '<summary>How times grow with rows, columns, clusters and lanes</summary>',
    '',
    'Times are those of the fastest of seven samples, three from a second on.',
    'In brackets the time a unit of work, and the exponent of the growth since the size before: 1 is linear, 2 quadratic.',
    ...growthLines(growth),
    ...(lines.length === 0 ? [] : ['', ...table(head, lines)]),
    '',
    '</details>',
  ];
}

const headline = ({ cores, node, date }: Results['machine']): string =>
  `${cores} cores, Node ${node}, ${date}. A ratio says how many times better ours is.`;

/** The text with other lines between two marks. */
function between(text: string, [from, to]: readonly [string, string], lines: readonly string[]): string {
  const start = text.indexOf(from);
  const end = text.indexOf(to);
  if (start < 0 || end < start) throw new Error(`expected ${from} and ${to} in the README`);
  return `${text.slice(0, start + from.length)}\n\n${lines.join('\n')}\n\n${text.slice(end)}`;
}

/** The README with its table of bench/statistics.json made anew. */
export function withStatistics(readme: string, { machine, rows }: Results): string {
  return between(readme, STATISTICS, [headline(machine), '', ...ratios(rows)]);
}

/** The README with its tables of what was measured made anew; misses are shown as misses. */
export function withMeasured(readme: string, results: Results): string {
  const { machine, rows, ceilings = [], shares = [], growth = [], lanes = [] } = results;
  const lines = [
    headline(machine),
    '',
    ...ratios(rows),
    ...shareLines(ceilings, shares),
    ...growthBlock(growth, lanes),
  ];
  return between(readme, MEASURED, lines);
}
