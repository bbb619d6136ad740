import { setTimeout as pause } from 'node:timers/promises';
import { pairedRatio, STEADY, type Better, type PairedRatio, type Samples } from './compare.js';

/** One call of what is measured; what it returns is summed up, so that nothing can be optimised away. */
export type Run = () => number | Promise<number>;

export interface MeasureOptions {
  /** Pairs of samples, five at least. */
  readonly pairs: number;
  /** A sample is as many calls as take about this long. */
  readonly sampleMs: number;
  /** Each side runs this long before the first sample, one call at least. */
  readonly warmMs: number;
  /** A ratio that swings is measured again, this many times in all. */
  readonly attempts: number;
}

export const THOROUGH: MeasureOptions = { pairs: 9, sampleMs: 40, warmMs: 200, attempts: 4 };
export const BRIEF: MeasureOptions = { pairs: 5, sampleMs: 15, warmMs: 80, attempts: 3 };

export interface Measured extends PairedRatio {
  readonly attempts: number;
}

let sink = 0;

/** What has been computed so far: printing it keeps every call alive. */
export function sunk(): number {
  return sink;
}

const elapsed = (since: bigint): number => Number(process.hrtime.bigint() - since) / 1e6;

/** Milliseconds a call, over `calls` calls. */
async function timed(run: Run, calls: number): Promise<number> {
  const start = process.hrtime.bigint();
  for (let i = 0; i < calls; i++) {
    const value = run();
    // A kernel answers at once and is not made to wait for a microtask.
    sink += typeof value === 'number' ? value : await value;
  }
  return elapsed(start) / calls;
}

/** Runs until the time is over, once at least; milliseconds of the fastest call. */
export async function warm(run: Run, warmMs: number): Promise<number> {
  const start = process.hrtime.bigint();
  let fastest = Infinity;
  do fastest = Math.min(fastest, await timed(run, 1));
  while (elapsed(start) < warmMs);
  return fastest;
}

/** Milliseconds a call over so many calls, as taken by whoever makes them: this process or another. */
export type Clock = (calls: number) => Promise<number>;

export const clockOf =
  (run: Run): Clock =>
  (calls) =>
    timed(run, calls);

export interface Turns {
  readonly pairs: number;
  readonly ourCalls: number;
  readonly rivalCalls: number;
  /** Pause before every sample: threads of the other side may still spin, waiting for work. */
  readonly restMs: number;
}

/** Samples of both sides, one after the other, the first of a pair in turn. */
export async function alternate(ours: Clock, rival: Clock, turns: Turns): Promise<Samples> {
  const samples = { ours: [] as number[], rival: [] as number[] };
  const take = async (into: number[], clock: Clock, calls: number): Promise<void> => {
    if (turns.restMs > 0) await pause(turns.restMs);
    into.push(await clock(calls));
  };
  for (let pair = 0; pair < turns.pairs; pair++) {
    if (pair % 2 === 0) await take(samples.ours, ours, turns.ourCalls);
    await take(samples.rival, rival, turns.rivalCalls);
    if (pair % 2 === 1) await take(samples.ours, ours, turns.ourCalls);
  }
  return samples;
}

/** Samples of two runs in this process, after both are warm; five pairs at least. */
export async function measurePairs(ours: Run, rival: Run, options: MeasureOptions): Promise<Samples> {
  const ourCalls = callsFor(await warm(ours, options.warmMs), options.sampleMs);
  const rivalCalls = callsFor(await warm(rival, options.warmMs), options.sampleMs);
  const pairs = Math.max(5, options.pairs);
  return alternate(clockOf(ours), clockOf(rival), { pairs, ourCalls, rivalCalls, restMs: 0 });
}

/** How many pairs a run is worth that takes so long: three from three seconds on, else five, seven of quick ones. */
export function pairsFor(milliseconds: number): number {
  if (milliseconds > 3000) return 3;
  return milliseconds > 1000 ? 5 : 7;
}

/** Calls that make a sample of about `sampleMs`. */
export function callsFor(milliseconds: number, sampleMs: number): number {
  return Math.max(1, Math.round(sampleMs / milliseconds));
}

/** Takes samples until their ratio is steady, a few times at most; the steadiest of them. */
export async function untilSteady(
  sample: () => Promise<Samples>,
  better: Better,
  attempts: number,
): Promise<Measured> {
  let best = pairedRatio(await sample(), better);
  let attempt = 1;
  for (; attempt < attempts && !(best.spread <= STEADY); attempt++) {
    const next = pairedRatio(await sample(), better);
    if (!(next.spread >= best.spread)) best = next;
  }
  return { ...best, attempts: attempt };
}

/** How much faster `ours` is than `rival`. */
export function compareRuns(ours: Run, rival: Run, options: MeasureOptions): Promise<Measured> {
  return untilSteady(() => measurePairs(ours, rival, options), 'lower', options.attempts);
}

/**
 * Milliseconds a call of one run alone, the fastest of seven samples, three of what takes a second: nothing stands beside
 * it to share a slow moment of the machine, and such a moment only ever adds.
 */
export async function fastestTime(run: Run, sampleMs: number): Promise<number> {
  const first = Math.min(await timed(run, 1), await timed(run, 1));
  const calls = callsFor(first, sampleMs);
  let fastest = Infinity;
  for (let i = 0; i < (first > 1000 ? 3 : 7); i++) fastest = Math.min(fastest, await timed(run, calls));
  return fastest;
}
