import { type Caller, Denied, SCOPES, type Scope } from '../../ports/access.js';
import type { Say } from './keys-file.js';

export interface TokenSettings {
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
}

/** Signatures that only the holder of a private key can make. */
const ALGORITHMS = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');
const MOST_CHARACTERS = 8192;
/** Three parts of base64url (RFC 7515, 7.1). */
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/u;
const FETCH_MS = 3000;
/** Keys are asked for again behind the requests when they are this old, */
const REFRESH_MS = 300_000;
/** at most this often for tokens whose key is not known, */
const COOLDOWN_MS = 5000;
/** and this often while they cannot be had. */
const FAILED_MS = 1000;
const TOLERANCE_SECONDS = 5;
const MOST_OF_ID = 128;

type Jose = typeof import('jose');
type Remote = ReturnType<Jose['createRemoteJWKSet']>;

/** Tokens (JWT, RFC 7519) that are signed by a key of a JWKS endpoint, whose keys may change at any time. */
export class Tokens {
  readonly #settings: TokenSettings;
  readonly #say: Say;
  #jose: Promise<{ readonly jose: Jose; readonly remote: Remote }> | undefined;
  /** On a clock that is never set. */
  #triedAt = -Infinity;
  #failed = false;

  constructor(settings: TokenSettings, say: Say) {
    this.#settings = settings;
    this.#say = say;
  }

  /**
   * The subject of a token that holds, with the scopes that it names; undefined for one that does not. Throws Denied
   * `access_unavailable` when that cannot be told, for want of keys.
   */
  async verify(token: string): Promise<Caller | undefined> {
    if (token.length > MOST_CHARACTERS || !COMPACT.test(token)) return undefined;
    const { jose, remote } = await this.#load();
    // What no key of ours could have signed asks for none.
    if (!ALGORITHMS.includes(algorithmOf(jose, token))) return undefined;
    if (remote.jwks() === undefined) await this.#first(remote);
    else if (this.#age() > REFRESH_MS) void this.#fetch(remote);
    const { issuer, audience } = this.#settings;
    const rules = {
      issuer,
      audience,
      algorithms: ALGORITHMS,
      clockTolerance: TOLERANCE_SECONDS,
      requiredClaims: ['exp', 'sub'],
    };
    const { JWKSNoMatchingKey } = jose.errors;
    try {
      return callerOf((await jose.jwtVerify(token, remote, rules)).payload);
    } catch (error) {
      if (!(error instanceof JWKSNoMatchingKey)) return undefined;
    }
    // Its key may be newer than ours.
    if (this.#age() > (this.#failed ? FAILED_MS : COOLDOWN_MS)) await this.#fetch(remote);
    try {
      return callerOf((await jose.jwtVerify(token, remote, rules)).payload);
    } catch (error) {
      if (error instanceof JWKSNoMatchingKey && this.#failed) throw unavailable();
      return undefined;
    }
  }

  #load(): Promise<{ readonly jose: Jose; readonly remote: Remote }> {
    // With the first token: a start without one need not wait for it.
    this.#jose ??= import('jose').then((jose) => {
      const url = new URL(this.#settings.jwksUrl);
      // When to ask again is decided here: it goes by the time of day, and drops keys that it cannot renew.
      const never = { cooldownDuration: Infinity, cacheMaxAge: Infinity };
      return { jose, remote: jose.createRemoteJWKSet(url, { timeoutDuration: FETCH_MS, ...never }) };
    });
    return this.#jose;
  }

  #age(): number {
    return performance.now() - this.#triedAt;
  }

  async #first(remote: Remote): Promise<void> {
    if (!remote.reloading && this.#failed && this.#age() < FAILED_MS) throw unavailable();
    await this.#fetch(remote);
    if (remote.jwks() === undefined) throw unavailable();
  }

  /** Those who come while it is under way wait for the same answer. */
  async #fetch(remote: Remote): Promise<void> {
    this.#triedAt = performance.now();
    try {
      await remote.reload();
      if (this.#failed) this.#say('info', 'the keys of tokens are there again', {});
      this.#failed = false;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const held = remote.jwks() !== undefined;
      const told = held ? 'those before hold' : 'tokens are refused until then';
      if (!this.#failed) this.#say('error', `the keys of tokens cannot be had: ${told}`, { reason });
      this.#failed = true;
    }
  }
}

function unavailable(): Denied {
  const detail = 'expected the keys that tokens are checked with, got none from where they are';
  return new Denied('access_unavailable', detail, FETCH_MS);
}

function algorithmOf({ decodeProtectedHeader }: Jose, token: string): string {
  try {
    return decodeProtectedHeader(token).alg ?? '';
  } catch {
    return '';
  }
}

/** Scopes are in `scope` (RFC 8693, 4.2), or as some issuers have them. Undefined without a subject. */
function callerOf(claims: Readonly<Record<string, unknown>>): Caller | undefined {
  const { sub } = claims;
  if (typeof sub !== 'string' || sub === '') return undefined;
  const words = ['scope', 'scp', 'scopes'].flatMap((name) => {
    const value = claims[name];
    return typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? (value as unknown[]) : [];
  });
  const scopes = SCOPES.filter((scope: Scope) => words.includes(scope));
  return { id: sub.slice(0, MOST_OF_ID).toWellFormed(), kind: 'token', scopes: new Set(scopes) };
}
