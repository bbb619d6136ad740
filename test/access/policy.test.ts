import { type AccessSettings, isLoopback, policyOf } from '../../src/adapters/access/policy.js';

const NONE: AccessSettings = {
  auth: 'auto',
  keysFile: '',
  keys: '',
  jwksUrl: '',
};
const TOKENS = { jwksUrl: 'https://id.example/jwks' };

test.each(['127.0.0.1', '127.8.9.10', 'localhost', '::1', '[::1]', '::ffff:127.0.0.1'])(
  '%s is of this machine alone: nobody is asked',
  (host) => {
    expect(isLoopback(host)).toBe(true);
    expect(policyOf(NONE, host)).toEqual({ required: false, warnings: [] });
  },
);

test.each([
  '0.0.0.0',
  '::',
  '10.0.0.1',
  '128.0.0.1',
  'localhost.example.com',
  '1127.0.0.1',
  'analytics',
  '::2',
])('%s is not: the start fails with what to set', (host) => {
  expect(() => policyOf(NONE, host)).toThrow(
    `invalid environment: HOST is ${host}, where others than this machine can ask: set API_KEYS_FILE, API_KEYS or JWKS_URL so that callers say who they are, or AUTH=none to ask nobody`,
  );
  expect(policyOf({ ...NONE, auth: 'none' }, host)).toEqual({ required: false, warnings: [] });
});

test.each<[string, Partial<AccessSettings>]>([
  ['keys in a file', { keysFile: '/keys.json' }],
  ['keys as text', { keys: '{}' }],
  ['tokens', TOKENS],
  ['both', { keysFile: '/keys.json', ...TOKENS }],
])('%s: callers are asked, wherever it listens', (_what, given) => {
  for (const host of ['127.0.0.1', '0.0.0.0'])
    for (const auth of ['auto', 'required'] as const)
      expect(policyOf({ ...NONE, ...given, auth }, host)).toEqual({ required: true, warnings: [] });
});

test('required never starts without', () => {
  expect(() => policyOf({ ...NONE, auth: 'required' }, '127.0.0.1')).toThrow(
    /^invalid environment: AUTH is required, but nobody could be known: set API_KEYS_FILE/u,
  );
});

test('none ignores keys, and says so', () => {
  const { required, warnings } = policyOf({ ...NONE, ...TOKENS, keysFile: '/keys.json', auth: 'none' }, '::');
  expect(required).toBe(false);
  expect(warnings).toEqual([
    'AUTH is none: nobody is asked who they are, API_KEYS_FILE and JWKS_URL ignored',
  ]);
});

test.each<[string, Partial<AccessSettings>, string]>([
  ['two places of keys', { keysFile: '/a', keys: '{}' }, 'expected API_KEYS_FILE or API_KEYS, got both'],
  ['http elsewhere', { ...TOKENS, jwksUrl: 'http://id.example/' }, 'JWKS_URL must be an https URL'],
  ['a file', { ...TOKENS, jwksUrl: 'file:///etc/passwd' }, 'JWKS_URL must be an https URL'],
])('%s stop the start', (_what, given, sentence) => {
  expect(() => policyOf({ ...NONE, ...given }, '127.0.0.1')).toThrow(sentence);
});

test('http is for a JWKS of this machine', () => {
  for (const jwksUrl of ['http://127.0.0.1:9/jwks', 'http://localhost/jwks', 'http://[::1]:9/jwks'])
    expect(policyOf({ ...NONE, ...TOKENS, jwksUrl }, '0.0.0.0').required).toBe(true);
});
