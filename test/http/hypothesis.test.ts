/** What SciPy answered (test/golden/tests/*.json, made by the scripts beside them), from both engines over HTTP. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, type JsonValue, postJson, type Service, startService } from '../service.js';

type Columns = Readonly<Record<string, readonly JsonValue[]>>;

/** "nan", "inf" and "-inf" stand for themselves, which the service writes as null. */
interface Expected {
  readonly statistic: JsonValue;
  readonly p_value?: JsonValue;
  readonly log10_p?: JsonValue;
  readonly df?: JsonValue;
  readonly confidence_interval?: readonly JsonValue[];
  readonly effect_size?: JsonValue;
  readonly n?: JsonValue;
  /** Members of `results` besides. */
  readonly more?: Readonly<Record<string, JsonValue>>;
}

interface GoldenTest {
  readonly test: string;
  /** Columns that cases share, by name. */
  readonly data?: Readonly<Record<string, Columns>>;
  readonly cases: readonly {
    readonly name: string;
    readonly columns: Columns | string;
    readonly options: Readonly<Record<string, JsonValue>>;
    /** `raises`: SciPy raised ValueError, which is 422 here. */
    readonly expected: Expected | { readonly raises: string };
  }[];
}

const FOLDER = join(__dirname, '..', 'golden', 'tests');
const GOLDEN = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as GoldenTest);

/** Relative; of the js engine's p-values and intervals 1e-6, where jstat stops. Intervals of effects have nine digits at most. */
const TOLERANCE = {
  wasm: { statistic: 1e-9, p: 1e-8, interval: 1e-8, effect: 1e-7 },
  js: { statistic: 1e-9, p: 1e-6, interval: 1e-6, effect: 1e-5 },
} as const;

const isMissing = (want: JsonValue): boolean => typeof want === 'string' && /^-?(nan|inf)$/u.test(want);

/** Compares numbers within `tolerance` of the largest of their list, and everything else exactly. */
function differences(
  got: JsonValue | undefined,
  want: JsonValue,
  tolerance: number,
  path: string,
  scale = 0,
): string[] {
  if (Array.isArray(want) && Array.isArray(got) && want.length === got.length) {
    const sizes = want.map((value) => (typeof value === 'number' ? Math.abs(value) : 0));
    return want.flatMap((value, i) =>
      differences(got[i], value, tolerance, `${path}/${i}`, Math.max(0, ...sizes)),
    );
  }
  if (typeof want === 'object' && want !== null && !Array.isArray(want)) {
    return Object.entries(want).flatMap(([key, value]) =>
      differences(at(got, key), value, tolerance, `${path}/${key}`),
    );
  }
  if (typeof want === 'number' && typeof got === 'number') {
    const error = Math.abs(got - want);
    // What is zero in one of them may be rounding in the other.
    if (error <= tolerance * Math.max(Math.abs(want), scale) || error < 1e-300) return [];
    if (path.endsWith('statistic') && error <= 1e-14) return [];
    return [`${path}: expected ${want}, got ${got}`];
  }
  if ((isMissing(want) ? null : want) === got) return [];
  return [`${path}: expected ${JSON.stringify(want)}, got ${JSON.stringify(got)}`];
}

function faults(got: JsonValue | undefined, want: Expected, engine: 'wasm' | 'js'): string[] {
  const { statistic, p, interval, effect } = TOLERANCE[engine];
  const { effect_size: size, log10_p: log10, more = {} } = want;
  const part = (name: keyof Expected, tolerance: number): string[] =>
    want[name] === undefined
      ? []
      : differences(at(got, name), want[name] as JsonValue, tolerance, `/${name}`);
  return [
    ...part('statistic', statistic),
    ...part('p_value', p),
    ...part('df', statistic),
    ...part('n', 0),
    ...part('confidence_interval', interval),
    // A relative error of p is an absolute one of its logarithm.
    ...(typeof log10 === 'number' && typeof at(got, 'log10_p') === 'number'
      ? Math.abs(Number(at(got, 'log10_p')) - log10) <= Math.max(p, 1e-10 * Math.abs(log10))
        ? []
        : [`/log10_p: expected ${log10}, got ${JSON.stringify(at(got, 'log10_p'))}`]
      : part('log10_p', p)),
    ...(size === undefined ? [] : differences(at(got, 'effect_size'), size, effect, '/effect_size')),
    ...Object.entries(more).flatMap(([name, value]) =>
      differences(at(got, name), value, statistic, `/${name}`),
    ),
  ];
}

describe.each(GOLDEN)('$test as SciPy', ({ test: name, data = {}, cases }) => {
  let service: Service;
  beforeAll(async () => {
    service = await sharedService();
  });

  test('there are cases', () => {
    expect(cases.length).toBeGreaterThanOrEqual(8);
  });

  test.each(cases)('$name', async ({ columns, options, expected }) => {
    const table = typeof columns === 'string' ? data[columns] : columns;
    for (const engine of ['wasm', 'js'] as const) {
      const answer = await postJson(`${service.url}/analytics/tests/${name}`, {
        columns: table,
        options: { ...options, engine },
      });
      if ('raises' in expected) {
        expect([engine, answer.status]).toEqual([engine, 422]);
        continue;
      }
      expect([engine, answer.status, answer.status === 200 ? '' : answer.text]).toEqual([engine, 200, '']);
      expect([engine, at(answer.json, 'meta', 'engine')]).toEqual([engine, engine]);
      expect([engine, faults(at(answer.json, 'results'), expected, engine)]).toEqual([engine, []]);
    }
  });
});

let started: Promise<Service> | undefined;
/** One service for all files of reference values. */
function sharedService(): Promise<Service> {
  started ??= startService();
  return started;
}
afterAll(async () => (await started)?.stop());
