/** Settings of what stays and what flows: catalog, storage, datasets, jobs, streams. */
const MiB = 2 ** 20;
const TEXT = { type: 'string' } as const;

export const keptSettings = {
  DATABASE_URL: {
    ...TEXT,
    default: '',
    secret: true,
    description:
      '`postgres://user:password@host:port/database`: the catalog is there, and replicas share it; empty: SQLite in `DATA_DIR`',
  },
  DATABASE_POOL: {
    type: 'integer',
    minimum: 2,
    maximum: 1000,
    default: 10,
    description: 'connections to PostgreSQL at a time',
  },
  S3_URL: {
    ...TEXT,
    default: '',
    description:
      '`s3://bucket/prefix`, or `http(s)://host:port/bucket/prefix` of another service that speaks S3: what is large is there; empty: files in `DATA_DIR`. Keys and region by the standard `AWS_*`',
  },
  MAX_DATASETS: {
    type: 'integer',
    minimum: 0,
    maximum: 1_000_000,
    default: 10_000,
    description: 'stored datasets; one more is 507',
  },
  JOBS: {
    type: 'integer',
    minimum: 0,
    maximum: 64,
    default: 1,
    description: 'jobs that this process runs at a time; 0: it takes them and others run them',
  },
  MAX_JOBS: {
    type: 'integer',
    minimum: 1,
    maximum: 1_000_000,
    default: 10_000,
    description: 'jobs that may wait; one more is 503',
  },
  JOB_DEADLINE_MS: {
    type: 'integer',
    minimum: 1000,
    maximum: 7 * 86_400_000,
    default: 3_600_000,
    description: 'the longest that a job may run; then it has failed',
  },
  JOB_LEASE_MS: {
    type: 'integer',
    minimum: 1000,
    maximum: 600_000,
    default: 15_000,
    description: 'after so long without a sign of life of the process that runs it a job is another’s',
  },
  JOB_KEEP_MS: {
    type: 'integer',
    minimum: 60_000,
    maximum: 365 * 86_400_000,
    default: 7 * 86_400_000,
    description: 'how long finished jobs and their results are kept (a week)',
  },
  MAX_STREAMS: {
    type: 'integer',
    minimum: 0,
    maximum: 10_000,
    default: 100,
    description: 'streams; one more is 409',
  },
  MAX_WINDOWS: {
    type: 'integer',
    minimum: 1,
    maximum: 10_000_000,
    default: 10_000,
    description:
      'open windows of a stream, counted for each key; records that would open one more are refused',
  },
  WINDOWS_KEPT: {
    type: 'integer',
    minimum: 1,
    maximum: 10_000_000,
    default: 10_000,
    description: 'closed windows of a stream whose results are kept, the newest',
  },
  KAFKA_BROKERS: {
    ...TEXT,
    default: '',
    description: '`host:port` of Kafka brokers, with commas between; empty: no streams from Kafka',
  },
  KAFKA_GROUP: {
    type: 'string',
    minLength: 1,
    default: 'analytics-service',
    description: 'begin of the names of consumer groups; a stream adds its own',
  },
  KAFKA_SESSION_MS: {
    type: 'integer',
    minimum: 1000,
    maximum: 1_800_000,
    default: 10_000,
    description:
      'after so long without a sign of life another process has the partitions of one; within what the broker allows',
  },
  KAFKA_TLS: { type: 'boolean', default: false, description: 'whether brokers are spoken to by TLS' },
  KAFKA_SASL: {
    enum: ['none', 'PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'],
    default: 'none',
    description: 'how the service says who it is: `none`, `PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512`',
  },
  KAFKA_USERNAME: { ...TEXT, default: '', description: 'with `KAFKA_SASL`' },
  KAFKA_PASSWORD: { ...TEXT, default: '', secret: true, description: 'with `KAFKA_SASL`' },
  STREAM_BATCH_BYTES: {
    type: 'integer',
    minimum: 1024,
    maximum: 256 * MiB,
    default: 4 * MiB,
    description: 'bytes of records that are taken into a state together (4 MiB)',
  },
  STREAM_BATCH_MS: {
    type: 'integer',
    minimum: 1,
    maximum: 60_000,
    default: 100,
    description: 'how long records of Kafka wait for others',
  },
  STREAM_IDLE_MS: {
    type: 'integer',
    minimum: 100,
    maximum: 86_400_000,
    default: 60_000,
    description: 'after so long without records a partition no longer holds back the watermark',
  },
} as const;
