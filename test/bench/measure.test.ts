import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Samples } from '../../bench/compare.js';
import { bitmap, blobs, mulberry32, normal, uniform } from '../../bench/data.js';
import {
  alternate,
  callsFor,
  compareRuns,
  fastestTime,
  measurePairs,
  pairsFor,
  untilSteady,
  type MeasureOptions,
} from '../../bench/measure.js';

const QUICK: MeasureOptions = { pairs: 5, sampleMs: 1, warmMs: 1, attempts: 3 };
const STEADY: Samples = { ours: [1, 1, 1, 1, 1], rival: [5, 5, 5, 5, 5] };
const SWINGING: Samples = { ours: [1, 1, 1, 1, 1], rival: [2, 4, 5, 6, 9] };

const spin = (turns: number) => (): number => {
  let sum = 0;
  for (let i = 0; i < turns; i++) sum += Math.sqrt(i);
  return sum;
};

describe('seeded data', () => {
  test('is the same for the same seed, and pinned', () => {
    const next = mulberry32(1);
    expect([next(), next()]).toEqual([0.6270739405881613, 0.002735721180215478]);
    expect(uniform(7, 5)).toEqual(uniform(7, 5));
    expect(blobs(7, 50, 2, 3)).toEqual(blobs(7, 50, 2, 3));
    expect(uniform(7, 5)).not.toEqual(uniform(8, 5));
  });
  test('has the distribution it is named after', () => {
    const values = normal(3, 20_000);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.05);
    const ones = bitmap(3, 80_000, 0.25).reduce(
      (sum, byte) => sum + (byte.toString(2).match(/1/g)?.length ?? 0),
      0,
    );
    expect(Math.abs(ones / 80_000 - 0.75)).toBeLessThan(0.02);
  });
});

describe('paired measurement', () => {
  test('alternates, five pairs at least, the first of a pair in turn', async () => {
    const order: string[] = [];
    const note = (who: string, turns: number) => (): number => {
      if (order.at(-1) !== who) order.push(who);
      return spin(turns)();
    };
    const samples = await measurePairs(note('ours', 20_000), note('rival', 20_000), { ...QUICK, pairs: 1 });
    expect([samples.ours.length, samples.rival.length]).toEqual([5, 5]);
    // Warm-up of both, then ours rival | rival ours | ours rival | rival ours | ours rival with equal neighbours as one.
    expect(order).toEqual(['ours', 'rival', 'ours', 'rival', 'ours', 'rival', 'ours', 'rival']);
  });
  test('finds the slower of two sides, by about how much', async () => {
    const { ratio } = await compareRuns(spin(20_000), spin(200_000), QUICK);
    expect(ratio).toBeGreaterThan(3);
    expect((await compareRuns(spin(200_000), spin(20_000), QUICK)).ratio).toBeLessThan(1);
  });
  test('waits for a run that takes its time', async () => {
    const slow = (): Promise<number> =>
      new Promise((resolve) => {
        setTimeout(resolve, 20, 1);
      });
    expect((await measurePairs(slow, spin(10), { ...QUICK, warmMs: 0 })).ours.every((ms) => ms > 10)).toBe(
      true,
    );
  });
});

describe('pairs timed by whoever makes the calls', () => {
  test('are as many as asked for, in turn, each side with its own number of calls', async () => {
    const order: string[] = [];
    const clock = (who: string, ms: number) => (calls: number) => {
      order.push(`${who} ${calls}`);
      return Promise.resolve(ms);
    };
    const turns = { pairs: 3, ourCalls: 20, rivalCalls: 1, restMs: 1 };
    const samples = await alternate(clock('ours', 2), clock('rival', 9), turns);
    expect(samples).toEqual({ ours: [2, 2, 2], rival: [9, 9, 9] });
    expect(order).toEqual(['ours 20', 'rival 1', 'rival 1', 'ours 20', 'ours 20', 'rival 1']);
  });
  test.each([
    [19_700, 3],
    [3001, 3],
    [3000, 5],
    [999, 7],
  ])('a run of %d ms is worth %d pairs', (ms, pairs) => {
    expect(pairsFor(ms)).toBe(pairs);
  });
  test.each([
    [9, 100, 11],
    [0.05, 40, 800],
    [500, 100, 1],
  ])('calls of %d ms make a sample of %d: %d', (ms, sample, calls) => {
    expect(callsFor(ms, sample)).toBe(calls);
  });
});

test('a time alone is that of the fastest sample: what disturbs one only adds', async () => {
  let call = 0;
  const slow = (): Promise<number> =>
    new Promise((resolve) => {
      setTimeout(resolve, call++ === 4 ? 12 : 40, 1);
    });
  const ms = await fastestTime(slow, 1);
  expect(ms).toBeGreaterThan(10);
  expect(ms).toBeLessThan(38);
});

describe('a ratio that swings', () => {
  const sampling = (...answers: Samples[]) => {
    let taken = 0;
    return { sample: () => Promise.resolve(answers[taken++ % answers.length]!), taken: () => taken };
  };
  test('is measured again until it is steady', async () => {
    const { sample, taken } = sampling(SWINGING, STEADY, SWINGING);
    expect(await untilSteady(sample, 'lower', 5)).toMatchObject({ ratio: 5, spread: 0, attempts: 2 });
    expect(taken()).toBe(2);
  });
  test('is measured a bounded number of times, and the steadiest counts', async () => {
    const { sample, taken } = sampling({ ...SWINGING, rival: [1, 2, 5, 9, 20] }, SWINGING);
    expect(await untilSteady(sample, 'lower', 4)).toMatchObject({ spread: 0.4, attempts: 4 });
    expect(taken()).toBe(4);
  });
  test('is not mistaken for steady when it is NaN', async () => {
    const { sample } = sampling({ ours: [], rival: [] }, STEADY);
    expect(await untilSteady(sample, 'lower', 2)).toMatchObject({ ratio: 5, attempts: 2 });
    expect((await untilSteady(sampling({ ours: [], rival: [] }).sample, 'lower', 2)).ratio).toBeNaN();
  });
});

test('rivals that are also dependencies have the same version in both packages', () => {
  const versions = (...path: string[]): Record<string, string> =>
    (
      JSON.parse(readFileSync(join(__dirname, '..', '..', ...path, 'package.json'), 'utf8')) as {
        dependencies: Record<string, string>;
      }
    ).dependencies;
  const rivals = versions('bench', 'rivals', 'node');
  const ours = versions();
  for (const name of ['jstat', 'ml-kmeans']) expect(rivals[name]).toBe(ours[name]);
});
