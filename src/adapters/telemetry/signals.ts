/** What the standard OTEL_* variables ask for. */
export type Env = Readonly<Record<string, string | undefined>>;

export interface Signals {
  readonly traces: boolean;
  readonly metrics: boolean;
  readonly logs: boolean;
}

const SIGNALS = ['traces', 'metrics', 'logs'] as const;

/**
 * Which signals are sent. The exporter that OpenTelemetry has by default, OTLP to localhost, is not: without a variable
 * that names an exporter or an endpoint nothing is. OTEL_EXPORTER_OTLP_ENDPOINT alone turns on all three, as users of
 * OpenTelemetry expect; OTEL_TRACES_EXPORTER=none and its like take one away, and
 * OTEL_EXPORTER_OTLP_TRACES_ENDPOINT and its like turn on one.
 */
export function signals(env: Env): Signals {
  const [traces, metrics, logs] = SIGNALS.map((signal) => {
    if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return false;
    const name = signal.toUpperCase();
    const exporters = listOf(env[`OTEL_${name}_EXPORTER`]);
    if (exporters.length > 0) return !exporters.includes('none');
    return [env.OTEL_EXPORTER_OTLP_ENDPOINT, env[`OTEL_EXPORTER_OTLP_${name}_ENDPOINT`]].some(Boolean);
  });
  return { traces: traces === true, metrics: metrics === true, logs: logs === true };
}

/** Whether the environment asks for traces. */
export const wanted = (env: Env): boolean => signals(env).traces;

/** Words with commas between them, in lower case. */
export const listOf = (text: string | undefined): string[] =>
  (text ?? '').split(',').flatMap((word) => word.trim().toLowerCase() || []);
