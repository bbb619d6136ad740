import { at, type JsonValue, type Reply, send } from '../service';

/** What tests ask of streams. */
export const NDJSON = { 'content-type': 'application/x-ndjson' };

export interface Row {
  readonly t: number;
  readonly k: string;
  readonly x: number;
}
/** Rows in order of time, ten seconds for a thousand. */
export const rowsOf = (count: number, from = 0): Row[] =>
  Array.from({ length: count }, (_one, i) => ({
    t: (from + i) * 10,
    k: 'ab'[(from + i) % 2] ?? 'a',
    x: Math.sin(from + i) * 100,
  }));
const lines = (rows: readonly object[]): string => rows.map((row) => JSON.stringify(row)).join('\n');
export const definition = (name: string, more: object = {}): object => ({
  name,
  source: { type: 'http' },
  key: 'k',
  window: { type: 'tumbling', size: '10s', time: 't', lateness: '1s' },
  operations: [{ name: 'describe' }],
  ...more,
});
export const post = (url: string, name: string, rows: readonly object[], headers = {}): Promise<Reply> =>
  send(`${url}/streams/${name}/records`, { headers: { ...NDJSON, ...headers }, body: lines(rows) });
export const get = async (url: string): Promise<JsonValue> => (await send(url, { method: 'GET' })).json;
export const windows = async (url: string, name: string, query = ''): Promise<JsonValue[]> => {
  const list = at(await get(`${url}/streams/${name}/windows?limit=1000${query}`), 'results', 'windows');
  if (!Array.isArray(list)) throw new Error('expected windows');
  return list;
};

/** Whether closed windows say what one pass over the first `count` rows does: all that end until then, each once. */
export async function samePass(url: string, name: string, count: number): Promise<void> {
  const rows = rowsOf(count);
  const closed = await windows(url, name);
  const expected = new Map<string, { records: number; sum: number; most: number }>();
  for (const { t, k, x } of rows) {
    const id = JSON.stringify([new Date(Math.floor(t / 10_000) * 10_000).toISOString(), k]);
    const { records, sum, most } = expected.get(id) ?? { records: 0, sum: 0, most: -Infinity };
    expected.set(id, { records: records + 1, sum: sum + x, most: Math.max(most, x) });
  }
  const idOf = (one: JsonValue): string => JSON.stringify([at(one, 'start'), at(one, 'key')]);
  const got = closed.map(idOf);
  expect(got.sort()).toEqual([...expected.keys()].sort());
  for (const one of closed) {
    const { records, sum, most } = expected.get(idOf(one))!;
    const figures = at(one, 'operations', 0, 'results', 'x');
    expect([at(one, 'records'), at(figures, 'count'), at(figures, 'max')]).toEqual([records, records, most]);
    expect(Number(at(figures, 'mean'))).toBeCloseTo(sum / records, 9);
  }
}
