import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { type KafkaServer, startKafka } from './kafka.js';

const run = promisify(execFile);
let kafka: KafkaServer;

beforeAll(async () => {
  kafka = await startKafka({ secured: true });
}, 90_000);
afterAll(() => kafka.stop(), 30_000);

async function write(topic: string, lines: string): Promise<void> {
  const child = spawn('kcat', ['-P', '-b', kafka.brokers, '-t', topic]);
  child.stdin.end(lines);
  const code = await new Promise((resolve) => child.once('exit', resolve));
  expect(code).toBe(0);
}

const read = async (topic: string): Promise<string> =>
  (await run('kcat', ['-C', '-b', kafka.brokers, '-t', topic, '-e', '-q', '-o', 'beginning'])).stdout;

test('what kcat wrote is there, before and after the broker was killed and started again', async () => {
  await kafka.topic('kept', { partitions: 1 });
  await write('kept', 'one\ntwo\n');
  expect(await read('kept')).toBe('one\ntwo\n');
  await kafka.restart();
  expect(await read('kept')).toBe('one\ntwo\n');
}, 60_000);
