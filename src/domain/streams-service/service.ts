import { failureOf } from '../../ports/log.js';
import type { Json } from '../../ports/formats.js';
import type { StreamSight } from '../../ports/observe-kept.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { PartitionState, StoredResult, StoredStream, WindowFilter } from '../../ports/streams.js';
import type { Definition } from '../streams/definition.js';
import { watermarkOf } from './closing.js';
import { HTTP, Live } from './live.js';
import type { StreamsOptions } from './options.js';
import { endOf } from './kafka-source.js';
import { otherBatch } from './entries.js';
import type { Portion, Taken } from './portion.js';
import { preparedFor } from './prepare.js';

export type { StreamsOptions } from './options.js';

/** A stream at one moment. */
export interface StreamStatus {
  readonly stored: StoredStream;
  readonly definition: Definition;
  readonly state: 'running' | 'degraded';
  readonly reason: string | undefined;
  readonly partitions: readonly PartitionState[];
  readonly watermark: number | null;
}

export interface OpenWindow {
  readonly key: string | null;
  readonly start: number;
  readonly end: number;
  readonly records: number;
  readonly result: Json;
}

/** The streams of the service, seen from this process. */
export interface Streams {
  /** Makes a stream. Rejects with Problem `conflict` when there is another of its name or there are too many, 422 codes. */
  create(definition: Definition): Promise<{ readonly status: StreamStatus; readonly isNew: boolean }>;
  list(): Promise<readonly StreamStatus[]>;
  /** Rejects with Problem `not_found`. So do all that follow. */
  status(name: string): Promise<StreamStatus>;
  remove(name: string): Promise<void>;
  /** Takes records, which are in the state for good when it resolves. Rejects with Problem: then none is. */
  take(
    name: string,
    portion: Portion,
    /** W3C `traceparent` of what brought it. */
    traceparent?: string,
  ): Promise<Taken & { readonly watermark: number | null; readonly repeated: boolean }>;
  /** Whether records may come by HTTP now. Rejects with Problem `conflict` or `overloaded`. */
  ready(name: string, batch?: string): Promise<void>;
  results(
    name: string,
    filter: WindowFilter & { readonly before?: number | undefined; readonly behind?: number | undefined },
  ): Promise<readonly StoredResult[]>;
  open(name: string, filter: WindowFilter): Promise<readonly OpenWindow[]>;
  /** Calls back when there may be news of a stream here. How to stop that. */
  listen(name: string, news: () => void): () => void;
  /** Cheap: what is known here. */
  state(): readonly StreamSight[];
  /** Begins to work on the streams that there are. */
  start(): void;
  close(): Promise<void>;
}

const LOOK_MS = 1000;
/** How long names of batches are known. */
const BATCHES_MS = 24 * 3_600_000;
const FORGET_MS = 600_000;
/** Batches of a stream that wait. */
const MOST_WAITING = 256;
const CLOSE_MS = 20_000;

/** Starts what works on streams. Nothing is asked of the store before `start`. */
export function startStreams(options: StreamsOptions, owner: string): Streams {
  const { store, log } = options;
  const live = new Map<string, Live>();
  let stopping = false;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let forgotten = 0;

  const known = (stored: StoredStream): Live => {
    const there = live.get(stored.name);
    if (there?.stored.id === stored.id) return there;
    // One of that name was removed, and another made.
    void there?.stop(true);
    const made = new Live(stored, options, owner);
    live.set(stored.name, made);
    if (!stopping) made.start();
    return made;
  };

  const named = async (name: string): Promise<Live> => {
    const stored = await store.find(name);
    if (stored !== undefined) return known(stored);
    void live.get(name)?.stop(true);
    live.delete(name);
    throw new Problem('not_found', `expected a stream, got ${JSON.stringify(excerpt(name))}`);
  };

  const statusOf = async (one: Live, stored: StoredStream): Promise<StreamStatus> => {
    const partitions = await store.partitions(stored.id);
    const reason = one.trouble;
    return {
      stored,
      definition: one.definition,
      state: reason === undefined ? 'running' : 'degraded',
      reason,
      partitions,
      watermark: watermarkOf(partitions),
    };
  };

  const look = async (): Promise<void> => {
    const all = await store.list();
    const names = new Set(all.map(({ name }) => name));
    for (const [name, one] of live)
      if (!names.has(name)) {
        live.delete(name);
        void one.stop(true);
      }
    for (const stored of all) {
      if (stopping) return;
      try {
        await known(stored).look();
      } catch (error) {
        log('warn', 'a stream was not looked at', { stream: stored.name }, failureOf(error));
      }
    }
    if (all.length > 0 && Date.now() - forgotten > FORGET_MS) {
      forgotten = Date.now();
      await store.forgetBatches(forgotten - BATCHES_MS);
    }
  };

  const again = (): void => {
    if (stopping) return;
    timer = setTimeout(() => {
      looking = look()
        .catch((error: unknown) => {
          log('warn', 'streams were not looked at', {}, failureOf(error));
        })
        .finally(() => {
          looking = undefined;
          again();
        });
    }, LOOK_MS);
    timer.unref();
  };

  return {
    async create(definition) {
      if ((definition.source.type === 'kafka' || definition.sink !== null) && options.broker === undefined) {
        const pointer = definition.source.type === 'kafka' ? '/source/type' : '/sink/type';
        throw Problem.at(pointer, 'invalid_option', 'expected KAFKA_BROKERS to be set for Kafka, got none');
      }
      const text = JSON.stringify(definition);
      const there = await store.find(definition.name);
      const prepared = there === undefined ? await preparedFor(definition, options) : there.prepared;
      const made = await store.create(definition.name, text, prepared, options.most);
      if (made === null)
        throw new Problem('conflict', `expected at most ${options.most} streams (MAX_STREAMS), got one more`);
      if (!made.isNew && canonical(made.stream.definition) !== canonical(text))
        throw Problem.at(
          '/name',
          'conflict',
          `expected a name of no other stream, got ${JSON.stringify(definition.name)}`,
        );
      return { status: await statusOf(known(made.stream), made.stream), isNew: made.isNew };
    },
    async list() {
      const all = await store.list();
      return Promise.all(all.map((stored) => statusOf(known(stored), stored)));
    },
    async status(name) {
      const one = await named(name);
      return statusOf(one, (await store.find(name)) ?? one.stored);
    },
    async remove(name) {
      const one = await named(name);
      await store.remove(name);
      live.delete(name);
      await one.stop(true);
    },
    async ready(name) {
      const one = await named(name);
      refuse(one);
    },
    async take(name, portion, traceparent) {
      const one = await named(name);
      if (portion.named !== undefined) {
        const before = await store.batch(one.stored.id, portion.named.name);
        if (before !== undefined) {
          if (before.digest !== portion.named.digest) throw otherBatch();
          return { ...(JSON.parse(before.answer) as Taken), watermark: one.sight.watermark, repeated: true };
        }
      }
      const partition = refuse(one);
      const began = performance.now();
      const task = options.tracing?.task({
        name: `process ${name}`,
        kind: 'consumer',
        links: [traceparent],
        attributes: { 'analytics.stream': name, 'analytics.bytes': portion.bytes },
      });
      let storeMs = 0;
      const taken = await partition
        .take([portion], { task, stored: (ms) => (storeMs += ms) })
        .catch((error: unknown) => {
          task?.end({ error: error instanceof Problem ? error.code : 'internal_error' });
          throw error;
        });
      task?.end({ attributes: endOf(taken, 0) });
      const { accepted, late, duplicates, rejectedRows: rejected } = taken;
      const durationMs = performance.now() - began;
      options.observe.batch({
        stream: name,
        accepted,
        late,
        rejected,
        duplicates,
        deadLettered: 0,
        durationMs,
        storeMs,
      });
      return { ...taken, watermark: one.sight.watermark, repeated: false };
    },
    async results(name, filter) {
      return store.results((await named(name)).stored.id, filter);
    },
    async open(name, filter) {
      const one = await named(name);
      return one.soFar(await store.open(one.stored.id, filter));
    },
    listen: (name, news) => live.get(name)?.listen(news) ?? (() => undefined),
    state: () =>
      [...live.values()].map((one) => {
        const { lag, watermark, openWindows } = one.sight;
        return {
          name: one.definition.name,
          lag,
          watermarkDelayMs: watermark === null ? undefined : Date.now() - watermark,
          openWindows,
        };
      }),
    start: again,
    async close() {
      stopping = true;
      clearTimeout(timer);
      await looking;
      const late = setTimeout(() => {
        for (const one of live.values()) void one.stop(true);
      }, CLOSE_MS);
      await Promise.all([...live.values()].map((one) => one.stop()));
      clearTimeout(late);
    },
  };

  /** The partition of a stream that takes records by HTTP. Throws Problem. */
  function refuse(one: Live): ReturnType<Live['partition']> {
    if (stopping)
      throw new Problem('stopping', 'expected a service that accepts requests, got one that stops');
    if (one.definition.source.type !== 'http')
      throw new Problem('conflict', 'expected a stream whose source is http, got one that reads a topic');
    const partition = one.partition(HTTP);
    if (partition.waiting >= MOST_WAITING || partition.waitingBytes > options.queueBytes)
      throw new Problem(
        'overloaded',
        `expected at most ${MOST_WAITING} batches of a stream waiting, got more`,
      );
    return partition;
  }
}

/** JSON text with sorted keys: two definitions that say the same are the same. */
function canonical(text: string): string {
  const sorted = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(sorted);
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, one]) => [name, sorted(one)]),
    );
  };
  return JSON.stringify(sorted(JSON.parse(text)));
}
