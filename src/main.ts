/** Composition root: the start-up story of the service, top to bottom. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobChecks } from './adapters/http/job-parts.js';
import type { StreamDefinition } from './domain/streams/definition.js';
import type { RequestCheck } from './ports/formats.js';
import { attachedReaders } from './adapters/telemetry/readers.js';
import { signals } from './adapters/telemetry/signals.js';
import { startTelemetry } from './adapters/telemetry/start.js';
import { readConfig } from './config.js';
import { memoryHere, misspelt } from './environment.js';
import { failureOf } from './ports/log.js';
import { command } from './print-config.js';
import { onSignal } from './stop.js';

const root = join(__dirname, '..', '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
answerCommand(process.argv.slice(2));
// Before express is loaded: the instrumentations hook `require`.
const telemetry = startTelemetry(process.env, version);

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const { openLog } = await import('./adapters/log/log.js');
  const { logRequests } = await import('./adapters/log/requests.js');
  const { watchProcess } = await import('./adapters/log/process.js');
  const log = openLog({ level: config.logLevel, service: 'analytics-service', version });
  watchProcess(log);
  const stop = onSignal({ log, drainMs: config.drainMs, graceMs: config.stopGraceMs });
  for (const sentence of misspelt(process.env)) log.warn(sentence);
  const { openAccess } = await import('./adapters/access/access.js');
  // Before anything is started: what must not be left open stops here.
  const access = await openAccess(config.access, config.host, (level, message, fields) => {
    log[level](message, fields);
  });
  telemetry.onTrouble((reason) => {
    log.warn('telemetry is not delivered', { reason });
  });

  const { chooseEngine } = await import('./engine/choose.js');
  const { startLanes } = await import('./engine/lanes/pool.js');
  const engine = chooseEngine(config.engine, () => readFileSync(join(root, 'dist', 'wasm', 'release.wasm')));
  const lanes = startLanes({
    entry: join(__dirname, 'lane.js'),
    engine,
    base: engine.module === undefined ? undefined : await heapBase(engine.module),
    lanes: config.lanes,
    laneHeapBytes: config.laneHeapBytes,
    queue: config.queue,
    queueBytes: config.queueBytes,
    queueMs: config.queueMs,
    memoryBudget: config.memoryBudget,
    requestBytes: Math.min(
      config.maxRequestMemory,
      Math.floor(config.memoryBudget / Math.min(config.lanes, 2)),
    ),
    limits: config.tableLimits,
    modelBytes: config.modelCacheBytes,
    version,
    onLaneLost: (reason, requestId, failure) => {
      log.warn('a lane ended and is replaced', { reason, request_id: requestId }, failure);
    },
    onFault: (what, requestId, failure) => {
      log.error(what, { request_id: requestId }, failure);
    },
    onSaid: (text) => {
      log.debug('a library wrote to the output of a lane', { text });
    },
  });

  // While the lanes start in threads of their own.
  const { openStore } = await import('./adapters/store/store.js');
  const { collector } = await import('./engine/lanes/collect.js');
  const collect = collector();
  const [
    store,
    { endpoints, datasetEndpoints },
    landing,
    { documentSchema },
    { modelTensors },
    { createApp },
    { listen },
  ] = await Promise.all([
    openStore({
      ...config.store,
      dataDir: config.dataDir,
      cacheBytes: config.modelCacheBytes,
      warn: (sentence) => {
        log.warn(sentence);
      },
      collect: () => {
        collect('major');
      },
    }),
    import('./domain/endpoints.js'),
    import('./domain/datasets/land.js'),
    import('./domain/models/document-schema.js'),
    import('./domain/models/output-tensors.js'),
    import('./adapters/http/app.js'),
    import('./adapters/http/server.js'),
  ]);
  const pace = { graceMs: config.uploadGraceMs, bytesPerSecond: config.uploadFloor };
  const { PROBLEM_CODES } = await import('./adapters/http/problems.js');
  const { startMetrics } = await import('./adapters/telemetry/metrics.js');
  const logRequest = logRequests(log);
  const metrics = startMetrics({
    version,
    engine: engine.name,
    lanes: { state: () => lanes.state(), most: config.lanes, memoryBudget: config.memoryBudget },
    kept: {
      datasets: () => store.datasets.totals(),
      jobs: () => jobs.state(),
      streams: () => streams.state(),
    },
    memoryLimit: memoryHere(),
    codes: PROBLEM_CODES,
    ...(signals(process.env).metrics && { attached: () => attachedReaders(process.env) }),
    onError: (error) => {
      log.error('metrics are not whole', {}, failureOf(error));
    },
  });
  const [{ startJobs }, { lander }, { jobSchema, operations }] = await Promise.all([
    import('./domain/jobs/service.js'),
    import('./domain/jobs/land.js'),
    import('./domain/jobs/definition.js'),
  ]);
  const jobs = startJobs({
    ...config.jobs,
    store: store.jobs,
    lanes,
    land: lander(lanes, store.datasets),
    registry: store.models,
    tracing: telemetry.tracing,
    owner: randomUUID(),
    // One lane at least is left to requests, where there are two.
    atATime: Math.min(config.jobs.atATime, Math.max(1, config.lanes - 1)),
    accepting: stop.accepting,
    observe: (seen) => {
      metrics.kept.job(seen);
    },
    onExpired: (count) => {
      metrics.kept.expired(count);
    },
    onFault: (what, job, error) => {
      log.error(what, { job }, failureOf(error));
    },
  });
  const checks = async (): Promise<JobChecks> => {
    const { optionsCheck } = await import('./adapters/schema/options.js');
    const { requestCheck } = await import('./adapters/schema/requests.js');
    const request = requestCheck(new Map([['jobs.submit', jobSchema]]), config.tableLimits.depth);
    return { request, options: optionsCheck(endpoints) };
  };
  let checked: Promise<JobChecks> | undefined;
  const [{ startStreams }, { resolveDefinition, streamSchema }, { writeJson }] = await Promise.all([
    import('./domain/streams-service/service.js'),
    import('./domain/streams/definition.js'),
    import('./adapters/json/write.js'),
  ]);
  const broker =
    config.kafka.brokers.length === 0
      ? undefined
      : (await import('./adapters/kafka/kafka.js')).openKafka(config.kafka);
  const streams = startStreams(
    {
      ...config.streams,
      store: store.streams,
      lanes,
      datasets: store.datasets,
      broker,
      group: config.kafka.group,
      queueBytes: config.queueBytes,
      deadlineMs: config.deadlineMs,
      folds: config.lanes,
      shared: config.store.databaseUrl !== '',
      distributions: async () => (await import('./engine/js/distributions.js')).distributions,
      writeJson,
      tracing: telemetry.tracing,
      observe: metrics.kept,
      log: (level, message, fields, failure) => {
        log[level](message, fields, failure);
      },
    },
    randomUUID(),
  );
  const define = async (document: unknown): Promise<ReturnType<typeof resolveDefinition>> => {
    const { requestCheck } = await import('./adapters/schema/requests.js');
    checkStream ??= requestCheck(new Map([['streams.create', streamSchema]]), config.tableLimits.depth);
    return resolveDefinition(checkStream('streams.create', document) as StreamDefinition);
  };
  let checkStream: RequestCheck | undefined;
  const text = { bytes: config.maxJsonBytes, setting: 'MAX_JSON_BYTES' };
  const binary = { bytes: config.maxArrowBytes, setting: 'MAX_ARROW_BYTES' };
  const app = createApp({
    endpoints,
    lanes,
    registry: store.models,
    datasets: store.datasets,
    datasetEndpoints,
    landing,
    documentSchema,
    jobs,
    jobSchema,
    streams,
    streamSchema,
    define,
    writeJson,
    operations,
    checks: () => (checked ??= checks()),
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
    gate: {
      access,
      publicDocs: config.access.publicDocs,
      publicMetrics: config.access.publicMetrics,
      audit: log.audit,
    },
    corsOrigins: config.corsOrigins,
    pace,
    deadlineMs: config.deadlineMs,
    maxDeadlineMs: config.maxDeadlineMs,
    queueBytes: config.queueBytes,
    version,
    accepting: stop.accepting,
    observe: (seen) => {
      logRequest(seen);
      metrics.request(seen);
    },
    metrics: metrics.scrape,
    tracing: telemetry.tracing,
    logError: (error, requestId) => {
      log.error('request failed', { request_id: requestId }, failureOf(error));
    },
  });
  const server = await listen(app, { ...config, pace });
  streams.start();
  stop.started({
    close: (drainMs, graceMs) => server.close(drainMs, graceMs),
    release: [
      ['jobs', () => jobs.close()],
      ['streams', () => streams.close()],
      ['broker', () => broker?.close() ?? Promise.resolve()],
      ['lanes', () => lanes.close()],
      ['store', () => store.close()],
      ['metrics', () => metrics.shutdown()],
      ['telemetry', () => telemetry.shutdown()],
    ],
  });

  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  const address = `http://${host}:${server.port}`;
  const count = config.lanes === 1 ? '1 lane' : `${config.lanes} lanes`;
  log.info(
    `analytics-service ${version} on ${address}, engine ${engine.name} (${engine.reason}), ${count}, docs at ${address}/docs`,
    { engine: engine.name, traces: telemetry.on },
  );
}

/** Ends the process where the command line asks for anything but the service. */
function answerCommand(args: readonly string[]): void {
  try {
    const said = command(args, process.env, version);
    if (said === undefined) return;
    process.stdout.write(said.out);
    process.stderr.write(said.error);
    process.exit(said.code);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

/** First byte of a memory that the kernels leave free. */
async function heapBase(module: WebAssembly.Module): Promise<number> {
  const { instantiate } = await import('./engine/wasm/exports.js');
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536, shared: true });
  return instantiate(module, memory).heap_base.value;
}

main().catch((error: unknown) => {
  process.stderr.write(
    `analytics-service cannot start: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exit(1);
});
