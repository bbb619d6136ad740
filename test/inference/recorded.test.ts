import { version } from '../../package.json';
import { at, type JsonValue, type Service, startService } from '../service.js';
import { temporaryFolder } from '../registry/folder.js';
import {
  exchange,
  inferenceOf,
  models,
  recorded,
  rounded,
  saidBy,
  startsOf,
  storeModels,
} from './clients.js';

/** Requests of the clients of Triton and of MLServer, byte for byte, are answered as those understood it. */
describe('recorded requests of real clients', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ env: { DATA_DIR: temporaryFolder() } });
    await storeModels(service);
  });
  afterAll(() => service.stop());

  test('both clients are there, and every model is asked', () => {
    const requests = recorded.map(({ request }) => Buffer.from(request, 'base64').toString('latin1'));
    for (const client of ['tritonclient: ', 'mlserver: '])
      expect(recorded.filter(({ name }) => name.startsWith(client)).length).toBeGreaterThan(5);
    for (const { name } of models)
      expect(
        requests.some(
          (text) =>
            text.startsWith(`POST /v2/models/${name}/infer `) ||
            text.startsWith(`POST /v2/models/${name}/versions/1/infer `),
        ),
      ).toBe(true);
    expect(requests.some((text) => /inference-header-content-length: \d+/iu.test(text))).toBe(true);
    expect(requests.some((text) => /content-encoding: gzip/iu.test(text))).toBe(true);
  });

  test.each(recorded.map((call) => [call.name, call] as const))('%s', async (name, { request, answer }) => {
    const bytes = Buffer.from(request, 'base64');
    const count = startsOf(bytes.toString('latin1')).length;
    const answers = await exchange(service, bytes, count);
    const [client = ''] = name.split(':');
    const [first] = answers;
    if (typeof answer === 'boolean') {
      expect(first!.status === 200).toBe(answer);
      return;
    }
    if (at(answer, 'error') !== undefined) {
      expect(first!.headers.get('content-type')).toMatch(/^application\/json/u);
      const said = {
        status: String(first!.status),
        error: at(JSON.parse(first!.body.toString()) as JsonValue, 'error'),
      };
      expect(said).toEqual(answer);
      return;
    }
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    if (count > 1) {
      const said = answers.map((one) => at(saidBy(client, inferenceOf(one)), 'outputs', 'predict'));
      expect(said).toEqual(answer);
      return;
    }
    if (/metadata|index/u.test(name)) {
      const isServer = at(answer, 'extensions') !== undefined;
      const expected = isServer ? { ...(answer as object), version } : withoutNulls(answer);
      expect(JSON.parse(first!.body.toString())).toEqual(expected);
      return;
    }
    // A client sees the outputs that it asks its result for.
    const said = rounded(saidBy(client, inferenceOf(first!)));
    expect(said).toMatchObject(rounded(answer) as object);
  });

  // MLServer's metadata has members of its own that are null.
  const withoutNulls = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return value.map(withoutNulls);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, one]) => (one === null ? [] : [[key, withoutNulls(one)]])),
    );
  };
});
