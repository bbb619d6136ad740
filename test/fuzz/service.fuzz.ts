/** `npm run fuzz`: FUZZ_MINUTES (10), FUZZ_SEED (drawn), FUZZ_ONLY (the index of one request to repeat). */
import { campaign } from './campaign.js';

const minutes = Number(process.env.FUZZ_MINUTES ?? 10);
const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 32));
const only = process.env.FUZZ_ONLY === undefined ? {} : { only: Number(process.env.FUZZ_ONLY) };

test(
  `requests of seed ${seed} for ${minutes} minutes`,
  async () => {
    const log = (line: string): void => {
      process.stderr.write(`${line}\n`);
    };
    log(`FUZZ_SEED=${seed} FUZZ_MINUTES=${minutes}`);
    const { findings, requests } = await campaign({ seed, ms: minutes * 60_000, log, ...only });
    expect(findings).toEqual([]);
    expect(requests).toBeGreaterThan(0);
  },
  minutes * 60_000 + 180_000,
);
