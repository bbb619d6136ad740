import {
  type Access,
  type Allowance,
  type Caller,
  type Counted,
  type Credentials,
  Denied,
} from '../../ports/access.js';
import { Problem } from '../../ports/problem.js';
import { type Keys, parseKeys } from './keys.js';
import { openKeysFile, type Say } from './keys-file.js';
import { Meter, partyOf } from './meter.js';
import { type AccessSettings, policyOf } from './policy.js';
import { Tokens, type TokenSettings } from './tokens.js';

export interface AccessOptions extends AccessSettings, TokenSettings {
  /** A minute, 0: as many as one likes. */
  readonly quotaRequests: number;
  readonly quotaBytes: number;
}

/** Failures a minute that an address has, before it is told to wait. */
const MOST_FAILURES = 20;

/**
 * Who may ask, by the settings. Undefined where nobody is asked and nothing counted. Throws an Error that says what to set
 * where the settings contradict each other, leave open what must not be, or keys cannot be read.
 */
export async function openAccess(
  options: AccessOptions,
  host: string,
  say: Say,
): Promise<Access | undefined> {
  const { required, warnings } = policyOf(options, host);
  for (const warning of warnings) say('warn', warning, {});
  if (!required && options.quotaRequests === 0 && options.quotaBytes === 0) return undefined;
  const keys = required ? keysOf(options, say) : undefined;
  const tokens = required && options.jwksUrl !== '' ? new Tokens(options, say) : undefined;
  if (required && tokens === undefined && keys?.().count === 0)
    throw new Error('invalid environment: expected at least one API key, got an empty list');
  const [requests, bytes, failures] = await Promise.all([Meter.open(), Meter.open(), Meter.open()]);
  return {
    required,
    identify: (credentials, address) => identify(credentials, address, { keys, tokens, failures }),
    count: (caller, address, asked, landed) =>
      count({ requests, bytes }, options, caller, address, asked, landed),
  };
}

function keysOf({ keysFile, keys }: AccessSettings, say: Say): (() => Keys) | undefined {
  if (keysFile !== '') return openKeysFile(keysFile, say);
  if (keys === '') return undefined;
  try {
    const parsed = parseKeys(keys);
    return () => parsed;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`API_KEYS cannot be used: ${reason}`, { cause: error });
  }
}

interface Known {
  readonly keys: (() => Keys) | undefined;
  readonly tokens: Tokens | undefined;
  readonly failures: Meter;
}

/**
 * Every refusal is the same, whatever is wrong. Who presents a key that holds is never refused for the failures of an
 * address: behind a proxy all have one, and anybody there could shut out the others.
 */
async function identify(credentials: Credentials, address: string, known: Known): Promise<Caller> {
  const presented = presentedIn(credentials);
  if (presented === undefined) {
    const detail = 'expected an API key (X-API-Key) or a token (Authorization: Bearer), got none';
    throw new Denied('unauthorized', detail);
  }
  const caller = known.keys?.().match(presented) ?? (await known.tokens?.verify(presented));
  if (caller !== undefined) return caller;
  const { used, resetMs } = await known.failures.add(partyOf(address), 1);
  if (used > MOST_FAILURES) {
    const detail = `expected at most ${MOST_FAILURES} keys or tokens a minute that are not valid, got more`;
    throw new Denied('quota_exceeded', detail, resetMs);
  }
  throw new Denied('unauthorized', 'expected a valid API key or token, got another');
}

function presentedIn({ apiKey, authorization = '' }: Credentials): string | undefined {
  return apiKey ?? /^Bearer +(\S+) *$/iu.exec(authorization)?.[1];
}

async function count(
  meters: Readonly<Record<Allowance['unit'], Meter>>,
  { quotaRequests, quotaBytes }: AccessOptions,
  caller: Caller | undefined,
  address: string,
  requests: number,
  bytes: number,
): Promise<Counted> {
  const who = caller === undefined ? `address ${partyOf(address)}` : `${caller.kind} ${caller.id}`;
  const limits = { requests: caller?.requests ?? quotaRequests, bytes: caller?.bytes ?? quotaBytes };
  if (limits.bytes > 0 && bytes > limits.bytes) {
    const detail = `expected a body of at most ${limits.bytes} bytes, the quota of a minute, got ${bytes}`;
    throw new Problem('too_large', detail);
  }
  const allowances: Allowance[] = [];
  for (const [unit, asked] of [
    ['requests', requests],
    ['bytes', bytes],
  ] as const) {
    const limit = limits[unit];
    if (limit === 0) continue;
    const { used, resetMs } = await meters[unit].add(who, asked);
    const allowance = { unit, limit, remaining: Math.max(0, limit - used), resetMs };
    allowances.push(allowance);
    if (used <= limit) continue;
    // What is refused has not been used.
    await meters[unit].remove(who, asked);
    return { allowances, over: allowance };
  }
  return { allowances, over: undefined };
}
