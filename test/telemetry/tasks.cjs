// Tasks as jobs and streams have them, by the environment; what was given to them goes to stderr as JSON.
const { join } = require('node:path');
const dist = join(__dirname, '..', '..', 'dist', 'src', 'adapters', 'telemetry');
const telemetry = require(join(dist, 'start.js')).startTelemetry(process.env, '0');
const { tracing } = telemetry;

const hex = (number, digits) => number.toString(16).padStart(digits, '0');
const parent = (i) => `00-${hex(i, 32)}-${hex(i, 16)}-01`;
const begin = Date.now() - 1000;

const job = tracing.task({ name: 'job describe', kind: 'internal', links: [parent(1)], start: begin });
job?.record(JSON.stringify([{ name: 'compute', start: begin + 1, end: begin + 2, attributes: {} }]));
job?.record([
  { name: 'kernel moments', start: begin + 1, end: begin + 2, attributes: {}, parent: 'compute' },
]);
job?.end();

const links = Array.from({ length: 120 }, (_, i) => parent(1 + (i % 40)));
const batch = tracing.task({
  name: 'process readings',
  kind: 'consumer',
  links: ['', null, undefined, 'garbage', `ff${parent(1).slice(2)}`, ...links],
  attributes: { 'messaging.system': 'kafka', 'messaging.batch.message_count': 120 },
});
batch?.end({ error: 'broker_failed', attributes: { 'analytics.stream.late': 3 } });
batch?.end();
batch?.record([{ name: 'after', start: 0, end: 0, attributes: {} }]);

const given = [job, batch].map((task) => task && [task.header, task.sampled]);
process.stderr.write(JSON.stringify(given));
// However slow the exporting thread starts: who reads the spans says when they are there.
process.stdin.resume().once('end', () => void telemetry.shutdown().then(() => process.exit(0)));
