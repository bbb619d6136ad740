import { parseKeys } from '../../src/adapters/access/keys.js';
import { fileOf, makeKey } from './keys.js';

const ada = makeKey('ada', ['read', 'analyze']);
const bob = makeKey('bob', ['models'], { requests_per_minute: 60, bytes_per_minute: 0 });

test('a key is its caller, with scopes and quotas', () => {
  const keys = parseKeys(fileOf(ada, bob));
  expect(keys.count).toBe(2);
  expect(keys.match(ada.key)).toEqual({
    id: 'ada',
    kind: 'key',
    scopes: new Set(['read', 'analyze']),
    requests: undefined,
    bytes: undefined,
  });
  expect(keys.match(bob.key)).toMatchObject({ id: 'bob', requests: 60, bytes: 0 });
});

test('everything else is nobody', () => {
  const { key, entry } = ada;
  const others = [
    `${key}x`,
    key.slice(1),
    key.toUpperCase(),
    String(entry['sha256']),
    `${key},${key}`,
    '',
    ' ',
  ];
  const keys = parseKeys(fileOf(ada, bob));
  for (const other of others) expect(keys.match(other)).toBeUndefined();
});

test('a key of fewer than 32 characters is none, whatever hash is there', () => {
  // SHA-256 of "password", which anybody could guess.
  const sha256 = '5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8';
  expect(
    parseKeys(JSON.stringify({ keys: [{ id: 'weak', sha256, scopes: ['read'] }] })).match('password'),
  ).toBe(undefined);
});

test('an expired key is none', () => {
  const early = makeKey('early', ['read'], { expires: '2020-01-01T00:00:00Z' });
  const late = makeKey('late', ['read'], { expires: '2999-01-01T00:00:00+02:00' });
  const keys = parseKeys(fileOf(early, late));
  expect(keys.match(early.key)).toBeUndefined();
  expect(keys.match(late.key)?.id).toBe('late');
});

test.each<[string, unknown, string]>([
  ['no JSON', 'sEcReT{', 'it is not JSON'],
  ['a list', [], 'it must be object'],
  ['no keys', {}, "it must have required property 'keys'"],
  ['another member', { keys: [], sEcReT: 1 }, 'it must NOT have additional properties'],
  ['a plain key', { keys: [{ ...ada.entry, key: 'sEcReT' }] }, '/keys/0 must NOT have additional properties'],
  ['no hash', { keys: [{ ...ada.entry, sha256: 'sEcReT' }] }, '/keys/0/sha256 must match pattern'],
  ['an unknown scope', { keys: [{ ...ada.entry, scopes: ['sEcReT'] }] }, '/keys/0/scopes/0 must be equal to'],
  ['no scope', { keys: [{ ...ada.entry, scopes: [] }] }, '/keys/0/scopes must NOT have fewer than 1 items'],
  ['an id of blanks', { keys: [{ ...ada.entry, id: 's EcReT' }] }, '/keys/0/id must match pattern'],
  [
    'no moment',
    { keys: [{ ...ada.entry, expires: '2026-13-45T99:00:00Z' }] },
    '/keys/0/expires must be a moment',
  ],
  [
    'a quota below none',
    { keys: [{ ...ada.entry, requests_per_minute: -1 }] },
    '/keys/0/requests_per_minute must',
  ],
  [
    'an id twice',
    { keys: [ada.entry, { ...bob.entry, id: 'ada' }] },
    '/keys/1/id must not be that of /keys/0',
  ],
  [
    'a hash twice',
    { keys: [ada.entry, { ...ada.entry, id: 'eve' }] },
    '/keys/1/sha256 must not be that of /keys/0',
  ],
])('%s is no file of keys: the fault has its place, and no value', (_what, document, message) => {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  let said = '';
  try {
    parseKeys(text);
  } catch (error) {
    said = String(error);
  }
  expect(said).toContain(message);
  expect(said).not.toContain('EcReT');
});
