import { at, postJson, send, type JsonValue, type Service, startService } from '../service.js';

describe('the examples of /openapi.json', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());

  test('every analysis has one, and answers it', async () => {
    const { json: document } = await send(`${service.url}/openapi.json`, { method: 'GET' });
    const posted = Object.entries(at(document, 'paths') as Record<string, JsonValue>).filter(
      ([, methods]) => at(methods, 'post') !== undefined,
    );
    expect(posted.length).toBeGreaterThan(0);
    for (const [path, methods] of posted) {
      const example = at(methods, 'post', 'requestBody', 'content', 'application/json', 'example');
      const answer = await postJson(service.url + path, example!);
      expect([path, answer.status, at(answer.json, 'status')]).toEqual([path, 200, 'success']);
    }
  });
});
