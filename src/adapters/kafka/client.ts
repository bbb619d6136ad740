import type * as Package from '@platformatic/kafka' with { 'resolution-mode': 'import' };
import { Problem } from '../../ports/problem.js';

/** The package, loaded when a broker is first needed. */
export type Kafka = typeof Package;

/** Where brokers are, and who the service is to them. */
export interface KafkaSettings {
  /** `host:port`. */
  readonly brokers: readonly string[];
  readonly tls: boolean;
  readonly sasl: 'none' | 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly username: string;
  readonly password: string;
  /** Without a sign of life for so long a member has lost its partitions. */
  readonly sessionMs: number;
}

/** How the package is to speak to brokers; `requestMs`: how long an answer may take. */
export function connecting(
  { brokers, tls, sasl, username, password }: KafkaSettings,
  requestMs: number,
): Package.BaseOptions & Package.ConnectionOptions {
  return {
    clientId: 'analytics-service',
    bootstrapBrokers: [...brokers],
    connectTimeout: 5000,
    requestTimeout: requestMs,
    retryDelay: 250,
    ...(tls && { tls: {}, tlsServerName: true }),
    ...(sasl !== 'none' && { sasl: { mechanism: sasl, username, password } }),
  };
}

/**
 * Makes a pool of connections safe. The package (1.35.0) asks it for brokers that metadata no longer names, such as a
 * coordinator that is gone, and throws where nothing catches; and it expects errors of its own kind where a closed pool gives
 * others. Here both are errors of its own kind.
 */
export function guard<Pool extends Package.ConnectionPool>(
  { NetworkError, GenericError, MultipleErrors }: Kafka,
  pool: Pool,
): Pool {
  type Got = (error: Error | null, connection?: Package.Connection) => void;
  const get: unknown = Reflect.get(pool, 'get');
  const own = (error: Error): boolean => error instanceof GenericError || error instanceof MultipleErrors;
  const ask = (broker: Package.Broker | undefined, callback: Got): void => {
    if (broker === undefined) {
      callback(new NetworkError('the broker is not among those that are known'));
      return;
    }
    const answer: Got = (error, connection) => {
      callback(
        error === null || own(error) ? error : new NetworkError(error.message, { cause: error }),
        connection,
      );
    };
    if (typeof get === 'function') Reflect.apply(get, pool, [broker, answer]);
  };
  /** By callback, or by promise without one. */
  const guarded = (
    broker: Package.Broker | undefined,
    callback?: Got,
  ): Promise<Package.Connection> | undefined => {
    if (callback === undefined) {
      return new Promise((resolve, reject) => {
        ask(broker, (error, connection) => {
          if (connection === undefined) reject(error ?? new NetworkError('there is no connection'));
          else resolve(connection);
        });
      });
    }
    ask(broker, callback);
    return undefined;
  };
  Object.assign(pool, { get: guarded });
  // An error of a connection after the first has no listener, and would end the process.
  pool.on('connecting', ({ connection }) => {
    connection.on('error', () => undefined);
  });
  return pool;
}

/** What went wrong, in the words of what lies deepest: those of the system or of the broker. */
export function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors.length > 0)
    return sentence(error.errors[error.errors.length - 1]);
  if (error.cause instanceof Error && error.cause.message !== '') return sentence(error.cause);
  return error.message.replace(/\.$/u, '');
}

/** As a Problem with the code `broker_failed`, unless it is one. */
export function brokerFailed(expected: string, error: unknown): Problem {
  if (error instanceof Problem) return error;
  const missing = /^Unknown topic (.*?)\.?$/u.exec(sentence(error))?.[1];
  if (missing !== undefined)
    return new Problem('broker_failed', `expected a topic of Kafka, got ${missing}, which does not exist`);
  return new Problem('broker_failed', `expected ${expected}, got: ${sentence(error)}`);
}

/** Rejects with Problem `broker_failed` when it takes longer. */
export async function within<T>(ms: number, expected: string, work: PromiseLike<T> | T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Problem('broker_failed', `expected ${expected} within ${String(ms)} ms, got no answer`));
    }, ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Milliseconds before the next try: from `first` doubled to `most`, up to half of it off by chance. */
export const backoff = (failures: number, first: number, most: number): number =>
  Math.min(most, first * 2 ** Math.min(failures, 20)) * (0.5 + Math.random() / 2);

/** Closed as by force. */
export const closed = (client: Package.Consumer | Package.Producer): Promise<void> =>
  new Promise((resolve, reject) => {
    client.close(true, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
