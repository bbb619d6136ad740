import { fixture, loadEngine, mutate, randomFrom, smallFixtures, timed } from '../adapters/arrow/reading.js';

const MUTATIONS = 1_000_000;
const SEED = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
const MOST_MS = 50;

/** The same oracle as in test/hostile/arrow.test.ts, for as long as it takes, from another seed each time. */
test(
  `${MUTATIONS} mutations of Arrow streams and files, seed ${SEED}`,
  async () => {
    await loadEngine();
    const random = randomFrom(SEED);
    const sources = smallFixtures(4096).map(fixture);
    const outcomes = new Map<string, number>();
    let slowest = 0;
    for (let i = 0; i < MUTATIONS; i++) {
      const body = mutate(sources[i % sources.length]!, random);
      let got: ReturnType<typeof timed>;
      try {
        got = timed(body, MOST_MS);
      } catch (cause) {
        const hex = Buffer.from(body).toString('hex');
        throw new Error(`mutation ${i} of seed ${SEED}: ${String(cause)}: ${hex}`, { cause });
      }
      if (body.length <= 4096) slowest = Math.max(slowest, got.ms);
      outcomes.set(got.outcome, (outcomes.get(got.outcome) ?? 0) + 1);
    }
    process.stdout.write(
      `${JSON.stringify(Object.fromEntries(outcomes))}, slowest ${slowest.toFixed(1)} ms\n`,
    );
    expect(slowest).toBeLessThan(MOST_MS);
    expect(outcomes.get('read')).toBeGreaterThan(0);
  },
  4 * 3_600_000,
);
