import { type Env, originsOf, readSettings } from './environment.js';
import type { EngineName } from './ports/engine.js';
import type { TableLimits } from './ports/limits.js';

/** The service's settings. Sizes in bytes, times in milliseconds. */
export interface Config {
  readonly port: number;
  readonly host: string;
  readonly engine: EngineName | 'auto';
  readonly lanes: number;
  readonly laneHeapBytes: number;
  readonly memoryBudget: number;
  readonly maxRequestMemory: number;
  readonly queue: number;
  readonly queueBytes: number;
  readonly queueMs: number;
  readonly deadlineMs: number;
  readonly maxDeadlineMs: number;
  readonly maxConnections: number;
  readonly maxHeaderBytes: number;
  readonly headersMs: number;
  readonly keepAliveMs: number;
  readonly uploadGraceMs: number;
  /** Bytes a second. */
  readonly uploadFloor: number;
  readonly drainMs: number;
  readonly stopGraceMs: number;
  readonly maxJsonBytes: number;
  readonly maxArrowBytes: number;
  readonly tableLimits: TableLimits;
  /** Folder of what stays. */
  readonly dataDir: string;
  readonly store: StoreConfig;
  readonly jobs: JobsConfig;
  readonly streams: StreamsConfig;
  readonly kafka: KafkaConfig;
  readonly maxModelBytes: number;
  /** Bytes of models that are kept in memory, and that each lane keeps opened. */
  readonly modelCacheBytes: number;
  readonly access: AccessConfig;
  readonly corsOrigins: readonly string[];
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

/** Where it stays, when not in the folder. */
export interface StoreConfig {
  /** Empty: SQLite in the folder. */
  readonly databaseUrl: string;
  readonly databasePool: number;
  /** Empty: files in the folder. */
  readonly s3Url: string;
  readonly maxDatasets: number;
}

export interface JobsConfig {
  readonly atATime: number;
  readonly most: number;
  readonly deadlineMs: number;
  readonly leaseMs: number;
  readonly keepMs: number;
}

export interface StreamsConfig {
  readonly most: number;
  readonly maxWindows: number;
  readonly windowsKept: number;
  readonly batchBytes: number;
  readonly batchMs: number;
  readonly idleMs: number;
}

export interface KafkaConfig {
  /** `host:port`; empty: none. */
  readonly brokers: readonly string[];
  readonly group: string;
  readonly sessionMs: number;
  readonly tls: boolean;
  readonly sasl: 'none' | 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly username: string;
  readonly password: string;
}

/** Who may ask, and how much. */
export interface AccessConfig {
  readonly auth: 'auto' | 'required' | 'none';
  /** Empty: none, as with the other texts. */
  readonly keysFile: string;
  readonly keys: string;
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
  /** Requests a minute for each caller; 0: no quota. */
  readonly quotaRequests: number;
  /** Bytes of bodies a minute for each caller; 0: no quota. */
  readonly quotaBytes: number;
  readonly publicDocs: boolean;
  readonly publicMetrics: boolean;
}

/** Environment to settings. Throws an Error that names every variable that is wrong. */
export function readConfig(env: Env): Config {
  const { settings } = readSettings(env);
  return Object.freeze({
    port: settings.PORT,
    host: settings.HOST,
    engine: settings.ENGINE,
    lanes: settings.LANES,
    laneHeapBytes: settings.LANE_HEAP_BYTES,
    memoryBudget: settings.MEMORY_BUDGET,
    maxRequestMemory: settings.MAX_REQUEST_MEMORY,
    queue: settings.MAX_QUEUE,
    queueBytes: settings.MAX_QUEUE_BYTES,
    queueMs: settings.MAX_QUEUE_MS,
    deadlineMs: settings.DEADLINE_MS,
    maxDeadlineMs: settings.MAX_DEADLINE_MS,
    maxConnections: settings.MAX_CONNECTIONS,
    maxHeaderBytes: settings.MAX_HEADER_BYTES,
    headersMs: settings.HEADERS_MS,
    keepAliveMs: settings.KEEP_ALIVE_MS,
    uploadGraceMs: settings.UPLOAD_GRACE_MS,
    uploadFloor: settings.UPLOAD_FLOOR,
    drainMs: settings.DRAIN_MS,
    stopGraceMs: settings.STOP_GRACE_MS,
    maxJsonBytes: settings.MAX_JSON_BYTES,
    maxArrowBytes: settings.MAX_ARROW_BYTES,
    tableLimits: Object.freeze({
      rows: settings.MAX_ROWS,
      cells: settings.MAX_CELLS,
      columns: settings.MAX_COLUMNS,
      nameBytes: settings.MAX_NAME_BYTES,
      depth: settings.MAX_JSON_DEPTH,
      decodedBytes: settings.MAX_ARROW_BYTES,
      ratio: settings.MAX_RATIO,
      ratioFrom: settings.RATIO_FROM_BYTES,
    }),
    dataDir: settings.DATA_DIR,
    store: Object.freeze({
      databaseUrl: settings.DATABASE_URL,
      databasePool: settings.DATABASE_POOL,
      s3Url: settings.S3_URL,
      maxDatasets: settings.MAX_DATASETS,
    }),
    jobs: Object.freeze({
      atATime: settings.JOBS,
      most: settings.MAX_JOBS,
      deadlineMs: settings.JOB_DEADLINE_MS,
      leaseMs: settings.JOB_LEASE_MS,
      keepMs: settings.JOB_KEEP_MS,
    }),
    streams: Object.freeze({
      most: settings.MAX_STREAMS,
      maxWindows: settings.MAX_WINDOWS,
      windowsKept: settings.WINDOWS_KEPT,
      batchBytes: settings.STREAM_BATCH_BYTES,
      batchMs: settings.STREAM_BATCH_MS,
      idleMs: settings.STREAM_IDLE_MS,
    }),
    kafka: Object.freeze({
      brokers: settings.KAFKA_BROKERS.split(',')
        .map((broker) => broker.trim())
        .filter((broker) => broker !== ''),
      group: settings.KAFKA_GROUP,
      sessionMs: settings.KAFKA_SESSION_MS,
      tls: settings.KAFKA_TLS,
      sasl: settings.KAFKA_SASL,
      username: settings.KAFKA_USERNAME,
      password: settings.KAFKA_PASSWORD,
    }),
    maxModelBytes: settings.MAX_MODEL_BYTES,
    modelCacheBytes: settings.MODEL_CACHE_BYTES,
    access: Object.freeze({
      auth: settings.AUTH,
      keysFile: settings.API_KEYS_FILE,
      keys: settings.API_KEYS,
      jwksUrl: settings.JWKS_URL,
      issuer: settings.JWT_ISSUER,
      audience: settings.JWT_AUDIENCE,
      quotaRequests: settings.QUOTA_REQUESTS,
      quotaBytes: settings.QUOTA_BYTES,
      publicDocs: settings.PUBLIC_DOCS,
      publicMetrics: settings.PUBLIC_METRICS,
    }),
    corsOrigins: originsOf(settings.CORS_ORIGINS),
    logLevel: settings.LOG_LEVEL,
  });
}
