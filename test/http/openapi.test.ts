import SwaggerParser from '@apidevtools/swagger-parser';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { at, send, type JsonValue, type Service, startService } from '../service.js';

type OpenApi = Parameters<typeof SwaggerParser.validate>[0];
type Members = Record<string, JsonValue>;

describe('what /openapi.json says of a body', () => {
  let service: Service;
  let whole: JsonValue;
  let document: JsonValue;
  beforeAll(async () => {
    service = await startService();
    whole = (await send(`${service.url}/openapi.json`, { method: 'GET' })).json!;
    const copy = JSON.parse(JSON.stringify(whole)) as OpenApi;
    document = (await SwaggerParser.dereference(copy)) as unknown as JsonValue;
  });
  afterAll(() => service.stop());

  const bodyOf = (path: string): JsonValue =>
    at(document, 'paths', path, 'post', 'requestBody', 'content', 'application/json')!;
  const takes = (path: string, body: JsonValue): boolean =>
    new Ajv2020({ strict: false }).validate(at(bodyOf(path), 'schema') as object, body);

  test('every example is as described', () => {
    const posted = Object.entries(at(document, 'paths') as Members).filter(
      ([, methods]) => at(methods, 'post') !== undefined,
    );
    for (const [path] of posted)
      expect([path, takes(path, at(bodyOf(path), 'example')!)]).toEqual([path, true]);
  });

  test.each([
    ['features', 'steps', 'pca', { n_components: 2 }],
    ['features', 'steps', 'rolling', { window: 3, agg: 'median' }],
    ['tests', 'tests', 'ttest_1samp', { popmean: 2 }],
    ['tests', 'tests', 'levene', { center: 'mean' }],
  ])('%s: %s have the parameters of %s', (endpoint, option, name, parameters) => {
    const path = `/analytics/${endpoint}`;
    const body = (step: object): JsonValue => ({ columns: { a: [1, 2] }, [option]: [{ name, ...step }] });
    expect(takes(path, body(parameters))).toBe(true);
    expect(takes(path, body({ ...parameters, unheard_of: 1 }))).toBe(false);
    expect(takes(path, { columns: { a: [1, 2] }, [option]: [parameters] })).toBe(false);
    expect(takes(path, { columns: { a: [1, 2] }, options: { [option]: [{ name, unheard_of: 1 }] } })).toBe(
      false,
    );
  });

  test.each([
    ['standard_scaler', { with_mean: false }],
    ['one_hot_encoder', { columns: ['a'], handle_unknown: 'ignore' }],
    ['logistic_regression', { C: 2 }],
    ['random_forest_classifier', { n_estimators: 5 }],
    ['kmeans', { n_clusters: 2 }],
  ])('a pipeline: the parameters of %s', (name, parameters) => {
    const body = (step: object): JsonValue => ({
      columns: { a: [1, 2] },
      name: 'm',
      pipeline: [{ name, ...step }],
    });
    expect(takes('/models', body(parameters))).toBe(true);
    expect(takes('/models', body({ ...parameters, unheard_of: 1 }))).toBe(false);
  });

  test('paths of models have parameters, a fit answers 201 with Location', () => {
    const paths = at(document, 'paths') as Members;
    for (const [path, item] of Object.entries(paths)) {
      const named = [...path.matchAll(/\{(\w+)\}/gu)].map(([, name]) => name);
      if (!path.startsWith('/models')) continue;
      const own = (at(item, 'parameters') as Members[] | undefined) ?? [];
      expect([path, own.map(({ name, in: place }) => [name, place])]).toEqual([
        path,
        named.map((name) => [name, 'path']),
      ]);
    }
    const responses = at(paths, '/models', 'post', 'responses');
    expect(Object.keys(responses as Members)).toEqual(['201', '401', '403', '429', 'default']);
    expect(at(responses, '201', 'headers', 'Location', 'schema', 'type')).toBe('string');
  });

  test('each is described once, and chosen by its name', () => {
    const schemas = Object.keys(at(whole, 'components', 'schemas') as Members);
    expect(schemas).toEqual(expect.arrayContaining(['features.date_parts', 'tests.fisher_exact']));
    const parameters = at(whole, 'paths', '/analytics/features', 'post', 'parameters') as Members[];
    const steps = parameters.find(({ name }) => name === 'steps')!;
    const items = at(steps, 'content', 'application/json', 'schema', 'items');
    expect(at(items, 'discriminator', 'mapping', 'pca')).toBe('#/components/schemas/features.pca');
    expect(at(items, 'oneOf')).toHaveLength(18);
  });
});
