import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { setTimeout as pause } from 'node:timers/promises';
import { type KafkaServer, startKafka } from './kafka.js';
import { ledger, type Member, startMember, until } from './member.js';

const run = promisify(execFile);
let kafka: KafkaServer;
const members: Member[] = [];

beforeAll(async () => {
  kafka = await startKafka({ secured: true });
}, 90_000);
afterAll(async () => {
  await Promise.all(members.map((member) => member.kill()));
  await kafka.stop();
}, 30_000);

function member(...[state, more]: [ReturnType<typeof ledger>?, Parameters<typeof startMember>[2]?]): Member {
  const started = startMember(kafka.brokers, state, more);
  members.push(started);
  return started;
}

const options = (topic: string, about: object = {}): object => ({
  topic,
  group: `group-of-${topic}`,
  batchBytes: 2 ** 20,
  batchMs: 20,
  ...about,
});

async function write(topic: string, lines: readonly string[], ...flags: string[]): Promise<void> {
  const child = spawn('kcat', ['-P', '-b', kafka.brokers, '-t', topic, ...flags]);
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.stdin.end(lines.join('\n'));
  expect(await exited).toBe(0);
}

const read = async (topic: string, ...flags: string[]): Promise<string> =>
  (await run('kcat', ['-C', '-b', kafka.brokers, '-t', topic, '-e', '-q', '-o', 'beginning', ...flags]))
    .stdout;

const many = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => `key-${String(i % 17)}:value-${String(from + i)}`);

test('what kcat writes comes once, in order, from the offset that the state gives', async () => {
  await kafka.topic('plain', { partitions: 3 });
  await write('plain', many(3000), '-K', ':');
  const state = ledger();
  const first = member(state);
  await first.consume(options('plain'));
  await until(
    () => state.seen.length === 3000,
    20_000,
    () => `${String(state.seen.length)} of 3000`,
  );
  expect(new Set(state.seen.map(({ value }) => value)).size).toBe(3000);
  expect(first.assigned).toEqual(new Set([0, 1, 2]));
  await pause(200);
  expect(await first.call('lag')).toEqual([0, 1, 2].map((partition) => [partition, 0]));
  await first.close();
  expect(first.assigned).toEqual(new Set());
  await write('plain', many(300, 3000), '-K', ':');
  const second = member(state);
  await second.consume(options('plain'));
  await until(
    () => state.seen.length === 3300,
    20_000,
    () => `${String(state.seen.length)} of 3300`,
  );
  expect(new Set(state.seen.map(({ value }) => value)).size).toBe(3300);
  // For operators: the group says how far the state is.
  await second.close();
  expect([...first.troubles, ...second.troubles]).toEqual([]);
}, 60_000);

test('keys, tombstones, empty values, large records, traceparent: as they lie in the topic', async () => {
  await kafka.topic('odd', { config: { 'max.message.bytes': '8388608' } });
  const state = ledger();
  const writer = member();
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await writer.call('produce', {
    topic: 'odd',
    records: [
      { key: 'a', value: 'one', headers: { traceparent, other: 'x' } },
      { key: 'a', value: null },
      { key: null, value: '' },
      { key: 'b', value: 'x'.repeat(5_000_000) },
    ],
  });
  const reader = member(state);
  await reader.consume(options('odd', { batchBytes: 2 ** 16 }));
  await until(
    () => state.seen.length === 4,
    20_000,
    () => JSON.stringify(reader.troubles),
  );
  expect(state.seen.map(({ key, value, traceparent: by }) => [key, value, by])).toEqual([
    ['a', 'one', traceparent],
    ['a', null, undefined],
    [null, '', undefined],
    ['b', '5000000 bytes', undefined],
  ]);
  expect(await read('odd', '-c', '2', '-f', '%k|%s|%S|%h;')).toBe(
    `a|one|3|traceparent=${traceparent},other=x;a||-1|;`,
  );
  await Promise.all([writer.close(), reader.close()]);
}, 60_000);

test.each(['gzip', 'snappy', 'lz4', 'zstd'])(
  'batches that are compressed with %s',
  async (codec) => {
    const topic = `packed-${codec}`;
    await kafka.topic(topic, { partitions: 2 });
    await write(topic, many(2000), '-K', ':', '-z', codec);
    const state = ledger();
    const reader = member(state);
    await reader.consume(options(topic));
    if (codec === 'zstd' && !('zstdDecompressSync' in zlib)) {
      // Node 20 has none: it is told, and nothing is passed over.
      await until(
        () => reader.troubles.length > 0,
        20_000,
        () => 'no trouble',
      );
      expect(reader.troubles[0]).toContain('zstd is not supported in the current Node.js version');
      expect(state.seen).toEqual([]);
      return;
    }
    await until(
      () => state.seen.length === 2000,
      20_000,
      () => JSON.stringify(reader.troubles),
    );
    expect(new Set(state.seen.map(({ value }) => value)).size).toBe(2000);
    await reader.close();
  },
  60_000,
);

test('a batch that is refused comes again; meanwhile no more is held than the bound', async () => {
  await kafka.topic('slow', { partitions: 2 });
  await write(
    'slow',
    many(20_000).map((line) => line + 'x'.repeat(1000)),
    '-K',
    ':',
  );
  const state = ledger();
  let refusals = 0;
  state.before = async () => {
    await pause(2);
    if (refusals < 3) {
      refusals++;
      throw new Error('the database is away');
    }
  };
  const reader = member(state);
  await reader.consume(options('slow', { batchBytes: 2 ** 18 }));
  await until(
    () => state.seen.length === 20_000,
    45_000,
    () => `${String(state.seen.length)}: ${reader.troubles.join()}`,
  );
  expect(reader.troubles).toEqual(Array.from({ length: 3 }, () => 'Error: the database is away'));
  expect(Math.max(...reader.batches.map(({ bytes }) => bytes))).toBeLessThanOrEqual(2 ** 18);
  await reader.close();
}, 90_000);

test('three members share the partitions, and a killed one is replaced: nothing is lost, nothing comes twice', async () => {
  await kafka.topic('shared', { partitions: 6 });
  const state = ledger();
  const group = [member(state), member(state), member(state)];
  await Promise.all(group.map((one) => one.consume(options('shared'))));
  await until(
    () => group.every(({ assigned }) => assigned.size === 2),
    40_000,
    () => group.map(({ assigned }) => [...assigned].join()).join(' '),
  );
  await write('shared', many(6000), '-K', ':');
  await until(
    () => state.seen.length === 6000,
    20_000,
    () => String(state.seen.length),
  );
  const stays = group.slice(1).map(({ assigned }) => [...assigned]);
  await group[0]!.kill();
  await write('shared', many(6000, 6000), '-K', ':');
  await until(
    () => state.seen.length === 12_000,
    40_000,
    () => String(state.seen.length),
  );
  expect(new Set(state.seen.map(({ value }) => value)).size).toBe(12_000);
  // Who stayed kept what it had.
  group.slice(1).forEach(({ assigned }, i) => {
    expect([...assigned]).toEqual(expect.arrayContaining(stays[i]!));
    expect(assigned.size).toBe(3);
  });
  await Promise.all(group.slice(1).map((one) => one.close()));
}, 120_000);

test('goes on after the broker was killed and started again, and writes again', async () => {
  await kafka.topic('restarted', { partitions: 2 });
  await write('restarted', many(500), '-K', ':');
  const state = ledger();
  const one = member(state);
  await one.consume(options('restarted'));
  await until(
    () => state.seen.length === 500,
    20_000,
    () => String(state.seen.length),
  );
  const restarting = kafka.restart();
  // As who has something to write does: again, until it is taken.
  const written = (async () => {
    const records = [{ key: 'k', value: 'meanwhile' }];
    for (let tries = 0; ; tries++) {
      try {
        await one.call('produce', { topic: 'restarted', records });
        return;
      } catch (error) {
        if (tries === 20) throw error;
      }
    }
  })();
  await restarting;
  await written;
  await write('restarted', many(500, 500), '-K', ':');
  await until(
    () => state.seen.length === 1001,
    60_000,
    () => `${String(state.seen.length)}: ${one.troubles.join()}`,
  );
  expect(new Set(state.seen.map(({ value }) => value)).size).toBe(1001);
  await one.close();
}, 150_000);

test('a topic that is not there, a broker that is not there: in words', async () => {
  const one = member();
  await expect(one.consume(options('missing'))).rejects.toMatchObject({
    code: 'broker_failed',
    message: 'expected a topic of Kafka, got missing, which does not exist',
  });
  const nobody = startMember('127.0.0.1:9', ledger());
  members.push(nobody);
  await expect(nobody.consume(options('plain'))).rejects.toMatchObject({ code: 'broker_failed' });
  await expect(
    nobody.call('produce', { topic: 'plain', records: [{ key: null, value: 'x' }] }),
  ).rejects.toMatchObject({
    code: 'broker_failed',
    message: expect.stringContaining('ECONNREFUSED') as string,
  });
}, 90_000);

test.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])(
  'TLS, and %s says who it is',
  async (sasl) => {
    const { brokers, ca, user, password } = kafka.secured!;
    await kafka.topic(`safe-${sasl}`);
    const settings = { brokers: [brokers], tls: true, sasl, username: user, password };
    const state = ledger();
    const one = member(state, { settings, env: { NODE_EXTRA_CA_CERTS: ca } });
    await one.call('produce', { topic: `safe-${sasl}`, records: [{ key: null, value: 'in private' }] });
    await one.consume(options(`safe-${sasl}`));
    await until(
      () => state.seen.length === 1,
      20_000,
      () => one.troubles.join(),
    );
    await one.close();
    const other = member(ledger(), {
      settings: { ...settings, password: 'wrong' },
      env: { NODE_EXTRA_CA_CERTS: ca },
    });
    await expect(other.consume(options(`safe-${sasl}`))).rejects.toMatchObject({ code: 'broker_failed' });
  },
  60_000,
);
