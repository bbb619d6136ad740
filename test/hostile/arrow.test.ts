import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CORPORA,
  fixture,
  loadEngine,
  mutate,
  outcome,
  randomFrom,
  smallFixtures,
  timed,
} from '../adapters/arrow/reading.js';

const MOST_MS = 50;
const MUTATIONS = 20_000;
const SEED = 20261119;

/** Every input: a typed error with a code, or a valid table that can be read whole. Nothing else, and not for long. */
describe('hostile Arrow', () => {
  beforeAll(loadEngine);

  describe.each(['arrow-fuzz-stream', 'arrow-fuzz-file', 'arrow-hostile'])('%s', (folder) => {
    test.each(readdirSync(join(CORPORA, folder)))('%s', (name) => {
      const body = Uint8Array.from(readFileSync(join(CORPORA, folder, name)));
      const { outcome: got, ms } = timed(body, MOST_MS);
      expect(got).toMatch(/^[a-z_]+$/u);
      if (body.length <= 4096) expect(ms).toBeLessThan(MOST_MS);
    });
  });

  test('every single bit of a stream of 864 bytes with dictionaries and nulls', () => {
    const whole = fixture('dictionaries-of-numbers.arrows');
    const outcomes = new Map<string, number>();
    let slowest = 0;
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const body = whole.slice();
      body[bit >> 3]! ^= 1 << (bit & 7);
      const { outcome: got, ms } = timed(body, MOST_MS);
      outcomes.set(got, (outcomes.get(got) ?? 0) + 1);
      slowest = Math.max(slowest, ms);
    }
    expect(slowest).toBeLessThan(MOST_MS);
    expect(outcomes.get('read')).toBeGreaterThan(0);
    expect(outcomes.get('invalid_arrow')).toBeGreaterThan(1000);
  });

  test.each([
    'dictionaries-of-numbers.arrows',
    'sliced-lz4.arrows',
    'strings.arrows',
    'zero-batches.arrows',
    'dictionaries-of-numbers.arrow',
    'compressed-zstd.arrow',
    'strings.arrow',
    'zero-batches.arrow',
  ])('every prefix of %s is refused', (name) => {
    const whole = fixture(name);
    expect(outcome(whole)).toBe('read');
    const outcomes = new Set<string>();
    for (let length = 0; length < whole.length; length++) outcomes.add(outcome(whole.slice(0, length)));
    expect([...outcomes].sort()).toEqual(['invalid_arrow', 'truncated']);
  });

  test(`${MUTATIONS} mutations of small streams and files, seed ${SEED}`, () => {
    const random = randomFrom(SEED);
    const sources = smallFixtures(4096).map(fixture);
    expect(sources.length).toBeGreaterThan(40);
    const outcomes = new Map<string, number>();
    for (let i = 0; i < MUTATIONS; i++) {
      const body = mutate(sources[i % sources.length]!, random);
      const { outcome: got, ms } = timed(body, MOST_MS);
      if (ms >= MOST_MS && body.length <= 4096)
        throw new Error(`mutation ${i} of seed ${SEED}: ${ms} ms, ${got}`);
      outcomes.set(got, (outcomes.get(got) ?? 0) + 1);
    }
    expect([...outcomes.keys()]).toEqual(
      expect.arrayContaining(['read', 'invalid_arrow', 'truncated', 'too_many_rows']),
    );
  });
});
