import { failureOf } from '../../ports/log.js';
import type { NewRecord } from '../../ports/broker.js';
import type { Json } from '../../ports/formats.js';
import { Problem } from '../../ports/problem.js';
import type { StoredResult, StoredStream, WindowState } from '../../ports/streams.js';
import { MOST_LINKS } from '../../ports/trace.js';
import type { Definition } from '../streams/definition.js';
import { closedBefore } from '../streams/windows.js';
import { now } from '../clock.js';
import { closingOf, merged, resultOf, type ResultTools } from './closing.js';
import { kafkaSource, type Source } from './kafka-source.js';
import { laneFold } from './lane-fold.js';
import type { StreamsOptions } from './options.js';
import { Partition } from './partition.js';
import { Rate } from './rate.js';

/** Partition of records that come by HTTP. */
export const HTTP = -1;
/** Between two attempts to close windows when other partitions hold them back. */
const CLOSE_PAUSE_MS = 50;
/** How long a process has the sink without a word, and how many results it is sent at a time. */
const SINK_MS = 30_000;
const SENT_AT_A_TIME = 100;

/** A stream as this process works on it. */
export class Live {
  readonly definition: Definition;
  readonly #options: StreamsOptions;
  readonly #owner: string;
  readonly #stopping = new AbortController();
  readonly #partitions = new Map<number, { readonly partition: Partition; readonly rate: Rate }>();
  readonly #listeners = new Set<() => void>();
  #tools: ResultTools | undefined;
  #source: Source | undefined;
  #closing: Promise<void> | undefined;
  #closeAgain = false;
  /** Traces of the batches that made windows due, and of the windows that were closed: for those that come from them. */
  readonly #batches = new Set<string>();
  readonly #closes = new Set<string>();
  #sending: Promise<void> | undefined;
  #sinkTrouble: string | undefined;
  #lag: ReadonlyMap<number, number> = new Map();
  /** What was told last of each partition. */
  readonly #told = new Map<number, string>();
  closedBefore: number | null;

  constructor(
    readonly stored: StoredStream,
    options: StreamsOptions,
    owner: string,
  ) {
    this.definition = JSON.parse(stored.definition) as Definition;
    this.closedBefore = stored.closedBefore;
    this.#options = options;
    this.#owner = owner;
  }

  /** Begins to read its topic, where it has one. */
  start(): void {
    const { broker, store } = this.#options;
    if (this.definition.source.type !== 'kafka' || broker === undefined || this.#source !== undefined) return;
    this.#source = kafkaSource({
      ...this.#options,
      broker,
      definition: this.definition,
      partition: (number) => this.partition(number),
      left: (number) => {
        this.#partitions.delete(number);
      },
      expect: (partitions) => store.expect(this.stored.id, partitions),
    });
  }

  partition(number: number): Partition {
    const known = this.#partitions.get(number);
    if (known !== undefined) return known.partition;
    const { store, maxWindows, folds } = this.#options;
    const rate = new Rate();
    const partition = new Partition({
      store,
      stream: this.stored.id,
      definition: this.definition,
      partition: number,
      owner: this.#owner,
      maxWindows,
      folds,
      fold: laneFold(this.#options, this.#stopping.signal),
      rate,
      due: (cause) => this.#due(number, cause),
      shared: number === HTTP,
    });
    this.#partitions.set(number, { partition, rate });
    return partition;
  }

  /** Why it does not work as it should; undefined: it does. */
  get trouble(): string | undefined {
    if (this.definition.source.type === 'kafka' && this.#options.broker === undefined)
      return 'KAFKA_BROKERS is not set';
    return this.#source?.trouble() ?? this.#sinkTrouble;
  }

  /** As far as it is this process's. */
  get sight(): { readonly lag: number; readonly watermark: number | null; readonly openWindows: number } {
    let openWindows = 0;
    let watermark: number | null = null;
    for (const { partition } of this.#partitions.values()) {
      openWindows += partition.held?.windows.size ?? 0;
      const own = partition.held?.watermark ?? null;
      if (own !== null) watermark = watermark === null ? own : Math.min(watermark, own);
    }
    return { lag: [...this.#lag.values()].reduce((a, b) => a + b, 0), watermark, openWindows };
  }

  /** Calls back when there is news of it. How to stop that. */
  listen(news: () => void): () => void {
    this.#listeners.add(news);
    return () => this.#listeners.delete(news);
  }

  news(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Closes what is due, tells what is known of its partitions, sends what the sink does not have. */
  async look(): Promise<void> {
    const { store, idleMs } = this.#options;
    if (this.#source !== undefined)
      this.#lag = await this.#source.lag().catch(() => new Map<number, number>());
    const rows = await store.partitions(this.stored.id);
    for (const { partition: number, epoch, seen, idle: was } of rows) {
      const own = this.#partitions.get(number);
      if (own?.partition.held?.epoch !== epoch) continue;
      const lag = number === HTTP ? null : (this.#lag.get(number) ?? null);
      const quiet = Date.now() - seen > idleMs && (number === HTTP || lag === 0);
      // Also what is on its way: it may have waited for a lane.
      const idle = quiet && own.partition.waiting === 0;
      const rate = own.rate.value;
      const told = `${epoch} ${String(idle)} ${String(lag)} ${rate}`;
      if (told === this.#told.get(number) && idle === was) continue;
      if (await store.tell(this.stored.id, number, epoch, { idle, lag, rate })) this.#told.set(number, told);
    }
    await this.close();
    this.#send();
  }

  async #due(partition: number, cause: string | undefined): Promise<void> {
    keep(this.#batches, cause);
    if (partition === HTTP) {
      await this.close();
      return;
    }
    // Others may hold the watermark back: not with every batch.
    setTimeout(() => void this.close(), CLOSE_PAUSE_MS).unref();
  }

  /** Closes all windows whose time has come. Never rejects: what could not be is due the next time. */
  close(): Promise<void> {
    if (this.#closing !== undefined) {
      this.#closeAgain = true;
      return this.#closing;
    }
    this.#closing = this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    const { store, windowsKept, observe, log } = this.#options;
    try {
      const tools = await this.#resultTools();
      do {
        this.#closeAgain = false;
        for (let more = true; more && !this.#stopping.signal.aborted;) {
          const start = now();
          const closed = await store.close(this.stored.id, closingOf(tools, windowsKept));
          more = closed?.more ?? false;
          if (closed === undefined) return;
          this.#closed(closed.closedBefore);
          if (closed.results.length === 0) continue;
          observe.closed(this.definition.name, closed.results.length);
          this.#traceClose(start, closed.results.length);
          this.news();
          this.#send();
          await new Promise((resolve) => setImmediate(resolve));
        }
      } while (this.#again());
    } catch (error) {
      log('error', 'windows were not closed', { stream: this.definition.name }, failureOf(error));
    } finally {
      // Of its own turn: who asks behind the last look begins anew.
      this.#closing = undefined;
    }
  }

  #traceClose(start: number, windows: number): void {
    const { name } = this.definition;
    const task = this.#options.tracing?.task({
      name: `close ${name}`,
      kind: 'internal',
      links: this.#batches,
      attributes: { 'analytics.stream': name, 'analytics.windows': windows },
      start,
    });
    this.#batches.clear();
    keep(this.#closes, task?.header);
    task?.end();
  }

  #again(): boolean {
    return this.#closeAgain && !this.#stopping.signal.aborted;
  }

  #closed(before: number | null): void {
    this.closedBefore = before;
    for (const { partition } of this.#partitions.values()) partition.closed(before);
  }

  async #resultTools(): Promise<ResultTools> {
    const { distributions, writeJson } = this.#options;
    const prepared = JSON.parse(this.stored.prepared ?? '{}') as Readonly<Record<string, string>>;
    this.#tools ??= {
      definition: this.definition,
      references: new Map(
        Object.entries(prepared).map(([id, text]) => [id, Uint8Array.from(Buffer.from(text, 'base64'))]),
      ),
      distributions: await distributions(),
      writeJson,
    };
    return this.#tools;
  }

  /** What open windows are so far. */
  async soFar(states: readonly WindowState[]): Promise<readonly (WindowState & { readonly result: Json })[]> {
    const tools = await this.#resultTools();
    return merged(this.definition, states).map((window) => ({ ...window, result: resultOf(tools, window) }));
  }

  /** Sends results to the sink, if nobody else does. */
  #send(): void {
    const { broker, log } = this.#options;
    const { sink, name } = this.definition;
    if (sink === null || broker === undefined || this.#stopping.signal.aborted) return;
    this.#sending ??= this.#sendAll(sink.topic)
      .then(
        () => {
          this.#sinkTrouble = undefined;
        },
        (error: unknown) => {
          const said = error instanceof Problem ? error.code : 'internal_error';
          if (this.#sinkTrouble !== said)
            log('warn', 'results are not sent', { stream: name, reason: said }, failureOf(error));
          this.#sinkTrouble = said;
        },
      )
      .finally(() => {
        this.#sending = undefined;
      });
  }

  async #sendAll(topic: string): Promise<void> {
    const { store, broker, tracing } = this.#options;
    const { id, name } = this.stored;
    while (!this.#stopping.signal.aborted) {
      const there = await store.find(name);
      if (there?.id !== id || there.sentSeq >= there.lastSeq) return;
      if (!(await store.claimSink(id, this.#owner, SINK_MS))) return;
      const results = await store.results(id, { behind: there.sentSeq, limit: SENT_AT_A_TIME });
      const last = results.at(-1);
      if (last === undefined) return;
      const task = tracing?.task({
        name: `send ${topic}`,
        kind: 'producer',
        links: this.#closes,
        attributes: {
          'messaging.system': 'kafka',
          'messaging.operation.name': 'send',
          'messaging.operation.type': 'send',
          'messaging.destination.name': topic,
          'messaging.batch.message_count': results.length,
          'analytics.stream': name,
        },
      });
      try {
        await broker?.produce(
          topic,
          results.map((result) => sunk(name, result, task?.header)),
        );
        await store.sent(id, this.#owner, last.seq);
        this.#closes.clear();
        task?.end();
      } catch (error) {
        task?.end({ error: error instanceof Problem ? error.code : 'internal_error' });
        throw error;
      }
    }
  }

  /** Ends its work behind what is under way. `abort`: what is under way, too. */
  async stop(abort = false): Promise<void> {
    if (abort) this.#stopping.abort();
    await this.#source?.close().catch(() => undefined);
    for (const { partition } of this.#partitions.values()) await partition.settled();
    this.#stopping.abort();
    await this.#closing;
    await this.#sending;
    this.news();
  }

  /** Windows until then are closed by the watermark. */
  before(watermark: number | null): number | null {
    return closedBefore(this.definition, watermark);
  }
}

/** A result for the sink. Its key is the same whenever the same window is sent: who reads it can tell what comes twice. */
function sunk(
  name: string,
  { key, start, end, seq, result }: StoredResult,
  traceparent: string | undefined,
): NewRecord {
  const about = JSON.stringify({ stream: name, seq });
  return {
    key: JSON.stringify([name, key, start, end]),
    value: `${about.slice(0, -1)},${result.slice(1)}`,
    headers: { 'content-type': 'application/json', ...(traceparent !== undefined && { traceparent }) },
  };
}

/** As many as a span has links. */
function keep(traces: Set<string>, one: string | undefined): void {
  if (one !== undefined && traces.size < MOST_LINKS) traces.add(one);
}
