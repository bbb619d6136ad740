import { createHash, randomBytes } from 'node:crypto';
import type { Scope } from '../../src/ports/access.js';

/** A key that a test made, and what a file of keys says of it. */
export interface TestKey {
  readonly key: string;
  readonly entry: Readonly<Record<string, unknown>>;
}

export function makeKey(
  id: string,
  scopes: readonly Scope[],
  rest: Readonly<Record<string, unknown>> = {},
): TestKey {
  const key = randomBytes(32).toString('base64url');
  const sha256 = createHash('sha256').update(key).digest('hex');
  return { key, entry: { id, sha256, scopes, ...rest } };
}

/** The text of a file of keys. */
export const fileOf = (...keys: readonly TestKey[]): string =>
  JSON.stringify({ keys: keys.map(({ entry }) => entry) });

export const keyed = ({ key }: TestKey): Record<string, string> => ({ 'x-api-key': key });
