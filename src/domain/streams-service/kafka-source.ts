import type { Broker, BrokerRecord, Consumer, NewRecord, RecordBatch } from '../../ports/broker.js';
import { failureOf } from '../../ports/log.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { Definition } from '../streams/definition.js';
import { isPassing } from './lane-fold.js';
import type { StreamsOptions } from './options.js';
import type { Partition } from './partition.js';
import { breather } from '../../ports/breather.js';
import { type Portion, type Taken, writeLines } from './portion.js';

export interface KafkaSourceOptions extends Pick<
  StreamsOptions,
  'group' | 'batchBytes' | 'batchMs' | 'tracing' | 'observe' | 'log'
> {
  readonly broker: Broker;
  readonly definition: Definition;
  /** The partition of that number, as it is worked on here. */
  readonly partition: (number: number) => Partition;
  readonly left: (number: number) => void;
  /** Partitions of the topic are known: their watermarks are to be waited for. */
  readonly expect: (partitions: readonly number[]) => Promise<void>;
}

/** A topic that flows into a stream. */
export interface Source {
  /** Why it does not flow; undefined: it does. */
  readonly trouble: () => string | undefined;
  readonly lag: () => Promise<ReadonlyMap<number, number>>;
  /** Leaves the group behind what is under way. */
  readonly close: () => Promise<void>;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const LAG_MS = 5000;

/** Reads the topic of a stream for as long as it is not closed; when the broker is not to be had it tries again, later and later. */
export function kafkaSource(options: KafkaSourceOptions): Source {
  const { broker, definition, group, batchBytes, batchMs, partition, left, log, tracing, observe } = options;
  const { source, name } = definition;
  if (source.type !== 'kafka') throw new Error('expected a stream of a topic');
  const { topic } = source;
  const closing = new AbortController();
  let consumer: Consumer | undefined;
  let trouble: string | undefined = 'it is not connected yet';
  const troubled = (error: unknown): void => {
    if (closing.signal.aborted) return;
    const said = error instanceof Problem ? error.code : 'internal_error';
    if (trouble !== said)
      log('warn', 'a stream does not flow', { stream: name, reason: said }, failureOf(error));
    trouble = said;
  };

  const records = async (batch: RecordBatch): Promise<void> => {
    const began = performance.now();
    const task = tracing?.task({
      name: `process ${name}`,
      kind: 'consumer',
      links: traceparentsOf(batch.records),
      attributes: {
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.consumer.group.name': `${group}.${name}`,
        'analytics.stream': name,
        'messaging.system': 'kafka',
        'messaging.destination.name': topic,
        'messaging.destination.partition.id': String(batch.partition),
        'messaging.batch.message_count': batch.records.length,
      },
    });
    try {
      let deadLettered = 0;
      let storeMs = 0;
      const portions = portionsOf(batch.partition, batch.records, options, (count) => {
        deadLettered += count;
      });
      const taken = await partition(batch.partition).take(portions, {
        task,
        stored: (ms) => (storeMs += ms),
      });
      trouble = undefined;
      const { accepted, late, duplicates, rejectedRows: rejected } = taken;
      const durationMs = performance.now() - began;
      observe.batch({
        stream: name,
        accepted,
        late,
        rejected,
        duplicates,
        deadLettered,
        durationMs,
        storeMs,
      });
      task?.end({ attributes: endOf(taken, deadLettered) });
    } catch (error) {
      troubled(error);
      task?.end({ error: error instanceof Problem ? error.code : 'internal_error' });
      throw error;
    }
  };

  const connect = async (): Promise<void> => {
    await options.expect(await broker.partitions(topic));
    consumer = await broker.consume(
      { topic, group: `${group}.${name}`, batchBytes, batchMs },
      {
        async assigned(number) {
          const held = await partition(number).acquire();
          if (held === undefined)
            throw new Problem('not_found', 'expected a stream, got one that was removed');
          return held.nextOffset === null ? null : BigInt(held.nextOffset);
        },
        async revoked(number) {
          await partition(number).settled();
          left(number);
        },
        records,
        trouble: troubled,
      },
    );
    trouble = undefined;
  };

  const running = (async () => {
    for (let pause = FIRST_PAUSE_MS; !closing.signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        await connect();
        return;
      } catch (error) {
        troubled(error);
        await paused(pause, closing.signal);
      }
    }
  })();

  return {
    trouble: () => trouble,
    async lag() {
      const behind = await within(LAG_MS, consumer?.lag() ?? Promise.resolve([]));
      return new Map(behind.map(({ partition: number, records: count }) => [number, Number(count)]));
    },
    async close() {
      closing.abort();
      await running;
      await consumer?.close();
    },
  };
}

function* traceparentsOf(records: readonly BrokerRecord[]): Iterable<string | undefined> {
  for (const { traceparent } of records) yield traceparent;
}

/** What became of the records of a batch, for its span. */
export const endOf = (taken: Taken, deadLettered: number): Readonly<Record<string, number>> => ({
  'analytics.records.accepted': taken.accepted,
  'analytics.records.late': taken.late,
  'analytics.records.duplicate': taken.duplicates,
  'analytics.records.rejected': taken.rejectedRows,
  'analytics.records.dead_lettered': deadLettered,
});

type Options = Pick<KafkaSourceOptions, 'broker' | 'definition'>;

/** Records as portions: of JSON all in one, of Arrow each by itself. */
function portionsOf(
  partition: number,
  records: readonly BrokerRecord[],
  options: Options,
  deadLettered: (count: number) => void,
): readonly Portion[] {
  const { source } = options.definition;
  const bury = async (dead: readonly Dead[]): Promise<void> => {
    await deadLetter(options, partition, dead);
    deadLettered(dead.length);
  };
  const empty = records.filter(({ value }) => value === null || value.length === 0);
  const there = records.filter(({ value }) => value !== null && value.length > 0);
  const next = nextOf(records);
  const without: Portion[] =
    empty.length === 0
      ? []
      : [
          buried(
            empty.map((record) => ({ record, reason: 'expected a value, got none' })),
            bury,
            undefined,
          ),
        ];
  if (source.type === 'kafka' && source.format === 'arrow')
    return [
      ...without,
      ...there.map((record) => arrowPortion(record, bury)),
      { format: 'arrow', bytes: 0, write: () => undefined, nextOffset: next },
    ];
  return [
    ...without,
    there.length === 0
      ? { format: 'ndjson', bytes: 0, write: () => undefined, nextOffset: next }
      : jsonPortion(there, next, bury),
  ];
}

interface Dead {
  readonly record: BrokerRecord;
  readonly reason: string;
}
type Bury = (dead: readonly Dead[]) => Promise<void>;

const nextOf = (records: readonly BrokerRecord[]): string => String((records.at(-1)?.offset ?? -1n) + 1n);

/** Counts records that are dead letters by the time it is stored. */
function buried(dead: readonly Dead[], bury: Bury, nextOffset: string | undefined): Portion {
  return {
    format: 'ndjson',
    bytes: 0,
    write: () => undefined,
    rejected: dead.length,
    onRejected: () => bury(dead),
    ...(nextOffset !== undefined && { nextOffset }),
  };
}

function jsonPortion(records: readonly BrokerRecord[], nextOffset: string, bury: Bury): Portion {
  const values = records.map(({ value }) => value ?? new Uint8Array(0));
  return {
    format: 'ndjson',
    bytes: values.reduce((sum, { length }) => sum + length + 1, 0),
    write: (landing) => {
      writeLines(values, landing);
    },
    nextOffset,
    async onRejected(rejected) {
      const dead = rejected.flatMap(({ row, reason }): Dead[] => {
        const record = records[row];
        return record === undefined ? [] : [{ record, reason }];
      });
      if (dead.length > 0) await bury(dead);
    },
    async instead(problem) {
      const full = problem.name === 'TooManyWindows';
      if (isPassing(problem) && !full) return undefined;
      const [only] = records;
      if (records.length === 1 && only !== undefined)
        return [buried([{ record: only, reason: problem.message }], bury, nextOffset)];
      const { good, dead } = full ? { good: records, dead: [] } : await parsed(records);
      if (good.length === 0) return [buried(dead, bury, nextOffset)];
      if (dead.length > 0) return [buried(dead, bury, undefined), jsonPortion(good, nextOffset, bury)];
      // Nothing is wrong with any by itself that can be seen here: the one that is is found by halves.
      const middle = Math.ceil(good.length / 2);
      const first = good.slice(0, middle);
      return [jsonPortion(first, nextOf(first), bury), jsonPortion(good.slice(middle), nextOffset, bury)];
    },
  };
}

function arrowPortion(record: BrokerRecord, bury: Bury): Portion {
  const value = record.value ?? new Uint8Array(0);
  const nextOffset = String(record.offset + 1n);
  return {
    format: 'arrow',
    bytes: value.length,
    write: (landing) => {
      landing.write(value);
    },
    nextOffset,
    async onRejected(rejected) {
      const [first] = rejected;
      if (first === undefined) return;
      const rows = rejected.slice(0, 20).map(({ row }) => row);
      const more = rejected.length > rows.length ? ', …' : '';
      await bury([{ record, reason: `rows ${rows.join(', ')}${more}: ${first.reason}` }]);
    },
    instead(problem) {
      if (isPassing(problem) && problem.name !== 'TooManyWindows') return Promise.resolve(undefined);
      return Promise.resolve([buried([{ record, reason: problem.message }], bury, nextOffset)]);
    },
  };
}

/** Tells records that are JSON objects from others, in turns with what else there is to do. */
async function parsed(
  records: readonly BrokerRecord[],
): Promise<{ readonly good: readonly BrokerRecord[]; readonly dead: readonly Dead[] }> {
  const good: BrokerRecord[] = [];
  const dead: Dead[] = [];
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const pause = breather();
  for (const record of records) {
    const reason = faultOf(record.value ?? new Uint8Array(0), decoder);
    if (reason === undefined) good.push(record);
    else dead.push({ record, reason });
    await pause();
  }
  return { good, dead };
}

function faultOf(value: Uint8Array, decoder: { decode(bytes: Uint8Array): string }): string | undefined {
  let text: string;
  try {
    text = decoder.decode(value);
  } catch {
    return 'expected UTF-8, got bytes that are none';
  }
  try {
    const document: unknown = JSON.parse(text);
    const isObject = typeof document === 'object' && document !== null && !Array.isArray(document);
    return isObject ? undefined : 'expected a JSON object, got another value';
  } catch {
    return 'expected a JSON object, got text that is none';
  }
}

/**
 * Writes records that cannot be taken to the topic for them, with what is known of each. A batch that comes again writes the
 * same again: topic, partition and offset tell.
 */
async function deadLetter(
  { broker, definition }: Options,
  partition: number,
  dead: readonly Dead[],
): Promise<void> {
  const { source, deadLetter: topic } = definition;
  if (topic === null || source.type !== 'kafka') return;
  const letters = dead.map(({ record, reason }): NewRecord => ({
    key: record.key,
    value: record.value,
    headers: {
      reason: excerpt(reason, 500),
      topic: source.topic,
      partition: String(partition),
      offset: String(record.offset),
      ...(record.traceparent !== undefined && { traceparent: record.traceparent }),
    },
  }));
  for (let from = 0; from < letters.length; from += 1000)
    await broker.produce(topic, letters.slice(from, from + 1000));
}

/** Resolves after a time, or when the signal is given. */
export function paused(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}

function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Problem('broker_failed', `expected an answer of the broker within ${ms} ms, got none`));
    }, ms);
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
    });
  });
}
