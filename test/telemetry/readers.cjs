// A counter whose readers are those that the environment asks for; then what is left is sent.
const { join } = require('node:path');
const { MeterProvider } = require('@opentelemetry/sdk-metrics');
const dist = join(__dirname, '..', '..', 'dist', 'src', 'adapters', 'telemetry');
const { attachedReaders } = require(join(dist, 'readers.js'));
require(join(dist, 'start.js')).startTelemetry(process.env, '0');

void attachedReaders(process.env).then(async ({ readers, resource }) => {
  const provider = new MeterProvider({ readers: [...readers], resource });
  provider.getMeter('test').createCounter('turns').add(3);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await provider.shutdown();
  process.exit(0);
});
