/**
 * Prometheus's text format, version 0.0.4, read strictly: what a lenient reader would guess at is an error here. The rules are
 * those of its documentation ("Exposition formats"), and those that its own linter asks of names.
 */
export interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: readonly Sample[];
}

const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/u;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/u;

/** Every family by its name. Throws Error with the line that is wrong. */
export function parseExposition(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('expected the last line to end with a line feed');
  const families = new Map<string, Family & { readonly samples: Sample[] }>();
  const seen = new Set<string>();
  let help: { readonly name: string; readonly text: string } | undefined;
  let family: (Family & { readonly samples: Sample[] }) | undefined;
  text.split('\n').forEach((line, index) => {
    const fail = (why: string): never => {
      throw new Error(`line ${index + 1}: ${why}: ${line}`);
    };
    if (line === '') return;
    if (line.startsWith('#')) {
      const [, word = '', name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/u.exec(line) ?? [];
      if (word === '') fail('neither HELP nor TYPE');
      if (!METRIC.test(name)) fail('no name of a metric');
      if (families.has(name)) fail('a family that was there before');
      if (word === 'HELP') {
        if (/\\[^\\n]|\\$/u.test(rest)) fail('an escape that is none');
        help = { name, text: rest };
        family = undefined;
      } else {
        if (help?.name !== name) fail('no HELP before it');
        if (rest !== 'counter' && rest !== 'gauge' && rest !== 'histogram') fail('another type');
        family = { name, help: help?.text ?? '', type: rest as Family['type'], samples: [] };
        families.set(name, family);
      }
      return;
    }
    const sample = parseSample(line, fail);
    const owner = family ?? fail('a sample without HELP and TYPE');
    const suffixes = owner.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    if (!suffixes.some((suffix) => sample.name === owner.name + suffix)) fail('a sample of another family');
    const key = `${sample.name} ${JSON.stringify([...sample.labels].sort())}`;
    if (seen.has(key)) fail('a series that was there before');
    seen.add(key);
    owner.samples.push(sample);
  });
  for (const one of families.values()) check(one);
  return families;
}

function parseSample(line: string, fail: (why: string) => never): Sample {
  const [, name = '', block, number = ''] = /^([^\s{]+)(?:\{(.*)\})? (\S+)$/u.exec(line) ?? [];
  if (!METRIC.test(name)) fail('no name of a metric');
  const labels = new Map<string, string>();
  let rest = block ?? '';
  if (block === '') fail('braces without labels');
  while (rest !== '') {
    const [whole = '', label = '', value = '', comma = ''] =
      /^([^=]+)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/u.exec(rest) ?? [];
    if (whole === '') fail('no label');
    if (!LABEL.test(label) || label.startsWith('__')) fail('no name of a label');
    if (labels.has(label)) fail('a label twice');
    labels.set(
      label,
      value.replaceAll(/\\(.)/gu, (_match, escaped: string) => (escaped === 'n' ? '\n' : escaped)),
    );
    rest = rest.slice(whole.length);
    if (comma === ',' && rest === '') fail('a comma too many');
  }
  const special = { '+Inf': Infinity, '-Inf': -Infinity, NaN }[number];
  if (special === undefined && !/^-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu.test(number)) fail('no number');
  return { name, labels, value: special ?? Number(number) };
}

function check({ name, type, samples }: Family): void {
  const fail = (why: string): never => {
    throw new Error(`${name}: ${why}`);
  };
  if (samples.length === 0) fail('no samples');
  if ((type === 'counter') !== name.endsWith('_total')) fail('_total is for counters');
  if (type === 'counter' && samples.some(({ value }) => !(value >= 0))) fail('a counter below zero');
  if (type !== 'histogram') return;
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const others = [...sample.labels].filter(([label]) => label !== 'le').sort();
    const key = JSON.stringify(others);
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  for (const group of groups.values()) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => {
      const le = labels.get('le') ?? fail('a bucket without le');
      return le === '+Inf' ? Infinity : Number(le);
    });
    if (bounds.at(-1) !== Infinity) fail('no last bucket +Inf');
    if (bounds.some((bound, i) => !(bound > (bounds[i - 1] ?? -Infinity)))) fail('bounds that do not rise');
    const counts = buckets.map(({ value }) => value);
    if (counts.some((count, i) => !(count >= (counts[i - 1] ?? 0)))) fail('buckets that do not add up');
    const only = (suffix: string): number => {
      const [found, more] = group.filter((sample) => sample.name === name + suffix);
      if (found === undefined || more !== undefined) return fail(`not one ${suffix}`);
      return found.value;
    };
    if (only('_count') !== counts.at(-1)) fail('a count that is not that of the last bucket');
    if (!Number.isFinite(only('_sum'))) fail('no sum');
  }
}

/** Lines that are samples: what Prometheus keeps, each a series. */
export const seriesOf = (families: ReadonlyMap<string, Family>): readonly Sample[] =>
  [...families.values()].flatMap(({ samples }) => samples);

/** The value of one series. */
export function valueOf(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const wanted = Object.entries(labels);
  const found = seriesOf(families).filter(
    (sample) =>
      sample.name === name &&
      sample.labels.size === wanted.length &&
      wanted.every(([label, value]) => sample.labels.get(label) === value),
  );
  if (found.length !== 1)
    throw new Error(`expected one series ${name} ${JSON.stringify(labels)}, got ${found.length}`);
  return found[0]!.value;
}
