import type { Broker, Consumer } from '../../ports/broker.js';
import { Problem } from '../../ports/problem.js';
import type { Kafka, KafkaSettings } from './client.js';
import { openConsumer } from './consumer.js';
import { openSender, type Sender } from './producer.js';

export type { KafkaSettings } from './client.js';

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
