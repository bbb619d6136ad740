// A line of pino in a process with telemetry, as part of a request; then what is left is sent.
const { join } = require('node:path');
const dist = join(__dirname, '..', '..', 'dist', 'src', 'adapters', 'telemetry');
const telemetry = require(join(dist, 'start.js')).startTelemetry(process.env, '0');
const { pino } = require('pino');
const log = pino({ level: 'info' });
const request = telemetry.tracing.begin({ method: 'GET', url: '/x', httpVersion: '1.1', headers: {} });
const told = () => log.info({ request_id: 'r' }, 'request');
if (request === undefined) told();
else request.within(told);
process.stderr.write(`${request?.traceId ?? ''} ${request?.spanId ?? ''}`);
void telemetry.shutdown().then(() => process.exit(0));
