import { at, postJson, type Reply, send, type Service, startService } from '../service.js';
import { confused, type Issuer, signed, signer, startIssuer, unsigned } from '../access/issuer.js';
import { fileOf, keyed, makeKey } from '../access/keys.js';

const ISSUER = 'https://id.example';
const AUDIENCE = 'analytics';
const now = (): number => Math.floor(Date.now() / 1000);
const claims = (rest: object = {}): object => ({
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'ada@example.com',
  iat: now(),
  exp: now() + 600,
  scope: 'openid read analyze',
  ...rest,
});
const rs = signer('rs', 'RS256');
const es = signer('es', 'ES256');
const ed = signer('ed', 'EdDSA');
const later = signer('later', 'ES256');
const stranger = signer('rs', 'RS256');

const envOf = (issuer: Issuer): Record<string, string> => ({
  JWKS_URL: issuer.url,
  JWT_ISSUER: ISSUER,
  JWT_AUDIENCE: AUDIENCE,
});
const ask = (service: Service, token: string): Promise<Reply> =>
  send(`${service.url}/models`, { method: 'GET', headers: { authorization: `Bearer ${token}` } });
const codeOf = ({ json }: Reply): unknown => at(json, 'code');

describe('tokens', () => {
  let issuer: Issuer;
  let service: Service;
  const key = makeKey('beside', ['read']);
  beforeAll(async () => {
    issuer = await startIssuer([rs, es, ed]);
    service = await startService({ env: { ...envOf(issuer), API_KEYS: fileOf(key) } });
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
    await issuer.close();
  });

  test.each([rs, es, ed])('signed with $alg open what their scopes are for', async (one) => {
    const token = signed(one, claims());
    expect((await ask(service, token)).status).toBe(200);
    expect(
      (await send(`${service.url}/models`, { method: 'GET', headers: { 'x-api-key': token } })).status,
    ).toBe(200);
    const bearer = { authorization: `Bearer ${token}` };
    expect((await postJson(`${service.url}/analytics/analyze`, { columns: { a: [1] } }, bearer)).status).toBe(
      200,
    );
    expect((await postJson(`${service.url}/models`, {}, bearer)).status).toBe(403);
  });

  test.each([
    ['a list of scopes in scp', { scope: undefined, scp: ['read'] }, 200],
    ['a text in scp', { scope: undefined, scp: 'other read' }, 200],
    ['a list in scopes', { scope: undefined, scopes: ['analyze', 'read'] }, 200],
    ['a list of audiences', { aud: ['other', AUDIENCE] }, 200],
    ['a clock that is 3 s off', { exp: now() + 600, nbf: now() + 3 }, 200],
    ['no scopes', { scope: undefined }, 403],
    ['a scope that only begins like one', { scope: 'reader' }, 403],
    ['a scope that is no text', { scope: { read: true } }, 403],
    ['another audience', { aud: 'other' }, 401],
    ['no audience', { aud: undefined }, 401],
    ['another issuer', { iss: 'https://id.example.org' }, 401],
    ['an end that is past', { exp: now() - 60 }, 401],
    ['no end', { exp: undefined }, 401],
    ['a beginning to come', { nbf: now() + 60 }, 401],
    ['no subject', { sub: undefined }, 401],
    ['a subject that is no text', { sub: 7 }, 401],
  ])('with %s', async (_what, rest, status) => {
    expect((await ask(service, signed(es, claims(rest)))).status).toBe(status);
  });

  test('keys go on beside them', async () => {
    expect((await send(`${service.url}/models`, { method: 'GET', headers: keyed(key) })).status).toBe(200);
  });

  test('the log names the subject, and never the token', async () => {
    const token = signed(ed, claims({ sub: 'grace@example.com' }));
    await ask(service, token);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(service.output()).toContain('"caller":"grace@example.com"');
    expect(service.output()).not.toContain(token.split('.')[2]);
  });
});

describe('tokens of others', () => {
  let issuer: Issuer;
  let service: Service;
  beforeAll(async () => {
    issuer = await startIssuer([rs, es, ed]);
    service = await startService({ env: envOf(issuer) });
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
    await issuer.close();
  });

  test('what is not signed by a key of the issuer is refused in the same words', async () => {
    const good = signed(rs, claims());
    const [head = '', body = '', signature = ''] = good.split('.');
    const forged = Buffer.from(JSON.stringify(claims({ sub: 'root', scope: 'models' }))).toString(
      'base64url',
    );
    const tokens = [
      unsigned(claims()),
      `${unsigned(claims())}x`,
      confused(rs, claims()),
      signed(stranger, claims()),
      signed(later, claims()),
      signed(es, claims(), { kid: 'rs' }),
      signed(es, claims(), { alg: 'RS256' }),
      signed(rs, claims(), { crit: ['b64'], b64: false }),
      signed(stranger, claims(), { jwk: stranger.publicKey.export({ format: 'jwk' }) }),
      signed(stranger, claims(), { jku: 'http://127.0.0.1:1/jwks' }),
      `${head}.${forged}.${signature}`,
      `${head}.${body}.${signature.slice(0, -4)}AAAA`,
      `${head}.${body}.`,
      signed(rs, claims({ filling: 'x'.repeat(10_000) })),
      'a.b.c',
      '..',
      `${head}.${body}`,
      '%00.%00.%00',
    ];
    const before = issuer.asked();
    const replies: Reply[] = [];
    for (const token of tokens) replies.push(await ask(service, token));
    expect(replies.map(({ status }) => status)).toEqual(tokens.map(() => 401));
    expect(new Set(replies.map(({ json }) => at(json, 'detail'))).size).toBe(1);
    // However many name a key that is not known, the issuer is asked once.
    expect(issuer.asked() - before).toBeLessThanOrEqual(1);
  });
});

describe('the issuer', () => {
  let issuer: Issuer;
  let service: Service;
  beforeEach(async () => {
    issuer = await startIssuer([rs]);
  });
  afterEach(async () => {
    expect(await service.stop()).toBe(0);
    await issuer.close();
  });

  test('is asked for a key that is new, goes down and nobody notices, and comes back', async () => {
    service = await startService({ env: envOf(issuer) });
    expect((await ask(service, signed(rs, claims()))).status).toBe(200);
    issuer.answer([rs, later]);
    // Once in five seconds at most: until then its key is not known.
    expect((await ask(service, signed(later, claims()))).status).toBe(401);
    await new Promise((resolve) => setTimeout(resolve, 5100));
    expect((await ask(service, signed(later, claims()))).status).toBe(200);
    await issuer.close();
    for (const one of [rs, later]) expect((await ask(service, signed(one, claims()))).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 5100));
    // It cannot be told of a key that nobody has seen.
    const unknown = await ask(service, signed(es, claims()));
    expect([unknown.status, codeOf(unknown)]).toEqual([503, 'access_unavailable']);
    expect((await ask(service, signed(rs, claims()))).status).toBe(200);
    issuer.answer([rs, es]);
    await issuer.open();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect((await ask(service, signed(es, claims()))).status).toBe(200);
    // A key that the issuer has given up is none.
    expect((await ask(service, signed(later, claims()))).status).toBe(401);
  }, 60_000);

  test.each(['broken', 'silent'] as const)(
    'that is %s at the start: 503 within its patience',
    async (how) => {
      issuer.answer(how);
      service = await startService({ env: envOf(issuer) });
      const token = signed(rs, claims());
      const began = performance.now();
      const replies = await Promise.all(Array.from({ length: 20 }, () => ask(service, token)));
      expect(performance.now() - began).toBeLessThan(4500);
      for (const reply of replies) {
        expect([reply.status, codeOf(reply)]).toEqual([503, 'access_unavailable']);
        expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
      }
      expect(issuer.asked()).toBeLessThanOrEqual(2);
      expect((await ask(service, unsigned(claims()))).status).toBe(401);
      issuer.answer([rs]);
      await new Promise((resolve) => setTimeout(resolve, 1100));
      expect((await ask(service, token)).status).toBe(200);
      expect(service.output()).toContain('the keys of tokens cannot be had');
    },
  );
});
