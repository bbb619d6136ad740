import { availableParallelism, totalmem } from 'node:os';
import { Ajv } from 'ajv';
import type { EngineName } from './ports/engine.js';

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
  readonly deadlineMs: number;
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
    DEADLINE_MS: { type: 'integer', minimum: 1, maximum: 300_000, default: 30_000 },
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
  DEADLINE_MS: number;
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
    deadlineMs: settings.DEADLINE_MS,
    logLevel: settings.LOG_LEVEL,
  });
}

/** Memory that this process may use: the container's limit where there is one. */
function memoryHere(): number {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? limit : totalmem();
}
