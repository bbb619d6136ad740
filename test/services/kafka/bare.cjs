/**
 * A consumer that does nothing but count: `bare.cjs BROKERS TOPIC RECORDS`. Prints the seconds from its start to the last
 * record. It is asked for as many bytes at a time as the service asks for.
 */
const [brokers, topic, records] = process.argv.slice(2);

(async () => {
  const { Consumer } = await import('@platformatic/kafka');
  const began = performance.now();
  const consumer = new Consumer({
    clientId: 'bare',
    groupId: `bare-${Date.now()}`,
    bootstrapBrokers: [brokers],
    maxBytes: 2 * 2 ** 20,
  });
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false });
  let count = 0;
  for await (const { value } of stream) {
    if (value.length > 0) count++;
    if (count === Number(records)) break;
  }
  console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000 }));
  process.exit(0);
})();
