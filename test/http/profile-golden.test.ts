import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { multipart, MULTIPART_TYPE, type Part } from '../hostile/wire.js';
import { at, type JsonValue, ROOT, send, type Service, startService } from '../service.js';

type Rows = readonly [start: number, stop: number | null, step: number];

interface Golden {
  readonly name: string;
  readonly file?: string;
  readonly data?: Rows;
  readonly reference?: Rows | null;
  readonly columns?: JsonValue;
  readonly reference_columns?: JsonValue;
  readonly expected: {
    readonly rows: number;
    readonly duplicates: number;
    readonly columns: Record<string, Record<string, JsonValue>>;
    readonly pearson: JsonValue;
    readonly spearman: JsonValue;
    readonly drift?: {
      readonly dataset_drift: boolean;
      readonly share: number;
      readonly columns: Record<
        string,
        {
          readonly test: string;
          readonly score: number;
          readonly threshold: number;
          readonly drifted: boolean;
        }
      >;
    };
  };
}

const folder = join(ROOT, 'test', 'golden', 'profile');
const cases = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Golden);

/** Rows of a file as a part, in the format of the file. */
function cut(file: string, name: string, [start, stop, step]: Rows): Part {
  const text = readFileSync(join(ROOT, 'node_modules', 'vega-datasets', 'data', file), 'utf8');
  const take = <T>(rows: readonly T[]): T[] =>
    rows.slice(start, stop ?? undefined).filter((_, i) => i % step === 0);
  if (file.endsWith('.json'))
    return {
      name,
      content: JSON.stringify({ data: take(JSON.parse(text) as unknown[]) }),
      type: 'application/json',
    };
  const [head = '', ...lines] = text.trim().split(/\r?\n/u);
  return { name, content: [head, ...take(lines)].join('\n'), type: 'text/csv' };
}

const columnsPart = (name: string, columns: JsonValue): Part => ({
  name,
  content: JSON.stringify({ columns }),
  type: 'application/json',
});

function parts({ file, data, reference, columns, reference_columns: other }: Golden): Part[] {
  if (file === undefined || data === undefined) {
    const own = columnsPart('data', columns ?? {});
    return other === null || other === undefined ? [own] : [own, columnsPart('reference', other)];
  }
  const own = cut(file, 'data', data);
  // The reference first: parts come in any order.
  return reference === null || reference === undefined ? [own] : [cut(file, 'reference', reference), own];
}

/** Equal to so many digits, in lists and objects too; what has no place in the expected value is not looked at. */
function expectClose(actual: JsonValue | undefined, expected: JsonValue, where: string): void {
  if (typeof expected === 'number' && typeof actual === 'number') {
    const off = Math.abs(actual - expected);
    // 1 − cdf, as the reference has it, is good to 1e-15 at best.
    const allowed = 1e-10 * Math.abs(expected) + 2e-15;
    expect(off <= allowed ? where : `${where}: expected ${expected}, got ${actual}`).toBe(where);
  } else if (typeof expected === 'object' && expected !== null) {
    for (const [key, value] of Object.entries(expected))
      expectClose(at(actual, key), value, `${where}/${key}`);
  } else expect([where, actual]).toEqual([where, expected]);
}

const TESTS: Readonly<Record<string, string>> = {
  'K-S p_value': 'ks',
  'chi-square p_value': 'chisquare',
  'Z-test p_value': 'z',
  'Wasserstein distance (normed)': 'wasserstein',
  'Jensen-Shannon distance': 'jensenshannon',
};

describe.each(['wasm', 'js'])('profiles as pandas and Evidently have them, engine %s', (engine) => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());

  test('there are cases', () => {
    expect(cases.length).toBeGreaterThan(10);
    expect(cases.filter(({ expected }) => expected.drift !== undefined).length).toBeGreaterThan(8);
  });

  test.each(cases.map((one) => [one.name, one] as const))('%s', async (_name, golden) => {
    const url = `${service.url}/analytics/profile?engine=${engine}`;
    const { status, text, json } = await send(url, {
      headers: MULTIPART_TYPE,
      body: multipart(parts(golden)),
    });
    expect([status, status === 200 ? '' : text]).toEqual([200, '']);
    const { expected } = golden;
    const results = at(json, 'results');
    expect(at(results, 'overview', 'rows')).toBe(expected.rows);
    expect(at(results, 'duplicates', 'rows')).toBe(expected.duplicates);
    expect(Object.keys(at(results, 'columns') ?? {})).toEqual(Object.keys(expected.columns));
    for (const [name, one] of Object.entries(expected.columns)) {
      const { top_counts: top, lengths, ...rest } = one;
      const found = at(results, 'columns', name);
      expectClose(found, rest, name);
      if (top === undefined) continue;
      expect((at(found, 'top') as JsonValue[]).map((value) => at(value, 'count'))).toEqual(top);
      expectClose(
        ['min', 'mean', 'max'].map((key) => at(found, 'lengths', key)!),
        lengths!,
        `${name}/lengths`,
      );
    }
    if ((expected.pearson as JsonValue[]).length > 1) {
      expectClose(at(results, 'correlations', 'pearson', 'matrix'), expected.pearson, 'pearson');
      expectClose(at(results, 'correlations', 'spearman', 'matrix'), expected.spearman, 'spearman');
    }
    const { drift } = expected;
    expect(at(results, 'drift') === undefined).toBe(drift === undefined);
    if (drift === undefined) return;
    expect(at(results, 'drift', 'dataset_drift')).toBe(drift.dataset_drift);
    expectClose(at(results, 'drift', 'share_drifted'), drift.share, 'share');
    for (const [name, one] of Object.entries(drift.columns)) {
      const found = at(results, 'drift', 'columns', name);
      expect([name, at(found, 'test')]).toEqual([name, TESTS[one.test]]);
      expect([name, at(found, 'drifted')]).toEqual([name, one.drifted]);
      expect(at(found, 'threshold')).toBe(one.threshold);
      expectClose(at(found, 'p_value') ?? at(found, 'distance'), one.score, `${name}, ${one.test}`);
    }
  });
});
