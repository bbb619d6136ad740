import { keptSettings } from './settings-kept.js';

const MiB = 2 ** 20;

const BYTES = { type: 'integer', minimum: 1024 } as const;
const MILLISECONDS = { type: 'integer', minimum: 1, maximum: 3_600_000 } as const;
const TEXT = { type: 'string' } as const;

/**
 * Every setting of the service, once: validated at the start, printed by --print-config, and the README's table. `shown` is a
 * default that depends on the machine.
 */
export const settingsSchema = {
  type: 'object',
  properties: {
    PORT: {
      type: 'integer',
      minimum: 0,
      maximum: 65535,
      default: 8000,
      description: 'port; 0 takes a free one',
    },
    HOST: {
      type: 'string',
      minLength: 1,
      default: '127.0.0.1',
      description: 'address to listen on; one that is not loopback needs `AUTH`. The image sets `0.0.0.0`',
    },
    ENGINE: {
      enum: ['auto', 'wasm', 'js'],
      default: 'auto',
      description: '`auto`, `wasm`, `js`: see [Engines](#engines)',
    },
    LANES: {
      type: 'integer',
      minimum: 1,
      maximum: 256,
      description:
        'worker threads, started when there is work: small requests run side by side, one a lane; a large one also on the lanes that are idle',
    },
    LANE_HEAP_BYTES: {
      type: 'integer',
      minimum: 64 * MiB,
      maximum: 16384 * MiB,
      default: 1024 * MiB,
      description:
        'JavaScript objects of one lane (1 GiB); a request that makes more ends with 500 and its lane is replaced. Columns are not among them. Not less than 256 MiB where clients are strangers: close to a small limit one large allocation may end the process',
    },
    MEMORY_BUDGET: {
      type: 'integer',
      minimum: 64 * MiB,
      description:
        'bytes that the requests in hand may take, three times their bodies; beyond is 503. At least 64 MiB. Of the container’s limit where there is one',
    },
    MAX_REQUEST_MEMORY: {
      type: 'integer',
      minimum: 32 * MiB,
      maximum: 4096 * MiB,
      default: 4096 * MiB,
      description:
        'memory of one request (4 GiB); also at most half of `MEMORY_BUDGET`, all of it with one lane. Beyond is 413',
    },
    MAX_QUEUE: {
      type: 'integer',
      minimum: 0,
      maximum: 100_000,
      default: 64,
      description: 'requests that may wait for a lane; one more is 503',
    },
    MAX_QUEUE_BYTES: {
      ...BYTES,
      maximum: 1_048_576 * MiB,
      default: 512 * MiB,
      description: 'bytes of the bodies that wait for a lane (512 MiB); beyond is 503',
    },
    MAX_QUEUE_MS: {
      ...MILLISECONDS,
      default: 30_000,
      description:
        'work that may wait for each lane, estimated from what requests like it took; beyond is 503',
    },
    DEADLINE_MS: {
      type: 'integer',
      minimum: 1,
      maximum: 3_600_000,
      default: 30_000,
      description:
        'until an answer is due, where the client does not say; later is 504. At most `MAX_DEADLINE_MS`',
    },
    MAX_DEADLINE_MS: {
      type: 'integer',
      minimum: 1,
      maximum: 3_600_000,
      default: 300_000,
      description: 'the longest that `X-Request-Deadline-Ms` may ask for; more is taken as this',
    },
    MAX_CONNECTIONS: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000,
      default: 10_000,
      description:
        'connections at a time; one more has its probes of health answered, everything else is 503, and is closed',
    },
    MAX_HEADER_BYTES: {
      type: 'integer',
      minimum: 1024,
      maximum: MiB,
      default: 16_384,
      description: 'headers of a request; beyond is 431',
    },
    HEADERS_MS: {
      ...MILLISECONDS,
      minimum: 100,
      default: 10_000,
      description: 'until the headers of a request are complete, else 408',
    },
    KEEP_ALIVE_MS: {
      ...MILLISECONDS,
      default: 5_000,
      description: 'how long an idle connection is kept',
    },
    UPLOAD_GRACE_MS: {
      type: 'integer',
      minimum: 100,
      maximum: 300_000,
      default: 10_000,
      description: 'after this an upload must have come at `UPLOAD_FLOOR`, else 408',
    },
    UPLOAD_FLOOR: {
      type: 'integer',
      minimum: 0,
      maximum: 1_000_000_000,
      default: 65_536,
      description: 'bytes a second, of an upload and of an answer that is read',
    },
    DRAIN_MS: {
      type: 'integer',
      minimum: 0,
      maximum: 300_000,
      default: 1_000,
      description:
        'after SIGTERM: how long it goes on listening, not ready, and idle connections may bring their last request',
    },
    STOP_GRACE_MS: {
      type: 'integer',
      minimum: 1,
      maximum: 3_600_000,
      default: 30_000,
      description: 'after SIGTERM: until accepted requests must have finished, else it ends with 1',
    },
    MAX_JSON_BYTES: {
      ...BYTES,
      maximum: 512 * MiB,
      default: 256 * MiB,
      description:
        'largest JSON, NDJSON or CSV body, compressed or not (256 MiB, at most 512 MiB); beyond is 413',
    },
    MAX_ARROW_BYTES: {
      ...BYTES,
      maximum: 4096 * MiB,
      default: 1024 * MiB,
      description:
        'largest Arrow or Parquet body, as sent and with its buffers or pages decompressed (1 GiB, at most 4 GiB); beyond is 413',
    },
    MAX_ROWS: {
      type: 'integer',
      minimum: 1,
      maximum: 2 ** 31 - 1,
      default: 50_000_000,
      description: 'rows of a table; beyond is 413',
    },
    MAX_CELLS: {
      type: 'integer',
      minimum: 1,
      maximum: 2 ** 40,
      default: 500_000_000,
      description: 'rows times columns of a table; beyond is 413',
    },
    MAX_COLUMNS: {
      type: 'integer',
      minimum: 1,
      maximum: 65_536,
      default: 4096,
      description: 'columns of a table; beyond is 422',
    },
    MAX_NAME_BYTES: {
      type: 'integer',
      minimum: 1,
      maximum: 65_536,
      default: 1024,
      description: 'bytes of a column’s name in UTF-8; beyond is 422',
    },
    MAX_JSON_DEPTH: {
      type: 'integer',
      minimum: 4,
      maximum: 64,
      default: 32,
      description: 'nesting of a JSON body; beyond is 400',
    },
    MAX_RATIO: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000,
      default: 200,
      description: 'decompressed bytes for each compressed one, beyond `RATIO_FROM_BYTES`; more is 413',
    },
    RATIO_FROM_BYTES: {
      type: 'integer',
      minimum: 0,
      maximum: 1024 * MiB,
      default: MiB,
      description: 'decompressed bytes up to which `MAX_RATIO` is not looked at',
    },
    DATA_DIR: {
      type: 'string',
      minLength: 1,
      default: './data',
      description:
        'folder of what is stored: models, datasets, jobs, streams; for this process alone: a second one that is started on it ends with a sentence that says so',
    },
    ...keptSettings,
    MAX_MODEL_BYTES: {
      ...BYTES,
      maximum: 512 * MiB,
      default: 256 * MiB,
      description: 'largest document or ONNX file of a model (256 MiB, at most 512 MiB); beyond is 413',
    },
    MODEL_CACHE_BYTES: {
      type: 'integer',
      minimum: 0,
      maximum: 65_536 * MiB,
      default: 256 * MiB,
      description:
        'documents of models that are kept in memory, and, in each lane, opened models by what they take (256 MiB each); one that is larger stays until another is asked',
    },
    AUTH: {
      enum: ['auto', 'required', 'none'],
      default: 'auto',
      description:
        '`auto` asks callers who they are when keys or tokens are configured, and then only does it listen beyond loopback; `required` never starts without; `none` asks nobody, wherever it listens',
    },
    API_KEYS_FILE: {
      ...TEXT,
      default: '',
      description: 'file of hashed API keys: see [Access](#access). Read again when it changes',
    },
    API_KEYS: {
      ...TEXT,
      default: '',
      secret: true,
      description: 'the same as text, where no file can be mounted',
    },
    JWKS_URL: {
      ...TEXT,
      default: '',
      description: 'where the public keys of tokens (JWT) are; needs `JWT_ISSUER` and `JWT_AUDIENCE`',
    },
    JWT_ISSUER: { ...TEXT, default: '', description: '`iss` that a token must have' },
    JWT_AUDIENCE: { ...TEXT, default: '', description: '`aud` that a token must have' },
    QUOTA_REQUESTS: {
      type: 'integer',
      minimum: 0,
      maximum: 1_000_000_000,
      default: 0,
      description: 'requests a minute for each caller; beyond is 429. 0: as many as it likes',
    },
    QUOTA_BYTES: {
      type: 'integer',
      minimum: 0,
      maximum: 2 ** 50,
      default: 0,
      description: 'bytes of bodies a minute for each caller; beyond is 429. 0: as many as it likes',
    },
    PUBLIC_DOCS: {
      type: 'boolean',
      default: false,
      description: 'whether `/docs`, `/openapi.json` and `/version` ask nobody who they are',
    },
    PUBLIC_METRICS: {
      type: 'boolean',
      default: false,
      description: 'whether `/metrics` asks nobody who it is',
    },
    CORS_ORIGINS: {
      ...TEXT,
      default: '',
      description: 'origins whose pages may ask, with commas between; none by default',
    },
    LOG_LEVEL: {
      enum: ['debug', 'info', 'warn', 'error', 'silent'],
      default: 'info',
      description:
        '`debug`, `info`, `warn`, `error`, `silent`; a log line is one JSON object on standard output',
    },
  },
} as const;

/** Defaults that depend on the machine, in words. */
export const MACHINE_DEFAULTS: Readonly<Record<string, string>> = {
  LANES: 'the cores',
  MEMORY_BUDGET: '60 % of the memory',
};
