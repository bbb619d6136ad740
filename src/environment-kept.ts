/** What has to be right about the addresses of the catalog, of storage and of Kafka before anything is started. */
import { isIP } from 'node:net';

/** Those that are looked at; undefined where the value is wrong by itself. */
export interface KeptSettings {
  readonly DATABASE_URL?: string | undefined;
  readonly S3_URL?: string | undefined;
  readonly KAFKA_BROKERS?: string | undefined;
  readonly KAFKA_SASL?: string | undefined;
  readonly KAFKA_USERNAME?: string | undefined;
  readonly KAFKA_PASSWORD?: string | undefined;
}

/** Says what was expected of a setting; what was got it shows as far as it may be shown. */
type Fault = (name: keyof KeptSettings, wanted: string, got: string) => string;

/** A sentence for everything that would not work: each names its variable. */
export function keptFaults(settings: KeptSettings, fault: Fault): string[] {
  const {
    DATABASE_URL: database = '',
    S3_URL: storage = '',
    KAFKA_BROKERS: brokers = '',
    KAFKA_SASL: sasl,
    KAFKA_USERNAME: user,
    KAFKA_PASSWORD: password,
  } = settings;
  const faults: string[] = [];
  if (database !== '' && !isDatabase(database))
    faults.push(fault('DATABASE_URL', 'postgres://user:password@host:port/database', database));
  if (storage !== '' && !isBucket(storage))
    faults.push(
      fault(
        'S3_URL',
        's3://bucket/prefix, or http(s)://host:port/bucket/prefix, with the keys in AWS_* and not in it',
        storage,
      ),
    );
  for (const broker of brokersOf(brokers))
    if (!isBroker(broker)) faults.push(fault('KAFKA_BROKERS', 'host:port, with commas between', broker));
  if (brokers !== '' && brokersOf(brokers).length === 0)
    faults.push(fault('KAFKA_BROKERS', 'host:port, with commas between', brokers));
  for (const [name, value] of [
    ['KAFKA_USERNAME', user],
    ['KAFKA_PASSWORD', password],
  ] as const) {
    if (value === undefined || sasl === undefined) continue;
    if (sasl === 'none' && value !== '') faults.push(`${name}: expected KAFKA_SASL beside it, got none`);
    if (sasl !== 'none' && value === '')
      faults.push(`${name}: expected a text, for there is KAFKA_SASL, got none`);
  }
  return faults;
}

/** Brokers of a list with commas. */
export const brokersOf = (list: string): readonly string[] =>
  list.split(',').flatMap((broker) => broker.trim() || []);

function isDatabase(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, pathname, hostname, searchParams } = new URL(text);
  return (
    /^postgres(?:ql)?:$/u.test(protocol) &&
    pathname.length > 1 &&
    // A folder of a socket is named in the query.
    (hostname !== '' || searchParams.has('host'))
  );
}

/** As S3 names them: small letters, digits, dots and hyphens. */
const BUCKET = /^[a-z\d][a-z\d.-]{1,61}[a-z\d]$/u;

function isBucket(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, port, pathname, username, password, search, hash } = new URL(text);
  if (username !== '' || password !== '' || search !== '' || hash !== '') return false;
  if (protocol === 's3:') return BUCKET.test(hostname) && port === '';
  return /^https?:$/u.test(protocol) && BUCKET.test(pathname.split('/')[1] ?? '');
}

function isBroker(text: string): boolean {
  const [, host = '', port = ''] = /^(\[[^\]]+\]|[^:]+):(\d{1,5})$/u.exec(text) ?? [];
  const isHost = host.startsWith('[') ? isIP(host.slice(1, -1)) === 6 : /^[\w-]+(?:\.[\w-]+)*$/u.test(host);
  return isHost && Number(port) >= 1 && Number(port) <= 65_535;
}
