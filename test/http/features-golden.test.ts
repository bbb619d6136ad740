import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformers } from '../../src/domain/features/transformers.js';
import { at, type JsonValue, postJson, type Service, startService } from '../service.js';

const FOLDER = join(__dirname, '..', 'golden', 'features');

interface Golden {
  readonly name: string;
  readonly columns: Readonly<Record<string, JsonValue[]>>;
  readonly steps: readonly { readonly name: string }[];
  readonly nan_policy?: string;
  readonly expected: {
    readonly columns: Readonly<Record<string, JsonValue[]>>;
    readonly steps: readonly Readonly<Record<string, JsonValue>>[];
  };
}

const casesOf = (file: string): readonly Golden[] =>
  (JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as { cases: Golden[] }).cases;

/** How far a number may be off: relative to itself, or to the greatest of its list, where values cancel. */
interface Tolerance {
  readonly own: number;
  readonly list: number;
}
const EXACT: Tolerance = { own: 1e-9, list: 1e-12 };
/** Where SciPy's search for a power stops, at 1.5e-8 of it, is decided by the last bits of sums of logarithms. */
const SEARCHED: Tolerance = { own: 1e-6, list: 1e-6 };

/** Throws where a value is off. */
function compare(
  got: JsonValue | undefined,
  want: JsonValue,
  tolerance: Tolerance,
  what: string,
  greatest = 0,
): void {
  if (Array.isArray(want)) {
    if (!Array.isArray(got) || got.length !== want.length)
      throw new Error(`${what}: expected ${want.length} entries, got ${JSON.stringify(got)}`);
    const sizes = want.map((one) => (typeof one === 'number' ? Math.abs(one) : 0));
    want.forEach((one, i) => {
      compare(got[i], one, tolerance, `${what}[${i}]`, Math.max(greatest, ...sizes));
    });
  } else if (typeof want === 'number' && typeof got === 'number') {
    const error = Math.abs(got - want);
    if (error <= tolerance.own * Math.abs(want) || error <= tolerance.list * greatest || error < 1e-15)
      return;
    throw new Error(`${what}: expected ${want}, got ${got}, off by ${error}, the greatest being ${greatest}`);
  } else expect([what, got]).toEqual([what, want]);
}

describe('features as scikit-learn, pandas and SciPy have them', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());

  test('there are references of every transformer', () => {
    const names = readdirSync(FOLDER).map((file) => file.replace('.json', ''));
    expect(names.sort()).toEqual([...transformers.keys()].sort());
    for (const name of names) expect(casesOf(`${name}.json`).length).toBeGreaterThanOrEqual(5);
  });

  for (const file of readdirSync(FOLDER)) {
    const tolerance = file.startsWith('power') ? SEARCHED : EXACT;
    for (const engine of ['wasm', 'js']) {
      test.each(casesOf(file).map((one) => [one.name, one] as const))(
        `${file.replace('.json', '')}, ${engine}: %s`,
        async (_, { columns, steps, nan_policy = 'omit', expected }) => {
          const reply = await postJson(`${service.url}/analytics/features`, {
            columns,
            steps,
            options: { engine, nan_policy },
          });
          expect([reply.text.slice(0, 300), reply.status]).toEqual([reply.text.slice(0, 300), 200]);
          expect(at(reply.json, 'meta', 'engine')).toBe(engine);
          const results = at(reply.json, 'results');
          expect(Object.keys(at(results, 'columns') ?? {})).toEqual(Object.keys(expected.columns));
          for (const [name, want] of Object.entries(expected.columns))
            compare(at(results, 'columns', name), want, tolerance, name);
          expected.steps.forEach((step, i) => {
            for (const [name, want] of Object.entries(step))
              compare(at(results, 'steps', i, name), want, tolerance, `steps ${i} ${name}`);
          });
        },
      );
    }
  }
});
