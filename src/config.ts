import { availableParallelism, totalmem } from 'node:os';
import { Ajv } from 'ajv';
import type { EngineName } from './ports/engine.js';
import type { TableLimits } from './ports/limits.js';

/** The service's settings. Sizes in bytes, times in milliseconds. */
export interface Config {
  readonly port: number;
  readonly host: string;
  readonly engine: EngineName | 'auto';
  readonly lanes: number;
  readonly memoryBudget: number;
  readonly queue: number;
  readonly maxJsonBytes: number;
  readonly maxArrowBytes: number;
  readonly tableLimits: TableLimits;
  /** Folder of what stays. */
  readonly dataDir: string;
  readonly maxModelBytes: number;
  /** Bytes of models that are kept in memory, and that each lane keeps opened. */
  readonly modelCacheBytes: number;
  readonly deadlineMs: number;
  readonly uploadGraceMs: number;
  /** Bytes a second. */
  readonly uploadFloor: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

const MiB = 2 ** 20;

const schema = {
  type: 'object',
  properties: {
    PORT: { type: 'integer', minimum: 0, maximum: 65535, default: 8000 },
    HOST: { type: 'string', minLength: 1, default: '127.0.0.1' },
    ENGINE: { enum: ['auto', 'wasm', 'js'], default: 'auto' },
    LANES: { type: 'integer', minimum: 1, maximum: 256 },
    MEMORY_BUDGET: { type: 'integer', minimum: 64 * MiB },
    MAX_QUEUE: { type: 'integer', minimum: 0, maximum: 100_000, default: 64 },
    MAX_JSON_BYTES: { type: 'integer', minimum: 1024, maximum: 512 * MiB, default: 256 * MiB },
    MAX_ARROW_BYTES: { type: 'integer', minimum: 1024, maximum: 4096 * MiB, default: 1024 * MiB },
    MAX_ROWS: { type: 'integer', minimum: 1, maximum: 2 ** 31 - 1, default: 50_000_000 },
    MAX_CELLS: { type: 'integer', minimum: 1, maximum: 2 ** 40, default: 500_000_000 },
    MAX_COLUMNS: { type: 'integer', minimum: 1, maximum: 65_536, default: 4096 },
    MAX_RATIO: { type: 'integer', minimum: 1, maximum: 1_000_000, default: 200 },
    DATA_DIR: { type: 'string', minLength: 1, default: './data' },
    MAX_MODEL_BYTES: { type: 'integer', minimum: 1024, maximum: 512 * MiB, default: 256 * MiB },
    MODEL_CACHE_BYTES: { type: 'integer', minimum: 0, maximum: 65_536 * MiB, default: 256 * MiB },
    DEADLINE_MS: { type: 'integer', minimum: 1, maximum: 300_000, default: 30_000 },
    UPLOAD_GRACE_MS: { type: 'integer', minimum: 100, maximum: 300_000, default: 10_000 },
    UPLOAD_FLOOR: { type: 'integer', minimum: 0, maximum: 1_000_000_000, default: 65_536 },
    LOG_LEVEL: { enum: ['debug', 'info', 'warn', 'error', 'silent'], default: 'info' },
  },
} as const;

interface Settings {
  PORT: number;
  HOST: string;
  ENGINE: Config['engine'];
  LANES?: number;
  MEMORY_BUDGET?: number;
  MAX_QUEUE: number;
  MAX_JSON_BYTES: number;
  MAX_ARROW_BYTES: number;
  MAX_ROWS: number;
  MAX_CELLS: number;
  MAX_COLUMNS: number;
  MAX_RATIO: number;
  DATA_DIR: string;
  MAX_MODEL_BYTES: number;
  MODEL_CACHE_BYTES: number;
  DEADLINE_MS: number;
  UPLOAD_GRACE_MS: number;
  UPLOAD_FLOOR: number;
  LOG_LEVEL: Config['logLevel'];
}

/** Environment to settings. Throws an Error that names every variable that is wrong. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const ajv = new Ajv({ coerceTypes: true, useDefaults: true, allErrors: true, verbose: true });
  const validate = ajv.compile<Settings>(schema);
  const names = Object.keys(schema.properties);
  const settings: unknown = Object.fromEntries(
    names.flatMap((name) => ((env[name] ?? '').trim() === '' ? [] : [[name, env[name]]])),
  );
  if (!validate(settings)) {
    const faults = (validate.errors ?? []).map(({ instancePath, keyword, params, message, data }) => {
      const { allowedValues } = params as { readonly allowedValues?: readonly string[] };
      const rule = keyword === 'enum' ? `must be one of ${(allowedValues ?? []).join(', ')}` : message;
      return `${instancePath.slice(1)} ${rule ?? 'is wrong'}, got ${JSON.stringify(data)}`;
    });
    throw new Error(`invalid environment: ${faults.join('; ')}`);
  }
  return Object.freeze({
    port: settings.PORT,
    host: settings.HOST,
    engine: settings.ENGINE,
    lanes: settings.LANES ?? availableParallelism(),
    memoryBudget: settings.MEMORY_BUDGET ?? Math.floor(memoryHere() * 0.6),
    queue: settings.MAX_QUEUE,
    maxJsonBytes: settings.MAX_JSON_BYTES,
    maxArrowBytes: settings.MAX_ARROW_BYTES,
    tableLimits: Object.freeze({
      rows: settings.MAX_ROWS,
      cells: settings.MAX_CELLS,
      columns: settings.MAX_COLUMNS,
      nameBytes: 1024,
      depth: 32,
      decodedBytes: settings.MAX_ARROW_BYTES,
      ratio: settings.MAX_RATIO,
    }),
    dataDir: settings.DATA_DIR,
    maxModelBytes: settings.MAX_MODEL_BYTES,
    modelCacheBytes: settings.MODEL_CACHE_BYTES,
    deadlineMs: settings.DEADLINE_MS,
    uploadGraceMs: settings.UPLOAD_GRACE_MS,
    uploadFloor: settings.UPLOAD_FLOOR,
    logLevel: settings.LOG_LEVEL,
  });
}

/** Memory that this process may use: the container's limit where there is one. */
function memoryHere(): number {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? limit : totalmem();
}
