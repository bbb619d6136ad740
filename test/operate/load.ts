import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** Requests of one kind that come at a rate (a second). */
export interface Stream {
  readonly name: string;
  readonly rate: number;
  readonly method?: string;
  readonly path: string;
  /** An answer that takes longer is late. */
  readonly inTimeMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Taken in turn. */
  readonly bodies?: readonly (string | Uint8Array)[];
}

export interface Seen {
  readonly sent: number;
  /** Answers within `inTimeMs`, and those of them that are 200. */
  readonly inTime: number;
  readonly good: number;
  /** Due while every connection was in use. */
  readonly starved: number;
  /** By what broke: ECONNRESET, ECONNREFUSED, closed. */
  readonly failures: Readonly<Record<string, number>>;
  readonly unanswered: number;
  /** By status; times in milliseconds from when a request was due. */
  readonly statuses: Readonly<Record<string, Times>>;
}

export interface Times {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  /** Values of Retry-After that came. */
  readonly retries: readonly number[];
}

/** Open-loop load from a second process (generator.cjs). Ends `seconds` and the last answer later. */
export function load(
  url: string,
  seconds: number,
  streams: readonly Stream[],
  { seed = 1, most = 512 } = {},
): Promise<Readonly<Record<string, Seen>>> {
  const child = spawn(process.execPath, [join(__dirname, 'generator.cjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const plan = streams.map(({ bodies = [], ...rest }) => ({
    ...rest,
    ...(bodies.length > 0 && { bodies: bodies.map((body) => Buffer.from(body).toString('base64')) }),
  }));
  child.stdin.end(JSON.stringify({ url, seconds, seed, most, streams: plan }));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(output) as Readonly<Record<string, Seen>>);
      else reject(new Error(`the load generator ended with ${String(code)}`));
    });
  });
}
