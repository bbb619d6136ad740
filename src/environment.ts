/** The settings as the environment has them: read strictly, checked one by one and with each other, none shown that is secret. */
import { isIP } from 'node:net';
import { availableParallelism, totalmem } from 'node:os';
import { keptFaults } from './environment-kept.js';
import type { FromSchema } from './ports/schema.js';
import { settingsSchema } from './settings.js';

export type Env = Readonly<Record<string, string | undefined>>;
export type Name = keyof typeof settingsSchema.properties;
export type Settings = { [K in Name]: Exclude<FromSchema<typeof settingsSchema>[K], undefined> };
/** Where a value comes from: the table, the environment, the machine, or another setting that bounds it. */
export type Origin = 'default' | 'environment' | 'machine' | Name;

export interface Effective {
  readonly settings: Settings;
  readonly origins: Readonly<Record<Name, Origin>>;
}

interface Rule {
  readonly type?: 'integer' | 'boolean' | 'string';
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: number | string | boolean;
  readonly secret?: boolean;
}

const RULES: ReadonlyMap<Name, Rule> = new Map(Object.entries(settingsSchema.properties) as [Name, Rule][]);

/**
 * Every setting by its name, with its value and where that is from. An empty variable is one that is not set, as with the
 * OTEL_* variables. Throws an Error that names every variable that is wrong, and no secret.
 */
export function readSettings(env: Env): Effective {
  const faults: string[] = [];
  const values = new Map<Name, number | string | boolean>();
  const origins = new Map<Name, Origin>();
  for (const [name, rule] of RULES) {
    const given = env[name] ?? '';
    const value = given === '' ? (rule.default ?? machineDefault(name)) : valueOf(given, rule);
    origins.set(name, given !== '' ? 'environment' : rule.default === undefined ? 'machine' : 'default');
    if (value === undefined) faults.push(fault(name, expected(rule), given));
    else values.set(name, value);
  }
  const isSet = (name: Name): boolean => origins.get(name) === 'environment' && values.has(name);
  // Each rule looks at values that are right by themselves; at the rest there is nothing to compare.
  const settings = Object.fromEntries(values) as Settings;
  faults.push(...contradictions(settings, isSet));
  if (faults.length > 0) throw new Error(`invalid environment: ${faults.join('; ')}`);

  const bounded = (name: 'DEADLINE_MS' | 'MAX_REQUEST_MEMORY', by: Name, most: number): object => {
    if (settings[name] <= most) return {};
    origins.set(name, by);
    return { [name]: most };
  };
  const perRequest = Math.floor(settings.MEMORY_BUDGET / Math.min(settings.LANES, 2));
  const effective = {
    ...settings,
    ...bounded('DEADLINE_MS', 'MAX_DEADLINE_MS', settings.MAX_DEADLINE_MS),
    ...bounded('MAX_REQUEST_MEMORY', 'MEMORY_BUDGET', perRequest),
  };
  return { settings: effective, origins: Object.fromEntries(origins) as Record<Name, Origin> };
}

/** The one way to write a whole number: Number() would also take "", " 8 ", "0x10" and "1e3". */
const DIGITS = /^(?:0|-?[1-9]\d*)$/u;

function valueOf(given: string, { type, enum: words, minimum, maximum }: Rule): Rule['default'] {
  if (words !== undefined) return words.includes(given) ? given : undefined;
  if (type === 'boolean') return given === 'true' ? true : given === 'false' ? false : undefined;
  if (type === 'string') return given.trim() === '' ? undefined : given;
  const value = DIGITS.test(given) ? Number(given) : NaN;
  return value >= (minimum ?? -Infinity) && value <= (maximum ?? Number.MAX_SAFE_INTEGER) ? value : undefined;
}

function expected({ type, enum: words, minimum, maximum }: Rule): string {
  if (words !== undefined) return `one of ${words.join(', ')}`;
  if (type === 'boolean') return 'true or false';
  if (type === 'string') return 'a text that is not blank';
  return `a whole number in digits, ${maximum === undefined ? `at least ${minimum}` : `${minimum} to ${maximum}`}`;
}

const fault = (name: Name, wanted: string, got: string): string =>
  `${name}: expected ${wanted}, got ${JSON.stringify(shown(name, got).slice(0, 100))}`;

/** What contradicts what. Of two settings that do, both were given: a default gives way. */
function contradictions(settings: Partial<Settings>, isSet: (name: Name) => boolean): string[] {
  const faults: string[] = [];
  const most = (name: Name, bound: Name, always = false): void => {
    const [value, limit] = [settings[name], settings[bound]];
    if (!isSet(name) || !(always || isSet(bound)) || value === undefined || limit === undefined) return;
    if (value > limit) faults.push(fault(name, `at most ${bound}, which is ${limit}`, String(value)));
  };
  most('DEADLINE_MS', 'MAX_DEADLINE_MS', true);
  most('DRAIN_MS', 'STOP_GRACE_MS', true);
  most('MAX_QUEUE_BYTES', 'MEMORY_BUDGET');
  for (const body of ['MAX_JSON_BYTES', 'MAX_ARROW_BYTES', 'MAX_MODEL_BYTES'] as const)
    most(body, 'MAX_REQUEST_MEMORY');
  most('JOB_LEASE_MS', 'JOB_DEADLINE_MS');
  most('STREAM_BATCH_BYTES', 'MAX_REQUEST_MEMORY');
  most('STREAM_BATCH_MS', 'STREAM_IDLE_MS');
  faults.push(...keptFaults(settings, fault));

  const { HOST: host, JWKS_URL: keys, JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = settings;
  if (host !== undefined && isIP(host) === 0 && !/^[\w-]+(?:\.[\w-]+)*$/u.test(host))
    faults.push(fault('HOST', 'an address or a name of a host', host));
  if (keys !== undefined && keys !== '') {
    if (!isPlainUrl(keys))
      faults.push(fault('JWKS_URL', 'an address by https or http, without user and password', keys));
    if (issuer === '') faults.push('JWT_ISSUER: expected a text, for there is JWKS_URL, got none');
    if (audience === '') faults.push('JWT_AUDIENCE: expected a text, for there is JWKS_URL, got none');
  } else if (keys === '') {
    for (const name of ['JWT_ISSUER', 'JWT_AUDIENCE'] as const)
      if (isSet(name)) faults.push(`${name}: expected JWKS_URL beside it, got none`);
  }
  for (const origin of originsOf(settings.CORS_ORIGINS ?? '')) {
    const right = URL.canParse(origin) ? new URL(origin).origin : 'null';
    if (right === origin && /^https?:/u.test(origin)) continue;
    const wanted = /^https?:/u.test(right)
      ? JSON.stringify(right)
      : 'origins such as "https://app.example.com"';
    faults.push(fault('CORS_ORIGINS', wanted, origin));
  }
  return faults;
}

function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/u.test(protocol) && username === '' && password === '';
}

/** Origins of a list with commas. */
export const originsOf = (list: string): readonly string[] =>
  list.split(',').flatMap((origin) => origin.trim() || []);

/** Names whose values are nobody's business: our own, and those of OpenTelemetry that carry credentials. */
const SECRET = /HEADERS|TOKEN|SECRET|PASSWORD|(?:^|_)KEYS?$/u;

/** A value as it may be shown: not at all, or without the user, the password and the query of an address. */
export function shown(name: string, value: string): string {
  if (value === '') return '';
  if (RULES.get(name as Name)?.secret === true || SECRET.test(name)) return '***';
  // A password may hold any letter: up to the last @.
  const plain = value.replaceAll(/\/\/\S*@/gu, '//***@').replaceAll(/([?&][^=&\s]+=)[^&#\s]*/gu, '$1***');
  return /URL|ENDPOINT|ORIGINS/u.test(name) ? plain.replace(/^(?!\w+:\/\/)\S*@/u, '***@') : plain;
}

/**
 * A sentence for every variable whose name is nearly that of a setting. Not an error: the environment is the platform's as
 * well, and a variable that another program reads must not keep this one from starting.
 */
export function misspelt(env: Env): string[] {
  return Object.keys(env).flatMap((name) => {
    if (RULES.has(name as Name)) return [];
    const upper = name.toUpperCase();
    const near = [...RULES.keys()]
      .map((known) => ({ known, distance: distance(upper, known) }))
      .filter(({ known, distance: far }) => far <= Math.max(1, Math.floor(known.length / 6)))
      .sort((a, b) => a.distance - b.distance)[0];
    return near === undefined ? [] : [`${name} is no setting of this service; ${near.known} is`];
  });
}

/** Letters to change, add, leave out or swap until one name is the other (optimal string alignment). */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 3) return Infinity;
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const [above, left] = [rows[i - 1]!, row[j - 1]!];
      const isSame = a[i - 1] === b[j - 1];
      const swap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(
        Math.min(
          above[j]! + 1,
          left + 1,
          above[j - 1]! + (isSame ? 0 : 1),
          swap ? rows[i - 2]![j - 2]! + 1 : Infinity,
        ),
      );
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

function machineDefault(name: Name): number | undefined {
  if (name === 'LANES') return Math.min(availableParallelism(), settingsSchema.properties.LANES.maximum);
  if (name === 'MEMORY_BUDGET')
    return Math.max(Math.floor(memoryHere() * 0.6), settingsSchema.properties.MEMORY_BUDGET.minimum);
  return undefined;
}

/** Memory that this process may use: the container's limit where there is one. */
export function memoryHere(): number {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? limit : totalmem();
}
