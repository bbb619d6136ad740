/** How callers say who they are, by the settings. */
export interface AccessSettings {
  readonly auth: 'auto' | 'required' | 'none';
  /** Empty: none, as with the other texts. */
  readonly keysFile: string;
  readonly keys: string;
  readonly jwksUrl: string;
}

/** What the settings come to. */
export interface Policy {
  readonly required: boolean;
  /** Sentences for the log. */
  readonly warnings: readonly string[];
}

const LOOPBACK = /^(?:localhost|::1|\[::1\]|(?:::ffff:)?127(?:\.\d{1,3}){3})$/iu;

/** Whether only this machine reaches an address. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);

/** Whether callers are asked who they are. Throws an Error that says what to set where that must not be left open. */
export function policyOf(settings: AccessSettings, host: string): Policy {
  const { auth, keysFile, keys, jwksUrl } = settings;
  const given = Object.entries({ API_KEYS_FILE: keysFile, API_KEYS: keys, JWKS_URL: jwksUrl })
    .filter(([, value]) => value !== '')
    .map(([name]) => name);
  if (auth === 'none') {
    const ignored = `AUTH is none: nobody is asked who they are, ${given.join(' and ')} ignored`;
    return { required: false, warnings: given.length > 0 ? [ignored] : [] };
  }
  if (keysFile !== '' && keys !== '') wrong('expected API_KEYS_FILE or API_KEYS, got both');
  if (jwksUrl !== '' && !isSafe(jwksUrl))
    wrong('JWKS_URL must be an https URL (http: only of this machine), got another');
  if (given.length > 0) return { required: true, warnings: [] };
  const ways = 'set API_KEYS_FILE, API_KEYS or JWKS_URL so that callers say who they are';
  if (auth === 'required') wrong(`AUTH is required, but nobody could be known: ${ways}`);
  if (!isLoopback(host))
    wrong(`HOST is ${host}, where others than this machine can ask: ${ways}, or AUTH=none to ask nobody`);
  return { required: false, warnings: [] };
}

function isSafe(text: string): boolean {
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

function wrong(sentence: string): never {
  throw new Error(`invalid environment: ${sentence}`);
}
