import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Algorithm = 'RS256' | 'ES256' | 'EdDSA';

/** A pair of keys under a name. */
export interface Signer {
  readonly kid: string;
  readonly alg: Algorithm;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export function signer(kid: string, alg: Algorithm): Signer {
  const pair =
    alg === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : alg === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ed25519');
  return { kid, alg, ...pair };
}

const coded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token as RFC 7515 builds it, by node:crypto alone. `header` changes what it says of itself. */
export function signed({ kid, alg, privateKey }: Signer, claims: object, header: object = {}): string {
  const text = `${coded({ typ: 'JWT', alg, kid, ...header })}.${coded(claims)}`;
  const how = alg === 'ES256' ? { key: privateKey, dsaEncoding: 'ieee-p1363' as const } : privateKey;
  const signature = sign(alg === 'EdDSA' ? null : 'sha256', Buffer.from(text), how);
  return `${text}.${signature.toString('base64url')}`;
}

/** Without a signature, as `alg: none` has it. */
export const unsigned = (claims: object): string => `${coded({ alg: 'none' })}.${coded(claims)}.`;

/** Signed with a text that everybody knows: the public key. */
export function confused({ kid, publicKey }: Signer, claims: object): string {
  const text = `${coded({ alg: 'HS256', kid })}.${coded(claims)}`;
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  return `${text}.${createHmac('sha256', pem).update(text).digest('base64url')}`;
}

/** A JWKS endpoint. */
export interface Issuer {
  readonly url: string;
  /** How often it was asked. */
  readonly asked: () => number;
  /** What it answers from now on; `silent`: nothing, ever. */
  answer(what: readonly Signer[] | 'broken' | 'silent'): void;
  close(): Promise<void>;
  /** Listens again, on the port it had. */
  open(): Promise<void>;
}

export async function startIssuer(first: readonly Signer[]): Promise<Issuer> {
  let now: readonly Signer[] | 'broken' | 'silent' = first;
  let asked = 0;
  let port = 0;
  let server: Server;
  const open = async (): Promise<void> => {
    server = createServer((_request, response) => {
      asked++;
      if (now === 'silent') return;
      if (now === 'broken') {
        response.writeHead(500).end('broken');
        return;
      }
      const keys = now.map(({ kid, alg, publicKey }) => ({
        ...publicKey.export({ format: 'jwk' }),
        kid,
        alg,
        use: 'sig',
      }));
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }));
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  };
  await open();
  return {
    url: `http://127.0.0.1:${port}/jwks`,
    asked: () => asked,
    answer: (what) => {
      now = what;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
    open,
  };
}
