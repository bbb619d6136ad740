import type { MessageToProduce, Producer } from '@platformatic/kafka' with { 'resolution-mode': 'import' };
import type { NewRecord } from '../../ports/broker.js';
import { brokerFailed, closed, connecting, guard, type Kafka, type KafkaSettings, within } from './client.js';

/** Bytes of one request: brokers take 1 MB a batch unless told otherwise. */
const SEND_BYTES = 2 ** 19;
/** Of a record beside key, value and headers. */
const RECORD_BYTES = 64;
const ANSWER_MS = 10_000;
const SEND_MS = 30_000;
const CLOSE_MS = 3000;
const RETRIES = 8;

export interface Sender {
  produce(topic: string, records: readonly NewRecord[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * An idempotent producer: a request that is repeated is written once. One request is under way at a time, because the package
 * (1.35.0) gives requests that overlap the same sequence numbers, of which the broker drops the second as a repetition. After
 * a failure the numbers are not known any more: the next request is by a new producer.
 */
export function openSender(kafka: Kafka, settings: KafkaSettings): Sender {
  let producer: Producer | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function send(messages: MessageToProduce[]): Promise<void> {
    producer ??= make();
    try {
      await within(
        SEND_MS,
        'Kafka to take records',
        producer.send({ messages, acks: kafka.ProduceAcks.ALL, autocreateTopics: true }),
      );
    } catch (error) {
      const failed = producer;
      producer = undefined;
      await shut(failed);
      throw error;
    }
  }

  function make(): Producer {
    const made: Producer = new kafka.Producer({
      ...connecting(settings, ANSWER_MS),
      idempotent: true,
      retries: RETRIES,
      // Where Java's client and librdkafka's murmur2_random put a key.
      partitioner: (_message, key) =>
        Buffer.isBuffer(key) ? kafka.murmur2(key) & 0x7fffffff : round++ & 0x7fffffff,
    });
    guard(kafka, made.connections);
    return made;
  }
  let round = 0;

  return {
    async produce(topic, records) {
      const turn = last.then(async () => {
        for (const messages of requests(topic, records)) await send(messages);
      });
      last = turn.catch(() => undefined);
      try {
        await turn;
      } catch (error) {
        throw brokerFailed(
          `Kafka at ${settings.brokers.join(', ')} to take records of the topic ${topic}`,
          error,
        );
      }
    },
    async close() {
      await last;
      await shut(producer);
      producer = undefined;
    },
  };
}

async function shut(producer: Producer | undefined): Promise<void> {
  if (producer === undefined) return;
  await within(CLOSE_MS, 'connections to close', closed(producer)).catch(() => undefined);
  await within(CLOSE_MS, 'connections to close', producer.connections.close()).catch(() => undefined);
}

/** Records by requests of a bounded size, in their order. */
function* requests(topic: string, records: readonly NewRecord[]): Generator<MessageToProduce[]> {
  let messages: MessageToProduce[] = [];
  let bytes = 0;
  for (const { key, value, headers = {} } of records) {
    const pairs = Object.entries(headers).map(
      ([name, text]) => [Buffer.from(name), Buffer.from(text)] as const,
    );
    const message = { topic, key: bytesOf(key), value: bytesOf(value), headers: new Map(pairs) };
    const more =
      RECORD_BYTES +
      (message.key?.length ?? 0) +
      (message.value?.length ?? 0) +
      pairs.reduce((sum, [name, text]) => sum + name.length + text.length, 0);
    if (messages.length > 0 && bytes + more > SEND_BYTES) {
      yield messages;
      messages = [];
      bytes = 0;
    }
    messages.push(message as MessageToProduce);
    bytes += more;
  }
  if (messages.length > 0) yield messages;
}

/** The same memory where there is some. */
function bytesOf(text: Uint8Array | string | null): Buffer | undefined {
  if (text === null) return undefined;
  if (typeof text === 'string') return Buffer.from(text);
  return Buffer.from(text.buffer, text.byteOffset, text.byteLength);
}
