import { postJson, startService } from '../service.js';
import { type ReceivedSpan, startCollector } from '../telemetry/otlp.js';
import { expectStatus, fit, K, LABELS } from './talk.js';

test('a fit, a judgement and a prediction are spans of their requests, without the data', async () => {
  const collector = await startCollector();
  const service = await startService({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '100', LANES: '1' },
  });
  expectStatus(await fit(service.url, { validation: { cv: 2 } }), 201);
  const path = `${service.url}/models/m`;
  expectStatus(await postJson(`${path}/predict`, { columns: K }), 200);
  expectStatus(await postJson(`${path}/evaluate`, { columns: { ...K, y: LABELS } }), 200);
  const requests = (): ReceivedSpan[] =>
    collector.spans.filter(({ attributes }) => String(attributes['http.route']).startsWith('/models'));
  for (let i = 0; i < 100 && requests().length < 3; i++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  await service.stop();
  await collector.close();

  const below = (route: string): ReceivedSpan[] => {
    const [server, ...others] = requests().filter(({ attributes }) => attributes['http.route'] === route);
    if (server === undefined) throw new Error(`expected a span of ${route}, got none`);
    expect(others).toEqual([]);
    return collector.spans.filter(
      ({ traceId, spanId }) => traceId === server.traceId && spanId !== server.spanId,
    );
  };
  const named = (route: string, name: string): ReceivedSpan[] =>
    below(route).filter((span) => span.name === name);

  const about = { 'analytics.rows': 6, 'analytics.estimator': 'gaussian_nb' };
  const facts = (spans: readonly ReceivedSpan[]): object[] =>
    spans.map(({ attributes }) => ({
      'analytics.rows': Number(attributes['analytics.rows']),
      'analytics.estimator': attributes['analytics.estimator'],
    }));
  expect(facts(named('/models', 'fit'))).toEqual([about]);
  // Of the folds, and of the whole.
  expect(facts(named('/models', 'validate'))).toEqual([about, about]);
  expect(facts(named('/models/:name/predict', 'predict'))).toEqual([about]);
  expect(facts(named('/models/:name/evaluate', 'validate'))).toEqual([about]);
  // The first that asks loads it.
  expect(named('/models/:name/predict', 'load')).toHaveLength(1);
  expect(Number(named('/models/:name/predict', 'load')[0]!.attributes['analytics.bytes'])).toBeGreaterThan(0);
  expect(named('/models/:name/evaluate', 'load')).toEqual([]);

  for (const route of ['/models', '/models/:name/predict', '/models/:name/evaluate']) {
    const own = below(route);
    const [compute] = own.filter(({ name }) => name === 'compute');
    for (const span of own.filter(({ name }) => ['fit', 'validate', 'predict'].includes(name))) {
      expect(span.parentSpanId).toBe(compute!.spanId);
      expect(span.start >= compute!.start && span.end <= compute!.end).toBe(true);
    }
  }
}, 60_000);
