import { postJson, startService } from '../service.js';
import { startCollector } from './otlp.js';

/** The real service, a real receiver: what a bare endpoint turns on. */
test('OTEL_EXPORTER_OTLP_ENDPOINT alone sends traces, metrics and logs, and none of the data', async () => {
  const collector = await startCollector();
  const service = await startService({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '100',
      OTEL_METRIC_EXPORT_INTERVAL: '300',
      OTEL_BLRP_SCHEDULE_DELAY: '100',
    },
  });
  const reply = await postJson(`${service.url}/analytics/describe`, {
    columns: { sentinelName: [123456.75, 654321.5] },
  });
  expect(reply.status).toBe(200);
  const has = (): boolean =>
    collector.spans.some(({ name }) => name === 'POST /analytics/describe') &&
    collector.metrics.some(({ name }) => name === 'http.server.request.duration') &&
    collector.logs.length > 0;
  for (let i = 0; i < 100 && !has(); i++) await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await service.stop()).toBe(0);
  await collector.close();
  expect(has()).toBe(true);
  const sent = JSON.stringify([collector.spans, collector.metrics, collector.logs], (_key, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  expect(sent).not.toMatch(/sentinelName|123456|654321/u);
}, 60_000);
