/**
 * OpenTelemetry, set up by the standard OTEL_* variables and off without them. This module must be loaded before express
 * and pino: the instrumentations hook `require`.
 */
import { join } from 'node:path';
import { diag, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { Tracing } from '../../ports/trace.js';
import { callContext } from './context.js';
import { startRelay } from './relay.js';
import { named, requestTracing } from './requests.js';
import { type Env, signals } from './signals.js';
import { troubleTeller } from './trouble.js';

export { wanted } from './signals.js';

export interface Telemetry {
  /** Whether traces are sent. */
  readonly on: boolean;
  readonly tracing: Tracing;
  /** Has a listener told, once a minute, why something is not delivered; also of what happened before. */
  onTrouble(listen: (reason: string) => void): void;
  /** Sends what is left. */
  shutdown(): Promise<void>;
}

const SHUTDOWN_MS = 3000;

/** Starts the SDK when it is wanted; its packages are loaded only then, they cost a quarter of a second. */
export function startTelemetry(env: Env, version: string): Telemetry {
  const { traces, metrics, logs } = signals(env);
  if (traces || metrics || logs) process.env.OTEL_SERVICE_NAME ??= 'analytics-service';
  if (!traces && !logs)
    return { on: false, tracing: named, onTrouble: () => undefined, shutdown: () => Promise.resolve() };
  if (!logs) process.env.OTEL_LOGS_EXPORTER = 'none';
  /* eslint-disable @typescript-eslint/no-require-imports */
  const { NodeSDK, core } = require('@opentelemetry/sdk-node') as typeof import('@opentelemetry/sdk-node');
  const { ExpressInstrumentation, ExpressLayerType } =
    require('@opentelemetry/instrumentation-express') as typeof import('@opentelemetry/instrumentation-express');
  const { PinoInstrumentation } =
    require('@opentelemetry/instrumentation-pino') as typeof import('@opentelemetry/instrumentation-pino');
  /* eslint-enable @typescript-eslint/no-require-imports */
  const trouble = troubles();
  const sdk = new NodeSDK({
    contextManager: callContext(ROOT_CONTEXT),
    // It names the route; a span for every middleware would say nothing. Lines of the log have their ids already.
    instrumentations: [
      ...(traces ? [new ExpressInstrumentation({ ignoreLayersType: Object.values(ExpressLayerType) })] : []),
      ...(logs ? [new PinoInstrumentation({ disableLogCorrelation: true })] : []),
    ],
    // Metrics have a provider of their own: readers.ts. Spans are exported by a thread of its own: exporter.ts.
    metricReaders: [],
    spanProcessors: traces ? [NOWHERE] : [],
  });
  diag.setLogger(troubleTeller(trouble.tell), { suppressOverrideMessage: true });
  sdk.start();
  const relay = traces ? startRelay(join(__dirname, 'exporter.js'), trouble.tell) : undefined;
  const tracer = trace.getTracer('analytics-service', version);
  return {
    on: traces,
    tracing: relay === undefined ? named : requestTracing({ tracer, relay, core, version }),
    onTrouble: trouble.listen,
    // A collector that is gone must not hold the process back.
    shutdown: async () => {
      let late: NodeJS.Timeout | undefined;
      const time = new Promise<void>((resolve) => (late = setTimeout(resolve, SHUTDOWN_MS)));
      await Promise.race([Promise.all([relay?.close(), sdk.shutdown()]).catch(() => undefined), time]);
      clearTimeout(late);
    },
  };
}

const NOWHERE = {
  onStart: () => undefined,
  onEnd: () => undefined,
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};

/** What is told before anybody listens is kept, the last of it. */
function troubles(): { tell: (reason: string) => void; listen: Telemetry['onTrouble'] } {
  let kept: string | undefined;
  let listener: ((reason: string) => void) | undefined;
  return {
    tell(reason) {
      if (listener === undefined) kept = reason;
      else listener(reason);
    },
    listen(listen) {
      listener = listen;
      if (kept !== undefined) listen(kept);
    },
  };
}
