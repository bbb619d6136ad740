/** Describe, extended and by group: against pandas, NumPy and SciPy, from every format. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Float64, Table, tableToIPC, TimestampMillisecond, Utf8, vectorFromArray } from 'apache-arrow';
import {
  at,
  type JsonValue,
  postJson,
  queryOf,
  type Reply,
  ROOT,
  send,
  type Service,
  startService,
  STREAM_TYPE,
} from '../service.js';

const FOLDER = join(__dirname, '..', 'golden', 'describe');
const VEGA = join(ROOT, 'node_modules', 'vega-datasets', 'data');
const ENGINES = ['wasm', 'js'] as const;

interface Golden {
  readonly name: string;
  readonly options: Readonly<Record<string, JsonValue>>;
  readonly data?: JsonValue;
  readonly source?: string;
  readonly expected: JsonValue;
}
const CASES = readdirSync(FOLDER).map(
  (file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Golden,
);

/** Of the value's size; a sum or mean that cancels is right to the digits of its values. */
const tolerance = (path: string): { relative: number; absolute: number } => ({
  relative: /\/(skew|kurtosis)$/u.test(path) ? 1e-11 : 1e-12,
  absolute: /\/(mean|sum|skew|kurtosis)$/u.test(path) ? 1e-13 : 0,
});

function expectClose(got: JsonValue | undefined, want: JsonValue, path: string): void {
  if (want === 'nan' || want === 'inf' || want === '-inf') expect([path, got]).toEqual([path, null]);
  else if (typeof want === 'number') {
    const { relative, absolute } = tolerance(path);
    const error = Math.abs(Number(got) - want);
    if (typeof got !== 'number' || !(error <= Math.max(relative * Math.abs(want), absolute)))
      throw new Error(`${path}: expected ${want}, got ${JSON.stringify(got)}`);
  } else if (typeof want === 'object' && want !== null) {
    // Groups, columns and statistics in this order.
    expect([path, Object.keys(got ?? {})]).toEqual([path, Object.keys(want)]);
    for (const [key, value] of Object.entries(want)) expectClose(at(got, key), value, `${path}/${key}`);
  } else expect([path, got]).toEqual([path, want]);
}

const codes = (reply: Reply): JsonValue[] =>
  (at(reply.json, 'meta', 'warnings') as JsonValue[]).map((warning) => at(warning, 'code')!);

describe('describe, extended and by group', () => {
  let service: Service;
  let url: string;
  beforeAll(async () => {
    service = await startService();
    url = `${service.url}/analytics/describe`;
  });
  afterAll(() => service.stop());

  function sent({ data, source, options }: Golden, engine: string): Promise<Reply> {
    if (source?.endsWith('.csv') === true) {
      const body = readFileSync(join(VEGA, source));
      return send(`${url}?${queryOf({ ...options, engine })}`, {
        headers: { 'content-type': 'text/csv' },
        body,
      });
    }
    const rows = data ?? (JSON.parse(readFileSync(join(VEGA, source!), 'utf8')) as JsonValue);
    return postJson(url, { data: rows, options: { ...options, engine } });
  }

  test('there are references', () => {
    expect(CASES.length).toBeGreaterThanOrEqual(18);
  });

  describe.each(ENGINES)('%s', (engine) => {
    test.each(CASES.map((one) => [one.name, one] as const))(
      'as pandas, NumPy and SciPy: %s',
      async (_, one) => {
        const reply = await sent(one, engine);
        expect([reply.status, at(reply.json, 'detail')]).toEqual([200, undefined]);
        expect(at(reply.json, 'meta', 'engine')).toBe(engine);
        expectClose(at(reply.json, 'results'), one.expected, '');
      },
    );
  });

  test('instants of an Arrow stream as groups, in the order of time', async () => {
    const when = [2e12, -2e12, null, 1.7e12 + 1, 1.7e12, 1.7e12];
    const arrow = new Table({
      when: vectorFromArray(when, new TimestampMillisecond()),
      x: vectorFromArray([1, 2, 3, 4, 5, 7], new Float64()),
      s: vectorFromArray(['a', 'b', 'c', 'd', 'e', 'f'], new Utf8()),
    });
    const reply = await send(`${url}?groupby=when`, {
      headers: STREAM_TYPE,
      body: tableToIPC(arrow, 'stream'),
    });
    const results = at(reply.json, 'results') as Record<string, JsonValue>;
    expect(
      Object.entries(results).map(([group, own]) => [group, at(own, 'x', 'count'), at(own, 'x', 'mean')]),
    ).toEqual([
      ['1906-08-16T20:26:40.000Z', 1, 2],
      ['2023-11-14T22:13:20.000Z', 2, 6],
      ['2023-11-14T22:13:20.001Z', 1, 4],
      ['2033-05-18T03:33:20.000Z', 1, 1],
    ]);
    expect(at(reply.json, 'details', 'groupby')).toEqual({ column: 'when', groups: 4, missing: 1 });
    expect(codes(reply)).toEqual(['rows_dropped', 'not_finite']);
  });
});
