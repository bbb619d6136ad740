/** What a process takes, read from /proc, and how that grows. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Resident megabytes. */
export function resident(pid: number): number {
  const [, kb = '0'] = /VmRSS:\s+(\d+) kB/u.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return (Number(kb) * 1024) / 1e6;
}

/** Seconds of a core that it has used. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

export interface Held {
  readonly descriptors: number;
  readonly threads: number;
}

const held = (pid: number): Held => {
  const [, threads = '0'] = /Threads:\s+(\d+)/u.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return { descriptors: readdirSync(`/proc/${pid}/fd`).length, threads: Number(threads) };
};

const EVEN_MS = 1000;
const MOST_LOOKS = 12;

/** Descriptors and threads once they are the same twice, a second apart: connections close, a lane is replaced. */
export async function heldAtRest(pid: number): Promise<Held> {
  let last = held(pid);
  for (let i = 0; i < MOST_LOOKS; i++) {
    await pause(EVEN_MS);
    const now = held(pid);
    if (now.descriptors === last.descriptors && now.threads === last.threads) return now;
    last = now;
  }
  return last;
}

export type Sample = readonly [minutes: number, megabytes: number];

/** The smallest of each of `windows` stretches of time: what garbage that is yet to be collected adds is left out. */
export function lowest(samples: readonly Sample[], windows: number): Sample[] {
  const from = samples[0]?.[0] ?? 0;
  const step = ((samples.at(-1)?.[0] ?? 0) - from) / windows;
  return Array.from({ length: windows }, (_, i) =>
    samples
      .filter(([at]) => at >= from + i * step && at <= from + (i + 1) * step)
      .reduce<Sample>((least, sample) => (sample[1] < least[1] ? sample : least), [0, Infinity]),
  ).filter(([, megabytes]) => megabytes < Infinity);
}

export interface Slope {
  /** Megabytes a minute, by least squares. */
  readonly value: number;
  /** Standard error of it. */
  readonly error: number;
}

export function slopeOf(samples: readonly Sample[]): Slope {
  const n = samples.length;
  const meanX = samples.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = samples.reduce((sum, [, y]) => sum + y, 0) / n;
  const xx = samples.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const value = samples.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / xx;
  const rest = samples.reduce((sum, [x, y]) => sum + (y - meanY - value * (x - meanX)) ** 2, 0);
  return { value, error: Math.sqrt(rest / Math.max(1, n - 2) / xx) };
}
