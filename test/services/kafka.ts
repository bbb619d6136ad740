import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const VERSION =
  /kafka_2\.13<\/artifactId>\s*<version>(.+?)</u.exec(
    readFileSync(join(__dirname, 'kafka/pom.xml'), 'utf8'),
  )?.[1] ?? '';
const JARS = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'analytics-service',
  `kafka-${VERSION}`,
);

/** A real Apache Kafka server, broker and controller in one process, on 127.0.0.1. */
export interface KafkaServer {
  readonly brokers: string;
  /** Settings of a service that uses it. */
  readonly env: Readonly<Record<string, string>>;
  /** Of the listener that speaks TLS and asks who it is, when `secured`: SCRAM of all kinds and PLAIN know the user. */
  readonly secured?: {
    readonly brokers: string;
    readonly ca: string;
    readonly user: string;
    readonly password: string;
  };
  topic(name: string, options?: TopicOptions): Promise<void>;
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Killed when it still runs, then started on what it has on disk; resolves when it answers. */
  restart(): Promise<void>;
}

export interface TopicOptions {
  readonly partitions?: number;
  readonly config?: Readonly<Record<string, string>>;
}

const USER = 'analyst';
const PASSWORD = 'a-password-of-tests';

/**
 * Starts it on free ports with its data in a temporary folder.
 *
 * @throws Error when the jars are not there (`.ci/services kafka` fetches them) or it does not answer within a minute
 */
export async function startKafka({ secured = false } = {}): Promise<KafkaServer> {
  if (!existsSync(join(JARS, 'complete'))) {
    throw new Error(`Apache Kafka ${VERSION} is not in ${JARS}: run .ci/services kafka`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'kafka-'));
  const [port, controller, safe] = await Promise.all([freePort(), freePort(), freePort()]);
  const properties = join(folder, 'server.properties');
  if (secured) await certificate(folder);
  writeFileSync(properties, settings(folder, port, controller, secured ? safe : undefined));
  await java(folder, 'kafka.tools.StorageTool', [
    'format',
    ...['--cluster-id', 'QW5hbHl0aWNzU2VydmljZQ', '--config', properties],
    ...(secured
      ? [256, 512].flatMap((bits) => [
          '--add-scram',
          `SCRAM-SHA-${String(bits)}=[name=${USER},password=${PASSWORD}]`,
        ])
      : []),
  ]);
  const brokers = `127.0.0.1:${String(port)}`;
  let server: ChildProcess | undefined;
  let output = '';

  const start = async (): Promise<void> => {
    const child = spawn('java', [...flags(), 'kafka.Kafka', properties], { cwd: folder });
    server = child;
    output = '';
    const listen = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-20_000);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    for (const end = Date.now() + 60_000; ;) {
      await pause(150);
      if (child.exitCode !== null || Date.now() > end) {
        child.kill('SIGKILL');
        throw new Error(`Apache Kafka ${VERSION} does not answer on ${brokers}: ${output}`);
      }
      if (!output.includes('Kafka Server started')) continue;
      if (await answers(brokers)) return;
    }
  };
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    const child = server;
    server = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    const late = setTimeout(() => {
      child.kill('SIGKILL');
    }, 15_000);
    await gone;
    clearTimeout(late);
  };

  try {
    await start();
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    brokers,
    env: { KAFKA_BROKERS: brokers },
    ...(secured && {
      secured: {
        brokers: `127.0.0.1:${String(safe)}`,
        ca: join(folder, 'ca.pem'),
        user: USER,
        password: PASSWORD,
      },
    }),
    topic: (name, options) => createTopic(brokers, name, options),
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGKILL');
      await start();
    },
    async stop() {
      await end('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Whether kcat gets an answer. */
async function answers(brokers: string): Promise<boolean> {
  try {
    await run('kcat', ['-L', '-b', brokers, '-m', '5']);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new Error('kcat is not installed: run .ci/services kafka', { cause: error });
    }
    return false;
  }
}

function settings(folder: string, port: number, controller: number, safe: number | undefined): string {
  const listeners = [`PLAINTEXT://127.0.0.1:${String(port)}`, `CONTROLLER://127.0.0.1:${String(controller)}`];
  const lines = [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${String(controller)}`,
    'controller.listener.names=CONTROLLER',
    'inter.broker.listener.name=PLAINTEXT',
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL',
    `log.dirs=${join(folder, 'data')}`,
    'num.partitions=1',
    'auto.create.topics.enable=true',
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=4',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.num.partitions=4',
    'transaction.state.log.min.isr=1',
    'share.coordinator.state.topic.replication.factor=1',
    'share.coordinator.state.topic.min.isr=1',
    'group.initial.rebalance.delay.ms=0',
    'group.min.session.timeout.ms=1000',
    'controlled.shutdown.enable=false',
    'num.network.threads=2',
    'num.io.threads=2',
    'background.threads=2',
    'log.cleaner.dedupe.buffer.size=4194304',
  ];
  if (safe !== undefined) {
    listeners.push(`SASL_SSL://127.0.0.1:${String(safe)}`);
    lines.push(
      'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      `ssl.keystore.location=${join(folder, 'keys.p12')}`,
      'ssl.keystore.type=PKCS12',
      `ssl.keystore.password=${PASSWORD}`,
      `listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_${USER}="${PASSWORD}";`,
      ...['256', '512'].map(
        (bits) =>
          `listener.name.sasl_ssl.scram-sha-${bits}.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;`,
      ),
    );
  }
  return [...lines, `listeners=${listeners.join(',')}`].join('\n');
}

/** A key with a certificate of its own for 127.0.0.1, and the certificate by itself for who is to trust it. */
async function certificate(folder: string): Promise<void> {
  const store = ['-keystore', join(folder, 'keys.p12'), '-storetype', 'PKCS12', '-storepass', PASSWORD];
  await run('keytool', [
    ...['-genkeypair', '-alias', 'broker', '-keyalg', 'EC', '-groupname', 'secp256r1', '-validity', '2'],
    ...['-dname', 'CN=127.0.0.1', '-ext', 'SAN=ip:127.0.0.1', ...store],
  ]);
  const { stdout } = await run('keytool', ['-exportcert', '-rfc', '-alias', 'broker', ...store]);
  writeFileSync(join(folder, 'ca.pem'), stdout);
}

/** Small, and started fast: the machine does other things. */
function flags(): string[] {
  return [
    ...['-Xms256m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'],
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
    ...['-Djava.net.preferIPv4Stack=true', '-cp', join(JARS, '*')],
  ];
}

async function java(folder: string, main: string, args: readonly string[]): Promise<void> {
  await run('java', [...flags(), main, ...args], { cwd: folder });
}

async function createTopic(
  brokers: string,
  name: string,
  { partitions = 1, config = {} }: TopicOptions = {},
): Promise<void> {
  const script = `
    const [brokers, topic, partitions, config] = JSON.parse(process.argv[1]);
    import('@platformatic/kafka').then(async ({ Admin }) => {
      const admin = new Admin({ clientId: 'tests', bootstrapBrokers: brokers.split(',') });
      const configs = Object.entries(config).map(([name, value]) => ({ name, value }));
      await admin.createTopics({ topics: [topic], partitions, replicas: 1, configs });
      await admin.close();
    });`;
  await run(process.execPath, ['-e', script, JSON.stringify([brokers, name, partitions, config])], {
    cwd: join(__dirname, '../..'),
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}
