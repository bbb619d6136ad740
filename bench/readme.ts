import { figure } from './compare.js';

/** The part of bench/results.json that the README shows. */
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
}

const START = '<!-- bench:start -->';
const END = '<!-- bench:end -->';

/** The README with its table of measured ratios made anew; misses are shown as misses. */
export function withMeasured(readme: string, { machine, rows }: Results): string {
  const start = readme.indexOf(START);
  const end = readme.indexOf(END);
  if (start < 0 || end < start) throw new Error(`expected ${START} and ${END} in the README`);
  const value = (number: number | null, unit: string): string =>
    number === null ? '' : `${figure(number)} ${unit}`;
  const lines = rows.map(({ group, name, unit, ours, rival, rivalTakes, ratio, target, met }) =>
    [
      '',
      `${group}: ${name}`,
      value(ours, unit),
      rival,
      value(rivalTakes, unit),
      value(ratio, '×'),
      target === null ? '' : `${target} ×`,
      met === null ? '' : met ? 'yes' : '**no**',
      '',
    ]
      .join(' | ')
      .trim(),
  );
  const table = [
    `${machine.cores} cores, Node ${machine.node}, ${machine.date}. A ratio says how many times better ours is.`,
    '',
    '<!-- prettier-ignore -->',
    '| what | ours | rival | rival takes | ratio | at least | met |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
  ];
  return `${readme.slice(0, start + START.length)}\n\n${table.join('\n')}\n\n${readme.slice(end)}`;
}
