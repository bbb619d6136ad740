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

/** Runs until the time is over; how many calls make a sample then. */
async function warm(run: Run, { warmMs, sampleMs }: MeasureOptions): Promise<number> {
  const start = process.hrtime.bigint();
  let fastest = Infinity;
  do fastest = Math.min(fastest, await timed(run, 1));
  while (elapsed(start) < warmMs);
  return Math.max(1, Math.round(sampleMs / fastest));
}

/** Samples of both sides, one after the other, the first of a pair in turn. */
export async function measurePairs(ours: Run, rival: Run, options: MeasureOptions): Promise<Samples> {
  const ourCalls = await warm(ours, options);
  const rivalCalls = await warm(rival, options);
  const samples = { ours: [] as number[], rival: [] as number[] };
  for (let pair = 0; pair < Math.max(5, options.pairs); pair++) {
    if (pair % 2 === 0) samples.ours.push(await timed(ours, ourCalls));
    samples.rival.push(await timed(rival, rivalCalls));
    if (pair % 2 === 1) samples.ours.push(await timed(ours, ourCalls));
  }
  return samples;
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
