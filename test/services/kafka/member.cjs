/**
 * The service's Kafka adapter in a process of its own, driven by who forked it: it hears calls `{id, call, …}` and tells
 * their ends `{id, value|error}`; of what the adapter asks its handlers it tells `{ask, handler, …}` and hears `{ask, …}`.
 */
const { openKafka } = require('../../../dist/src/adapters/kafka/kafka.js');

const broker = openKafka(JSON.parse(process.argv[2]));
let consumer;
let asks = 0;
const open = new Map();

const ask = (handler, about) =>
  new Promise((resolve, reject) => {
    const number = ++asks;
    open.set(number, { resolve, reject });
    process.send({ ask: number, handler, ...about });
  });
const text = (bytes) => (bytes === null ? null : Buffer.from(bytes).toString());

const handlers = {
  assigned: async (partition) => {
    const offset = await ask('assigned', { partition });
    return offset === null ? null : BigInt(offset);
  },
  revoked: (partition) => ask('revoked', { partition }),
  records: ({ partition, records, bytes }) =>
    ask('records', {
      partition,
      bytes,
      records: records.map(({ offset, key, value, timestamp, traceparent }) => ({
        offset: Number(offset),
        key: text(key),
        value: value !== null && value.length > 10_000 ? `${value.length} bytes` : text(value),
        timestamp,
        traceparent,
      })),
    }),
  trouble: (error) => process.send({ trouble: String(error?.message ?? error) }),
};

const calls = {
  async consume({ options }) {
    consumer = await broker.consume(options, handlers);
  },
  lag: async () => (await consumer.lag()).map(({ partition, records }) => [partition, Number(records)]),
  leave: () => consumer.close(),
  produce: ({ topic, records }) => broker.produce(topic, records),
  close: () => broker.close(),
};

process.on('message', async (message) => {
  if (message.ask !== undefined) {
    const { resolve, reject } = open.get(message.ask);
    open.delete(message.ask);
    if (message.error === undefined) resolve(message.value);
    else reject(new Error(message.error));
    return;
  }
  try {
    const value = await calls[message.call](message);
    // What still holds the process open then is a fault, which the test sees.
    process.send({ id: message.id, value }, () => message.call === 'close' && process.disconnect());
  } catch (error) {
    process.send({ id: message.id, error: error.message, code: error.code });
  }
});
