/** Sends drawn requests to a service for a while, several at once, and gathers what should not have happened. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JSON_TYPE, postJson, send, type Service, startService } from '../service.js';
import { DESCRIBING } from '../hostile/forty.js';
import { KEPT, type Oracle, oracleOf } from './oracle.js';
import { seedOf } from './random.js';
import { drawRequest, type FuzzRequest } from './requests.js';
import { exchange, type Exchange, type Part } from './wire.js';

const CONNECTIONS = 6;
/** A body of at most 64 KiB is answered within this, unless it is slower than that each of three times. */
const SLOW_MS = 2000;
const SMALL = 64 * 1024;
const PATIENCE_MS = 40_000;
const MAX_RSS = 1.5e9;
const MAX_FINDINGS = 25;
const PROGRESS_MS = 30_000;
const ENV = {
  MEMORY_BUDGET: String(512 * 2 ** 20),
  MAX_JSON_BYTES: String(64 * 2 ** 20),
  MAX_ARROW_BYTES: String(64 * 2 ** 20),
  LANES: '2',
};

export interface CampaignOptions {
  readonly seed: number;
  readonly ms: number;
  /** One request of the campaign alone. */
  readonly only?: number;
  readonly log?: (line: string) => void;
}

export interface CampaignResult {
  readonly requests: number;
  readonly byStatus: ReadonlyMap<string, number>;
  readonly byFormat: ReadonlyMap<string, number>;
  readonly findings: readonly string[];
  readonly slowestMs: number;
  readonly rss: number;
}

/** Runs a campaign against a service of its own. Every request is a function of the seed and its index. */
export async function campaign(options: CampaignOptions): Promise<CampaignResult> {
  const { seed, ms, only, log = () => undefined } = options;
  const service = await startService({ env: ENV });
  const run = new Campaign(service, seed, await oracle(service), log);
  const pipeline = [{ name: 'kmeans', n_clusters: 1 }];
  await postJson(`${service.url}/models`, { name: KEPT, pipeline, columns: { a: [1, 2] } });
  try {
    await run.send(ms, only);
    await run.aftermath();
  } finally {
    if (run.alive()) await service.stop();
  }
  return run;
}

async function oracle({ url }: Service): Promise<Oracle> {
  return oracleOf((await send(`${url}/openapi.json`, { method: 'GET' })).json);
}

const count = (counts: Map<string, number>, key: string): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};
const written = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([key, n]) => `${key} ${n}`)
    .join(', ');

class Campaign implements CampaignResult {
  requests = 0;
  readonly byStatus = new Map<string, number>();
  readonly byFormat = new Map<string, number>();
  readonly findings: string[] = [];
  slowestMs = 0;
  #slowest = -1;
  rss = 0;
  readonly #kinds = new Set<string>();
  readonly #port: number;
  #printed = 0;

  constructor(
    readonly service: Service,
    readonly seed: number,
    readonly oracle: Oracle,
    readonly log: (line: string) => void,
  ) {
    this.#port = Number(new URL(service.url).port);
    this.#printed = service.output().length;
  }

  async send(ms: number, only: number | undefined): Promise<void> {
    if (only !== undefined) {
      await this.#one(only);
      return;
    }
    const started = performance.now();
    let index = 0;
    const progress = setInterval(() => {
      this.log(this.#summary(performance.now() - started));
    }, PROGRESS_MS);
    const watch = setInterval(() => {
      this.#look();
    }, 1000);
    const worker = async (): Promise<void> => {
      while (performance.now() - started < ms && this.alive() && this.findings.length < MAX_FINDINGS) {
        await this.#one(index++);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, worker));
    clearInterval(progress);
    clearInterval(watch);
    this.#look();
    this.log(this.#summary(performance.now() - started));
  }

  /** The same process, nothing lost: large requests still get through, on every lane at once. */
  async aftermath(): Promise<void> {
    if (!this.alive()) {
      this.#report('process', -1, `the process ended: ${this.service.output().slice(-2000)}`);
      return;
    }
    const rows = Array.from({ length: 300_000 }, (_, i) => `{"a":${i % 1000},"b":${i * 0.5}}`).join(',');
    const body = `{"data":[${rows}]}`;
    for (let round = 0; round < 3; round++) {
      const replies = await Promise.all(
        DESCRIBING.map((path) => send(`${this.service.url}${path}`, { headers: JSON_TYPE, body })),
      );
      for (const { status, text } of replies)
        if (status !== 200)
          this.#report('aftermath', -1, `a large request answered ${status} ${text.slice(0, 300)}`);
    }
    this.#look();
  }

  alive(): boolean {
    try {
      process.kill(this.service.pid, 0);
      return true;
    } catch {
      return false;
    }
  }

  async #one(index: number): Promise<void> {
    const request = drawRequest(seedOf(this.seed, index));
    let answer: Exchange;
    try {
      answer = await this.#exchange(request);
    } catch (error) {
      this.#report('wire', index, String(error), request);
      return;
    }
    this.requests++;
    count(this.byFormat, request.format.replace(/ (rows|columns|forged|scraps|stream|file)/gu, ''));
    const [reply] = answer.replies;
    count(this.byStatus, String(reply?.status ?? 'none'));
    if (reply === undefined) {
      if (!request.broken || answer.ms > PATIENCE_MS - 1000)
        this.#report('no answer', index, `no answer in ${Math.round(answer.ms)} ms`, request);
      return;
    }
    if (!request.broken || reply.status >= 500) {
      const wrong = this.#judge(request, reply);
      if (wrong !== undefined) this.#report(wrong, index, `${wrong}: ${reply.text.slice(0, 400)}`, request);
    }
    if (request.bytes > SMALL) return;
    const ms = answer.ms > SLOW_MS ? await this.#fastest(request, answer.ms) : answer.ms;
    if (ms > this.slowestMs) [this.slowestMs, this.#slowest] = [ms, index];
    if (ms > SLOW_MS)
      this.#report('slow', index, `${request.bytes} bytes answered in ${Math.round(ms)} ms`, request);
  }

  #judge(request: FuzzRequest, reply: Exchange['replies'][number]): string | undefined {
    try {
      return this.oracle(request, reply);
    } catch (error) {
      return `an answer that cannot be read: ${String(error)}`;
    }
  }

  #exchange({ parts, method }: FuzzRequest): Promise<Exchange> {
    return exchange(this.#port, parts, { method, timeoutMs: PATIENCE_MS, stopAtReply: true });
  }

  async #fastest(request: FuzzRequest, first: number): Promise<number> {
    let fastest = first;
    for (let i = 0; i < 2 && fastest > SLOW_MS; i++)
      fastest = Math.min(fastest, (await this.#exchange(request)).ms);
    return fastest;
  }

  /** Memory, and what the service has printed since. */
  #look(): void {
    if (!this.alive()) return;
    this.rss = Math.max(this.rss, rssOf(this.service.pid));
    if (this.rss > MAX_RSS) this.#report('memory', -1, `VmRSS ${this.rss}`);
    const printed = this.service.output().slice(this.#printed);
    const line = printed
      .split('\n')
      .find((text) => /"level":"(error|warn)"|^\s+at |a lane ended/u.test(text));
    if (line !== undefined)
      this.#report(`printed ${line.slice(50, 150)}`, -1, `printed ${line.slice(0, 1500)}`);
    this.#printed += printed.length;
  }

  #report(kind: string, index: number, what: string, request?: FuzzRequest): void {
    const key = `${kind} ${request?.format.split(' ')[0] ?? ''}`.slice(0, 160);
    if (this.#kinds.has(key) || this.findings.length >= MAX_FINDINGS) return;
    this.#kinds.add(key);
    const where =
      request === undefined
        ? ''
        : `; FUZZ_SEED=${this.seed} FUZZ_ONLY=${index}, written to ${this.#keep(index, request.parts)}`;
    const finding = `${request === undefined ? '' : `${request.method} ${request.path} ${request.format}: `}${what}${where}`;
    this.findings.push(finding);
    this.log(`FOUND ${finding}`);
  }

  /** The request as it went over the wire. */
  #keep(index: number, parts: readonly Part[]): string {
    const file = join(tmpdir(), `analytics-fuzz-${this.seed}-${index}.http`);
    const bytes = parts.flatMap((part) =>
      typeof part === 'string' || part instanceof Uint8Array ? [Buffer.from(part)] : [],
    );
    writeFileSync(file, Buffer.concat(bytes));
    return file;
  }

  #summary(ms: number): string {
    const rate = Math.round(this.requests / (ms / 1000));
    const memory = Math.round(this.rss / 2 ** 20);
    return (
      `${Math.round(ms / 1000)} s: ${this.requests} requests, ${rate}/s, slowest ${Math.round(this.slowestMs)} ms (${this.#slowest}), ` +
      `${memory} MiB; ${written(this.byStatus)}; ${written(this.byFormat)}; ${this.findings.length} findings`
    );
  }
}

/** Resident bytes of a process; 0 where the system does not say. */
function rssOf(pid: number): number {
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return 0;
  const match = /VmRSS:\s+(\d+) kB/u.exec(readFileSync(file, 'utf8'));
  return Number(match?.[1] ?? 0) * 1024;
}
