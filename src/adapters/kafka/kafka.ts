import type { Broker, Consumer } from '../../ports/broker.js';
import { Problem } from '../../ports/problem.js';
import { brokerFailed, connecting, guard, type Kafka, type KafkaSettings, within } from './client.js';
import { openConsumer } from './consumer.js';
import { openSender, type Sender } from './producer.js';

export type { KafkaSettings } from './client.js';

const METADATA_MS = 10_000;

/** Apache Kafka 3.1 or newer by @platformatic/kafka, which is loaded when it is first needed. Nothing is connected before. */
export function openKafka(settings: KafkaSettings): Broker {
  const consumers = new Set<Consumer>();
  let loaded: Promise<Kafka> | undefined;
  let sender: Sender | undefined;

  const load = (): Promise<Kafka> => {
    if (settings.brokers.length === 0) {
      return Promise.reject(new Problem('broker_failed', 'expected KAFKA_BROKERS to name brokers, got none'));
    }
    loaded ??= import('@platformatic/kafka');
    return loaded;
  };

  return {
    async consume(options, handlers) {
      const consumer = await openConsumer(await load(), settings, options, handlers);
      const known: Consumer = {
        lag: () => consumer.lag(),
        async close() {
          consumers.delete(known);
          await consumer.close();
        },
      };
      consumers.add(known);
      return known;
    },
    async partitions(topic) {
      const kafka = await load();
      const client = new kafka.Base(connecting(settings, METADATA_MS));
      guard(kafka, client.connections);
      try {
        const asked = client.metadata({ topics: [topic] });
        const { topics } = await within(METADATA_MS, 'Kafka to know its topics', asked);
        return Array.from({ length: topics.get(topic)?.partitionsCount ?? 0 }, (_, number) => number);
      } catch (error) {
        throw brokerFailed(`Kafka at ${settings.brokers.join(', ')} to answer`, error);
      } finally {
        await within(METADATA_MS, 'connections to close', client.close()).catch(() => undefined);
      }
    },
    async produce(topic, records) {
      const kafka = await load();
      sender ??= openSender(kafka, settings);
      await sender.produce(topic, records);
    },
    async close() {
      await Promise.all([...consumers].map((consumer) => consumer.close()));
      await sender?.close();
    },
  };
}
