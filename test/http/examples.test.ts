import { at, postJson, send, type JsonValue, type Service, startService } from '../service.js';

/** What the examples ask by name: each was made by an example before. */
const MADE: ReadonlyMap<string, string> = new Map([
  ['/streams/{name}', '/streams/sensors'],
  ['{name}', 'iris'],
  ['{version}', '1'],
]);
const FIT = '/models';
/** Paths whose answers have the form of another protocol. */
const OTHERS = /^\/v2\/|\/invocations$/u;

describe('the examples of /openapi.json', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());

  test('every analysis has one, and answers it; a model is fitted before it is asked', async () => {
    const { json: document } = await send(`${service.url}/openapi.json`, { method: 'GET' });
    const posted = Object.entries(at(document, 'paths') as Record<string, JsonValue>)
      .filter(([, methods]) => at(methods, 'post') !== undefined)
      .sort(([a], [b]) => Number(b === FIT) - Number(a === FIT));
    expect(posted.length).toBeGreaterThan(0);
    expect(posted.some(([path]) => path.includes('{version}'))).toBe(true);
    const table = { columns: { a: [1, 2, 8, 9], b: [1, 2, 8, 9] } };
    const stored = at((await postJson(`${service.url}/datasets`, table)).json, 'results', 'id')!;
    for (const [path, methods] of posted) {
      const example = at(methods, 'post', 'requestBody', 'content', 'application/json', 'example');
      const successes = Object.keys(at(methods, 'post', 'responses') as object).filter((status) =>
        status.startsWith('2'),
      );
      const named = [...MADE].reduce((own, [token, value]) => own.replace(token, value), path);
      // The dataset of an example is none that is there.
      const asked =
        at(example, 'dataset') === undefined ? example! : { ...(example as object), dataset: stored };
      const answer = await postJson(service.url + named, asked);
      expect([path, successes]).toEqual([path, expect.arrayContaining([String(answer.status)])]);
      if (!OTHERS.test(path)) expect([path, at(answer.json, 'status')]).toEqual([path, 'success']);
      if (path === FIT)
        expect([answer.status, answer.headers['location']]).toEqual([201, '/models/iris/versions/1']);
    }
  });
});
