import { readdir, readFile } from 'node:fs/promises';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { type Reading, single } from './readings.js';

/** The process as Prometheus's own clients name it: CPU, memory, descriptors. What the system does not tell is left out. */
export function processReadings(memoryLimit: number): readonly Reading[] {
  const started = performance.timeOrigin / 1000;
  return [
    single('counter', 'process.cpu', 's', 'CPU time of the process, user and system.', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    }),
    single('gauge', 'process.resident_memory', 'By', 'Memory of the process that is resident.', () =>
      process.memoryUsage.rss(),
    ),
    single(
      'gauge',
      'process.memory_limit',
      'By',
      'Memory that the process may have: the container’s limit, else that of the machine.',
      () => memoryLimit,
    ),
    single('gauge', 'process.open_fds', '{descriptor}', 'Descriptors that are open.', openDescriptors),
    single('gauge', 'process.max_fds', '{descriptor}', 'Descriptors that may be open.', mostDescriptors),
    single(
      'gauge',
      'process.start_time',
      's',
      'When the process started, since the epoch of Unix.',
      () => started,
    ),
  ];
}

async function openDescriptors(): Promise<number | undefined> {
  try {
    // One of them is the folder that is being read.
    return (await readdir('/proc/self/fd')).length - 1;
  } catch {
    return undefined;
  }
}

async function mostDescriptors(): Promise<number | undefined> {
  try {
    const [, most] = /^Max open files +(\d+)/mu.exec(await readFile('/proc/self/limits', 'latin1')) ?? [];
    return most === undefined ? undefined : Number(most);
  } catch {
    return undefined;
  }
}

const RESOLUTION_MS = 10;
const SLICE_MS = 10_000;
/** A minute: whoever collects more seldom does not see all. */
const SLICES = 6;

interface Slice {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** How late the event loop is: the worst ten seconds of the last minute, whoever collects and how often. */
export function loopReadings(): { readonly readings: readonly Reading[]; readonly stop: () => void } {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  const slices: Slice[] = [];
  const timer = setInterval(() => {
    slices.push(sliceOf(histogram));
    if (slices.length >= SLICES) slices.shift();
    histogram.reset();
  }, SLICE_MS);
  timer.unref();
  const worst = (of: keyof Slice): number =>
    Math.max(...[...slices, sliceOf(histogram)].map((slice) => slice[of]));
  const gauge = (of: keyof Slice, words: string): Reading =>
    single(
      'gauge',
      `nodejs.eventloop.lag.${of}`,
      's',
      `How late the event loop of the main thread is: ${words} of the worst ten seconds of the last minute.`,
      () => worst(of),
    );
  return {
    readings: [gauge('p50', 'the median'), gauge('p99', 'the 99th percentile'), gauge('max', 'the maximum')],
    stop: () => {
      clearInterval(timer);
      histogram.disable();
    },
  };
}

/** Seconds beyond the interval of the timer that measures. */
function sliceOf(histogram: IntervalHistogram): Slice {
  // Without a measurement its numbers are the extremes of their type.
  const late = (ns: number): number =>
    histogram.count === 0 ? 0 : Math.max(0, (ns / 1e6 - RESOLUTION_MS) / 1000);
  return {
    p50: late(histogram.percentile(50)),
    p99: late(histogram.percentile(99)),
    max: late(histogram.max),
  };
}
