import { figure, pairedRatio, STEADY, table, type Samples, type Shown } from './compare.js';

/** How much of what the machine can do a kernel does. Pure, and tested in test/bench/shares.test.ts. */

/** What a kernel waits for: memory (work in bytes) or arithmetic (work in floating-point operations). */
export type Bound = 'memory' | 'arithmetic';

/** What a call of a kernel is taken to do at least, and of what that was counted. */
export interface Work {
  readonly bound: Bound;
  /** Bytes read or floating-point operations. */
  readonly amount: number;
  /** The assumption in words, such as "8 bytes a row". */
  readonly assumed: string;
}

export interface Share {
  readonly name: string;
  readonly bound: Bound;
  readonly amount: number;
  readonly assumed: string;
  /** Threads that the kernel ran on, and the machine's limit was measured with. */
  readonly threads: number;
  /** Milliseconds a call. */
  readonly takes: number;
  /** The kernel's rate, and the machine's beside it: GB/s or Gflop/s. */
  readonly rate: number;
  readonly limit: number;
  /** Median over the pairs of the kernel's rate as a share of the machine's; 1 is all of it. */
  readonly share: number;
  readonly spread: number;
  /** The share asked for; null when the line only informs. */
  readonly atLeast: number | null;
  readonly met: boolean | null;
  /** Why there are no numbers. */
  readonly error: string | null;
}

export type ShareAbout = Pick<Share, 'name' | 'threads' | 'atLeast'> & Work;

export const rateUnit = (bound: Bound): 'GB/s' | 'Gflop/s' => (bound === 'memory' ? 'GB/s' : 'Gflop/s');

/**
 * `samples`: milliseconds a call of the kernel (ours) beside milliseconds in which the machine does `probed` of the same
 * work at best (rival), pair by pair, so that a slow moment of the machine is one for both.
 */
export function shareOf(about: ShareAbout, samples: Samples, probed: number): Share {
  // Milliseconds a unit of work on both sides.
  const perUnit = {
    ours: samples.ours.map((ms) => ms / about.amount),
    rival: samples.rival.map((ms) => ms / probed),
  };
  const { ours, rival, ratio, spread } = pairedRatio(perUnit, 'lower');
  return {
    ...about,
    takes: ours * about.amount,
    rate: 1 / ours / 1e6,
    limit: 1 / rival / 1e6,
    share: ratio,
    spread,
    met: about.atLeast === null ? null : ratio >= about.atLeast,
    error: null,
  };
}

/** A line without numbers, because measuring ended in an error. */
export function failedShare(about: ShareAbout, error: unknown): Share {
  const none = { takes: NaN, rate: NaN, limit: NaN, share: NaN, spread: NaN, met: false };
  return { ...about, ...none, error: error instanceof Error ? error.message : String(error) };
}

export const steadyShare = ({ spread, error }: Share): boolean => error !== null || spread <= STEADY;

/** What is below the share asked for or has no numbers, a sentence each. */
export function shareFailures(shares: readonly Share[]): string[] {
  return shares
    .filter(({ met, error }) => met === false || error !== null)
    .map(({ name, atLeast, share, error }) => {
      const got = error ?? `got ${percent(share)}`;
      return `${name}: expected ${percent(atLeast ?? 0)} of the machine's limit, ${got}`;
    });
}

/** Whole percents; a dash where there is no number. */
export function percent(share: number | null): string {
  return share === null || !Number.isFinite(share) ? '–' : `${(share * 100).toFixed(0)} %`;
}

/** Markdown table of shares. */
export function shareTable(shares: readonly Shown<Share>[]): string {
  return table(
    ['kernel', 'assumed', 'threads', 'takes', 'rate', 'limit', 'share', 'at least', 'met'],
    shares.map((share) => [
      share.name,
      `${share.assumed}: ${figure((share.amount ?? NaN) / 1e6)} ${share.bound === 'memory' ? 'MB' : 'Mflop'}`,
      figure(share.threads),
      share.error ?? `${figure(share.takes)} ms`,
      `${figure(share.rate)} ${rateUnit(share.bound)}`,
      `${figure(share.limit)} ${rateUnit(share.bound)}`,
      percent(share.share),
      share.atLeast === null ? '' : percent(share.atLeast),
      share.met === null ? '' : share.met ? 'yes' : '**no**',
    ]),
  );
}
