import { hash, timingSafeEqual } from 'node:crypto';
import { Ajv, type ValidateFunction } from 'ajv';
import { type Caller, SCOPES, type Scope } from '../../ports/access.js';

interface Entry {
  readonly id: string;
  readonly sha256: string;
  readonly scopes: readonly Scope[];
  readonly requests_per_minute?: number;
  readonly bytes_per_minute?: number;
  readonly expires?: string;
}

interface Key {
  readonly digest: Buffer;
  readonly caller: Caller;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** Every key is looked at for every request. */
const MOST = 1000;
const QUOTA = { type: 'integer', minimum: 0, maximum: 2 ** 50 } as const;

/** Of the file of keys. */
const schema = {
  type: 'object',
  required: ['keys'],
  additionalProperties: false,
  properties: {
    keys: {
      type: 'array',
      maxItems: MOST,
      items: {
        type: 'object',
        required: ['id', 'sha256', 'scopes'],
        additionalProperties: false,
        properties: {
          id: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._@:-]{0,63}$' },
          sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
          scopes: { type: 'array', minItems: 1, uniqueItems: true, items: { enum: SCOPES } },
          requests_per_minute: QUOTA,
          bytes_per_minute: QUOTA,
          expires: {
            type: 'string',
            pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:\\d{2})$',
          },
        },
      },
    },
  },
} as const;

let compiled: ValidateFunction<{ readonly keys: readonly Entry[] }> | undefined;

/** A key has 32 characters at least: what is shorter could be guessed, since its hash has no salt and no cost. */
const PRESENTED = /^[\x21-\x7e]{32,512}$/u;

/** Who presents which key. */
export interface Keys {
  readonly count: number;
  /**
   * The caller whose key it is, while it has not expired. Every entry is compared, in constant time: how long it takes
   * says nothing of what is there.
   */
  match(presented: string): Caller | undefined;
}

/** Reads `{"keys": [{"id", "sha256", "scopes", …}]}`. Throws an Error that names the place of a fault, and no value. */
export function parseKeys(text: string): Keys {
  const keys = entriesOf(text).map((entry, i): Key => {
    const expires = entry.expires === undefined ? Infinity : Date.parse(entry.expires);
    if (Number.isNaN(expires)) throw new Error(`/keys/${i}/expires must be a moment (RFC 3339)`);
    return {
      digest: Buffer.from(entry.sha256, 'hex'),
      expires,
      caller: Object.freeze({
        id: entry.id,
        kind: 'key',
        scopes: new Set(entry.scopes),
        requests: entry.requests_per_minute,
        bytes: entry.bytes_per_minute,
      }),
    };
  });
  return {
    count: keys.length,
    match(presented) {
      if (!PRESENTED.test(presented)) return undefined;
      const digest = hash('sha256', presented, 'buffer');
      let found: Key | undefined;
      for (const key of keys) if (timingSafeEqual(key.digest, digest)) found = key;
      return found !== undefined && Date.now() < found.expires ? found.caller : undefined;
    },
  };
}

function entriesOf(text: string): readonly Entry[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // The parser's own message would show a piece of it.
    throw new Error('it is not JSON');
  }
  compiled ??= new Ajv().compile<{ readonly keys: readonly Entry[] }>(schema);
  if (!compiled(document)) {
    const [fault] = compiled.errors ?? [];
    throw new Error(`${fault?.instancePath || 'it'} ${fault?.message ?? 'is wrong'}`);
  }
  const { keys } = document;
  for (const name of ['id', 'sha256'] as const) {
    const seen = new Map<string, number>();
    for (const [i, entry] of keys.entries()) {
      const first = seen.get(entry[name]);
      if (first !== undefined) throw new Error(`/keys/${i}/${name} must not be that of /keys/${first}`);
      seen.set(entry[name], i);
    }
  }
  return keys;
}
