/**
 * Composition root of the thread that exports spans by the standard OTEL_* variables: what a request costs where requests
 * are served is a line of JSON.
 */
import { parentPort } from 'node:worker_threads';
import { diag } from '@opentelemetry/api';
import { directSink, goesDirect } from './direct.js';
import type { Entry } from './entry.js';
import type { FromExporter, ToExporter } from './relay.js';
import { sdkSink } from './replay.js';
import { troubleTeller } from './trouble.js';

const port = parentPort;
if (port === null) throw new Error('exporter.js is started as a worker thread');
const say = (message: FromExporter): void => {
  port.postMessage(message);
};
const teller = troubleTeller((reason) => {
  say({ type: 'trouble', reason });
});
const sink = goesDirect(process.env) ? directSink(process.env) : sdkSink();
diag.setLogger(teller, { suppressOverrideMessage: true });

port.on('message', (message: ToExporter) => {
  if (message.type === 'close') {
    const closed = (): void => {
      say({ type: 'closed' });
    };
    void sink.close().then(closed, closed);
    return;
  }
  (JSON.parse(message.text) as readonly Entry[]).forEach((entry) => {
    sink.add(entry);
  });
  say({ type: 'taken', bytes: message.text.length });
});
