import type { MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics';

/** Prometheus has the unit in the name, as a word. */
const UNITS: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes' };

/** The same metrics by the names that they have in Prometheus, but for `_total`, which its serializer puts behind counters. */
export function named(metrics: ResourceMetrics): ResourceMetrics {
  return {
    ...metrics,
    scopeMetrics: metrics.scopeMetrics.map((scope) => ({ ...scope, metrics: scope.metrics.map(rename) })),
  };
}

function rename<Metric extends MetricData>(metric: Metric): Metric {
  const { name, unit } = metric.descriptor;
  const word = UNITS[unit];
  const suffixed = word === undefined ? name : `${name}_${word}`;
  // Without a unit of its own: a line that says it is OpenMetrics.
  return { ...metric, descriptor: { ...metric.descriptor, name: suffixed, unit: '' } };
}
