/** Composition root: the start-up story of the service, top to bottom. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTelemetry } from './adapters/telemetry/start.js';
import { readConfig } from './config.js';

const root = join(__dirname, '..', '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
// Before express is loaded: the instrumentations hook `require`.
const telemetry = startTelemetry(process.env, version);

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = logger(config.logLevel);
  telemetry.onTrouble((reason) => {
    log('warn', 'telemetry is not delivered', { reason });
  });

  const { chooseEngine } = await import('./engine/choose.js');
  const { startLanes } = await import('./engine/lanes/pool.js');
  const engine = chooseEngine(config.engine, () => readFileSync(join(root, 'dist', 'wasm', 'release.wasm')));
  const lanes = startLanes({
    entry: join(__dirname, 'lane.js'),
    engine,
    base: engine.module === undefined ? undefined : await heapBase(engine.module),
    lanes: config.lanes,
    queue: config.queue,
    memoryBudget: config.memoryBudget,
    limits: config.tableLimits,
    modelBytes: config.modelCacheBytes,
    version,
    onLaneLost: (reason) => {
      log('warn', 'a lane ended and is replaced', { reason });
    },
  });

  // While the lanes start in threads of their own.
  const { openRegistry } = await import('./adapters/registry/registry.js');
  const { collector } = await import('./engine/lanes/collect.js');
  const collect = collector();
  const [registry, { endpoints }, { documentSchema }, { modelTensors }, { createApp }, { listen }] =
    await Promise.all([
      openRegistry({
        dataDir: config.dataDir,
        cacheBytes: config.modelCacheBytes,
        collect: () => {
          collect('major');
        },
      }),
      import('./domain/endpoints.js'),
      import('./domain/models/document-schema.js'),
      import('./domain/models/output-tensors.js'),
      import('./adapters/http/app.js'),
      import('./adapters/http/server.js'),
    ]);
  let stopping = false;
  const text = { bytes: config.maxJsonBytes, setting: 'MAX_JSON_BYTES' };
  const binary = { bytes: config.maxArrowBytes, setting: 'MAX_ARROW_BYTES' };
  const app = createApp({
    endpoints,
    lanes,
    registry,
    documentSchema,
    modelTensors,
    limits: {
      json: text,
      ndjson: text,
      csv: text,
      arrow: binary,
      parquet: binary,
      model: { bytes: config.maxModelBytes, setting: 'MAX_MODEL_BYTES' },
      inference: binary,
      invocations: text,
    },
    tableLimits: config.tableLimits,
    pace: { graceMs: config.uploadGraceMs, bytesPerSecond: config.uploadFloor },
    deadlineMs: config.deadlineMs,
    version,
    accepting: () => !stopping,
    observe: () => undefined,
    tracing: telemetry.tracing,
    logError: (error, requestId) => {
      const stack = error instanceof Error ? error.stack : undefined;
      log('error', 'request failed', { request_id: requestId, error: String(error), stack });
    },
  });
  const server = await listen(app, config.host, config.port);
  const stop = (signal: string): void => {
    if (stopping) process.exit(1);
    stopping = true;
    log('info', `${signal}: finishing accepted requests`, {});
    void server
      .close(config.deadlineMs)
      .then(() => lanes.close())
      .then(() => registry.close())
      .then(() => telemetry.shutdown())
      .catch((error: unknown) => {
        log('error', 'stopping failed', { error: String(error) });
      })
      .then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  const address = `http://${host}:${server.port}`;
  const count = config.lanes === 1 ? '1 lane' : `${config.lanes} lanes`;
  log(
    'info',
    `analytics-service ${version} on ${address}, engine ${engine.name} (${engine.reason}), ${count}, docs at ${address}/docs`,
    { engine: engine.name, traces: telemetry.on },
  );
}

/** First byte of a memory that the kernels leave free. */
async function heapBase(module: WebAssembly.Module): Promise<number> {
  const { instantiate } = await import('./engine/wasm/exports.js');
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536, shared: true });
  return instantiate(module, memory).heap_base.value;
}

type Level = 'debug' | 'info' | 'warn' | 'error';

/** One JSON line a message. */
function logger(lowest: Level | 'silent'): (level: Level, msg: string, fields: object) => void {
  const order = ['debug', 'info', 'warn', 'error', 'silent'];
  // A closed pipe behind the log is no reason to stop.
  process.stdout.on('error', () => undefined);
  return (level, msg, fields) => {
    if (order.indexOf(level) < order.indexOf(lowest)) return;
    process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, msg, ...fields })}\n`);
  };
}

main().catch((error: unknown) => {
  process.stderr.write(
    `analytics-service cannot start: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exit(1);
});
