/** The settings: what is taken, what stops the start and how that is said, what --print-config shows. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { readConfig } from '../src/config.js';
import { misspelt, type Name, readSettings, shown } from '../src/environment.js';
import { settingsSchema } from '../src/settings.js';
import { at, type JsonValue, postJson, send, startService } from './service.js';

interface Rule {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: JsonValue;
}
const rules = Object.entries(settingsSchema.properties) as [Name, Rule][];
const integers = rules.filter(([, { type }]) => type === 'integer');

/** What a word needs beside it. */
const SASL = { KAFKA_USERNAME: 'u', KAFKA_PASSWORD: 'p' };
const BESIDE: Readonly<Record<string, Record<string, string>>> = Object.fromEntries(
  ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'].map((word) => [`KAFKA_SASL=${word}`, SASL]),
);

const refusal = (env: Readonly<Record<string, string>>): string => {
  try {
    readConfig(env);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'taken';
};

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): RunResult => {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/src/main.js', ...args], {
    cwd: join(__dirname, '..'),
    // Nothing but what is told, so that the machine that runs the tests says nothing.
    env: { PATH: process.env['PATH'], ...env },
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { status, stdout, stderr, ms: performance.now() - started };
};
interface RunResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

describe('a value that is wrong stops the start', () => {
  const NEVER = [
    '12x',
    'x',
    ' ',
    '\t',
    ' 8',
    '8 ',
    '0x10',
    '1e3',
    '1.5',
    '+5',
    '007',
    '-0',
    'NaN',
    'Infinity',
  ];
  const LARGE = '9'.repeat(30);

  test.each(integers)('%s: text that is no whole number in digits', (name) => {
    for (const value of [...NEVER, 'null', 'true', '[1]', '1_000', '1,000', '٣', LARGE, `-${LARGE}`]) {
      expect([value, refusal({ [name]: value })]).toEqual([
        value,
        expect.stringMatching(
          new RegExp(`^invalid environment: ${name}: expected a whole number in digits, `, 'u'),
        ),
      ]);
    }
  });

  test.each(integers)('%s: beyond its bounds, and at them', (name, { minimum = 0, maximum }) => {
    expect(refusal({ [name]: String(minimum - 1) })).toContain(`${name}: expected`);
    expect(readSettings({ [name]: String(minimum) }).origins[name]).toBe('environment');
    if (maximum !== undefined)
      expect(refusal({ [name]: String(maximum + 1) })).toContain(`${name}: expected`);
  });

  test.each(rules.filter(([, { type }]) => type === 'boolean'))(
    '%s: true or false, no other word',
    (name) => {
      for (const value of ['1', '0', 'yes', 'TRUE', 'True', ' true', 'null'])
        expect(refusal({ [name]: value })).toBe(
          `invalid environment: ${name}: expected true or false, got ${JSON.stringify(value)}`,
        );
      expect(readSettings({ [name]: 'true' }).settings[name]).toBe(true);
      expect(readSettings({ [name]: 'false' }).settings[name]).toBe(false);
    },
  );

  test.each(rules.filter(([, rule]) => rule.enum !== undefined))('%s: one of its words', (name, rule) => {
    const words = rule.enum ?? [];
    for (const value of ['WASM', `${words[0] ?? ''} `, 'x'])
      expect(refusal({ [name]: value })).toContain(`${name}: expected one of ${words.join(', ')}, got`);
    for (const word of words)
      expect(readSettings({ [name]: word, ...BESIDE[`${name}=${word}`] }).settings[name]).toBe(word);
  });

  test.each(rules.filter(([, { type }]) => type === 'string'))('%s: a text that is not blank', (name) => {
    expect(refusal({ [name]: '  ' })).toContain(`${name}: expected a text that is not blank, got `);
  });

  test('all faults at once, on standard error, with 1', () => {
    const { status, stdout, stderr } = run([], {
      LANES: '0',
      ENGINE: 'gpu',
      MAX_ROWS: '1e3',
      PUBLIC_DOCS: 'on',
    });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    for (const name of ['LANES', 'ENGINE', 'MAX_ROWS', 'PUBLIC_DOCS'])
      expect(stderr).toContain(`${name}: expected`);
  });

  test('an empty variable is one that is not set, as with OTEL_*', () => {
    const empty = readSettings(Object.fromEntries(rules.map(([name]) => [name, ''])));
    expect(empty).toEqual(readSettings({}));
  });
});

describe('settings that contradict each other', () => {
  test.each<[string, Record<string, string>]>([
    [
      'DEADLINE_MS: expected at most MAX_DEADLINE_MS, which is 1000, got "2000"',
      { DEADLINE_MS: '2000', MAX_DEADLINE_MS: '1000' },
    ],
    [
      'DEADLINE_MS: expected at most MAX_DEADLINE_MS, which is 300000, got "600000"',
      { DEADLINE_MS: '600000' },
    ],
    ['DRAIN_MS: expected at most STOP_GRACE_MS, which is 30000, got "60000"', { DRAIN_MS: '60000' }],
    [
      'MAX_QUEUE_BYTES: expected at most MEMORY_BUDGET, which is 67108864, got "67108865"',
      { MAX_QUEUE_BYTES: '67108865', MEMORY_BUDGET: '67108864' },
    ],
    [
      'MAX_JSON_BYTES: expected at most MAX_REQUEST_MEMORY, which is 33554432',
      { MAX_JSON_BYTES: '33554433', MAX_REQUEST_MEMORY: '33554432' },
    ],
    [
      'MAX_ARROW_BYTES: expected at most MAX_REQUEST_MEMORY',
      { MAX_ARROW_BYTES: '33554433', MAX_REQUEST_MEMORY: '33554432' },
    ],
    [
      'JWT_ISSUER: expected a text, for there is JWKS_URL, got none',
      { JWKS_URL: 'https://a.b/keys', JWT_AUDIENCE: 'x' },
    ],
    [
      'JWT_AUDIENCE: expected a text, for there is JWKS_URL, got none',
      { JWKS_URL: 'https://a.b/keys', JWT_ISSUER: 'x' },
    ],
    ['JWT_ISSUER: expected JWKS_URL beside it, got none', { JWT_ISSUER: 'x' }],
    [
      'JWKS_URL: expected an address by https or http',
      { JWKS_URL: 'file:///keys', JWT_ISSUER: 'x', JWT_AUDIENCE: 'y' },
    ],
    [
      'JWKS_URL: expected an address by https or http',
      { JWKS_URL: 'keys', JWT_ISSUER: 'x', JWT_AUDIENCE: 'y' },
    ],
    ['HOST: expected an address or a name of a host, got "0.0.0.0 "', { HOST: '0.0.0.0 ' }],
    ['HOST: expected an address or a name of a host, got "[::1]"', { HOST: '[::1]' }],
    [
      'CORS_ORIGINS: expected "https://a.b", got "https://a.b/"',
      { CORS_ORIGINS: 'https://c.d, https://a.b/' },
    ],
    ['CORS_ORIGINS: expected origins such as', { CORS_ORIGINS: '*' }],
    ['CORS_ORIGINS: expected origins such as', { CORS_ORIGINS: 'app.example.com' }],
    ['CORS_ORIGINS: expected origins such as', { CORS_ORIGINS: 'null' }],
    ['CORS_ORIGINS: expected origins such as', { CORS_ORIGINS: 'file:///x' }],
    ...['mysql://u:p@h/d', 'postgres://u:p@h', 'postgres://u:p@h/', 'u:p@h/d', 'postgres:///d'].map(
      (DATABASE_URL): [string, Record<string, string>] => [
        'DATABASE_URL: expected postgres://user:password@host:port/database, got "***"',
        { DATABASE_URL },
      ],
    ),
    ...[
      'bucket',
      's3://Bucket/x',
      's3://b',
      's3://key:secret@bucket',
      'https://host/',
      'http://host:9000',
      'http://key:secret@host:9000/bucket',
      'ftp://host/bucket',
      's3://bucket?acl',
    ].map((S3_URL): [string, Record<string, string>] => [
      'S3_URL: expected s3://bucket/prefix, or',
      { S3_URL },
    ]),
    ...['kafka', 'kafka:', 'a:9092,b', 'kafka://a:9092', 'a:0', 'a:70000', 'a b:1', ','].map(
      (KAFKA_BROKERS): [string, Record<string, string>] => [
        'KAFKA_BROKERS: expected host:port, with commas between, got',
        { KAFKA_BROKERS },
      ],
    ),
    [
      'KAFKA_USERNAME: expected a text, for there is KAFKA_SASL, got none',
      { KAFKA_SASL: 'PLAIN', KAFKA_PASSWORD: 'x' },
    ],
    [
      'KAFKA_PASSWORD: expected a text, for there is KAFKA_SASL, got none',
      { KAFKA_SASL: 'SCRAM-SHA-512', KAFKA_USERNAME: 'x' },
    ],
    ['KAFKA_PASSWORD: expected KAFKA_SASL beside it, got none', { KAFKA_PASSWORD: 'x' }],
    [
      'JOB_LEASE_MS: expected at most JOB_DEADLINE_MS, which is 2000, got "3000"',
      { JOB_LEASE_MS: '3000', JOB_DEADLINE_MS: '2000' },
    ],
    [
      'STREAM_BATCH_MS: expected at most STREAM_IDLE_MS, which is 100, got "200"',
      { STREAM_BATCH_MS: '200', STREAM_IDLE_MS: '100' },
    ],
    [
      'STREAM_BATCH_BYTES: expected at most MAX_REQUEST_MEMORY, which is 33554432, got "33554433"',
      { STREAM_BATCH_BYTES: '33554433', MAX_REQUEST_MEMORY: '33554432' },
    ],
  ])('%s', (sentence, env) => {
    expect(refusal(env)).toContain(sentence);
  });

  test('a default gives way to what is set: the deadline, the memory of a request', () => {
    const deadline = readSettings({ MAX_DEADLINE_MS: '1000' });
    expect([deadline.settings.DEADLINE_MS, deadline.origins.DEADLINE_MS]).toEqual([1000, 'MAX_DEADLINE_MS']);
    const memory = readSettings({ MEMORY_BUDGET: '67108864', LANES: '2' });
    expect([memory.settings.MAX_REQUEST_MEMORY, memory.origins.MAX_REQUEST_MEMORY]).toEqual([
      33554432,
      'MEMORY_BUDGET',
    ]);
    expect(readSettings({ MEMORY_BUDGET: '67108864', LANES: '1' }).settings.MAX_REQUEST_MEMORY).toBe(
      67108864,
    );
  });

  test('what is right is taken', () => {
    for (const HOST of ['0.0.0.0', '::1', 'localhost', 'a-b.example.com', 'fe80::1%eth0'])
      expect(readConfig({ HOST }).host).toBe(HOST);
    expect(readConfig({ CORS_ORIGINS: 'https://a.b, http://localhost:3000' }).corsOrigins).toEqual([
      'https://a.b',
      'http://localhost:3000',
    ]);
    for (const DATABASE_URL of [
      'postgres://u:p@h:5432/d',
      'postgresql://h/d?sslmode=require',
      'postgres://u:p%40x@[::1]/d',
      'postgres:///d?host=/run/postgresql',
    ])
      expect([DATABASE_URL, refusal({ DATABASE_URL })]).toEqual([DATABASE_URL, 'taken']);
    for (const S3_URL of ['s3://bucket', 's3://my.bucket/a/b', 'http://127.0.0.1:9000/bucket/prefix'])
      expect([S3_URL, refusal({ S3_URL })]).toEqual([S3_URL, 'taken']);
    for (const KAFKA_BROKERS of ['kafka-0.kafka:9092', 'a:1, b:2', '[::1]:9092,127.0.0.1:9093'])
      expect([KAFKA_BROKERS, refusal({ KAFKA_BROKERS })]).toEqual([KAFKA_BROKERS, 'taken']);
    const tokens = { JWKS_URL: 'https://a.b/keys', JWT_ISSUER: 'https://a.b/', JWT_AUDIENCE: 'analytics' };
    expect(readConfig(tokens).access).toMatchObject({ jwksUrl: 'https://a.b/keys', audience: 'analytics' });
  });
});

describe('secrets', () => {
  const PASSWORD = 'hunter2/#?@x';
  const env = {
    API_KEYS: `id:${PASSWORD}`,
    DATABASE_URL: `postgres://user:${encodeURIComponent(PASSWORD)}@db.example.com/analytics`,
    KAFKA_SASL: 'PLAIN',
    KAFKA_USERNAME: 'analytics',
    KAFKA_PASSWORD: PASSWORD,
    JWKS_URL: `https://user:${PASSWORD}@keys.example.com/jwks?token=${PASSWORD}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://user:${PASSWORD}@collector:4318/v1?api=${PASSWORD}`,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer ${PASSWORD}`,
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: `x-key=${PASSWORD}`,
    OTEL_EXPORTER_OTLP_LOGS_HEADERS: `x-key=${PASSWORD}`,
  };

  test('are in no refusal, also not of what is no address', () => {
    for (const JWKS_URL of [env.JWKS_URL, `user:${PASSWORD}@keys`, `ftp://user:${PASSWORD}@keys`]) {
      const { status, stdout, stderr } = run([], { ...env, JWKS_URL, LANES: '0' });
      expect([status, stdout]).toEqual([1, '']);
      expect(stderr).toContain('JWKS_URL: expected');
      expect(stderr).not.toMatch(/hunter2|Bearer/u);
    }
    expect(refusal({ API_KEYS: ' \n' })).toBe(
      'invalid environment: API_KEYS: expected a text that is not blank, got "***"',
    );
    for (const name of ['DATABASE_URL', 'S3_URL', 'KAFKA_BROKERS'])
      expect(refusal({ [name]: `https://user:${PASSWORD}@a.b` })).not.toContain('hunter2');
    expect(refusal({ CORS_ORIGINS: `https://user:${PASSWORD}@a.b` })).not.toContain('hunter2');
  });

  test('are masked by --print-config', () => {
    const { JWKS_URL, ...rest } = env;
    expect(shown('JWKS_URL', JWKS_URL)).not.toContain('hunter2');
    const { status, stdout } = run(['--print-config'], rest);
    expect(status).toBe(0);
    expect(stdout).not.toMatch(/hunter2|Bearer/u);
    const printed = JSON.parse(stdout) as JsonValue;
    for (const name of ['API_KEYS', 'DATABASE_URL', 'KAFKA_PASSWORD'])
      expect([name, at(printed, 'settings', name)]).toEqual([name, { value: '***', from: 'environment' }]);
    expect(at(printed, 'settings', 'KAFKA_USERNAME', 'value')).toBe('analytics');
    for (const name of ['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_TRACES_HEADERS'])
      expect(at(printed, 'otel', name)).toEqual({ value: '***', from: 'environment' });
    expect(at(printed, 'otel', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'value')).toMatch(/^http:\/\/\*\*\*@/u);
  });
});

describe('the command line', () => {
  test('--print-config: every setting, its value, where it is from; nothing is started', () => {
    const env = { MAX_ROWS: '7', MEMORY_BUDGET: '67108864', OTEL_SERVICE_NAME: 'mine', MAX_ROW: '7' };
    const { status, stdout, stderr, ms } = run(['--print-config'], env);
    expect([status, stderr]).toEqual([0, '']);
    const printed = JSON.parse(stdout) as JsonValue;
    const { settings, origins } = readSettings(env);
    expect(Object.keys(at(printed, 'settings') as object)).toEqual(rules.map(([name]) => name));
    for (const [name] of rules)
      expect([name, at(printed, 'settings', name)]).toEqual([
        name,
        { value: settings[name], from: origins[name] },
      ]);
    expect(at(printed, 'settings', 'MAX_ROWS')).toEqual({ value: 7, from: 'environment' });
    expect(at(printed, 'settings', 'LANES', 'from')).toBe('machine');
    expect(at(printed, 'settings', 'PORT')).toEqual({ value: 8000, from: 'default' });
    expect(at(printed, 'otel')).toEqual({ OTEL_SERVICE_NAME: { value: 'mine', from: 'environment' } });
    expect(at(printed, 'warnings')).toEqual(['MAX_ROW is no setting of this service; MAX_ROWS is']);
    // One line a setting: it is read by people as well.
    expect(stdout.split('\n').filter((line) => line.includes('"from"'))).toHaveLength(rules.length + 1);
    console.log(`--print-config: ${Math.round(ms)} ms`);
  });

  test('--print-config of what would not start: the same sentence, 1', () => {
    const { status, stdout, stderr } = run(['--print-config'], { MAX_ROWS: 'many' });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('MAX_ROWS: expected a whole number in digits');
  });

  test('--help says how, anything else is refused with 2', () => {
    const help = run(['--help']);
    expect([help.status, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toMatch(/^usage: node dist\/src\/main\.js \[--print-config \| --help\]\n/u);
    for (const args of [['--port=1'], ['start'], ['--print-config', 'x'], ['--help', 'x'], ['']]) {
      const { status, stdout, stderr } = run(args);
      expect([args, status, stdout]).toEqual([args, 2, '']);
      expect(stderr).toContain('usage: node dist/src/main.js');
    }
  });
});

describe('names that are nearly right', () => {
  test.each([
    ['MAX_ROW', 'MAX_ROWS'],
    ['MAX_CELL', 'MAX_CELLS'],
    ['LANE', 'LANES'],
    ['max_rows', 'MAX_ROWS'],
    ['DEADLINE', undefined],
    ['DEADLINE_SM', 'DEADLINE_MS'],
    ['MAX_JSON_BYTE', 'MAX_JSON_BYTES'],
    ['API_KEY_FILE', 'API_KEYS_FILE'],
    ['CORS_ORIGIN', 'CORS_ORIGINS'],
    ['QUOTA_REQUEST', 'QUOTA_REQUESTS'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['HOSTNAME', undefined],
    ['HOME', undefined],
    ['PATH', undefined],
    ['LANG', undefined],
    ['LANGUAGE', undefined],
    ['NODE_ENV', undefined],
    ['ANALYTICS_SERVICE_PORT', undefined],
    ['MAX_ROWS', undefined],
  ])('%s → %s', (name, near) => {
    expect(misspelt({ [name]: 'x' })).toEqual(
      near === undefined ? [] : [`${name} is no setting of this service; ${near} is`],
    );
  });

  test('warn at the start, without the value, and do not stop it', async () => {
    const service = await startService({ env: { MAX_ROW: 'hunter2' } });
    const reply = await postJson(`${service.url}/analytics/analyze`, { data: [{ a: 1 }, { a: 2 }] });
    expect(reply.status).toBe(200);
    expect((await send(`${service.url}/health/ready`, { method: 'GET' })).status).toBe(200);
    expect(await service.stop()).toBe(0);
    expect(service.output()).toMatch(/"level":"warn".*MAX_ROW is no setting of this service; MAX_ROWS is/u);
    expect(service.output()).not.toContain('hunter2');
  });
});
