/** The log and the reader of its pipe. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ROOT } from '../service.js';
import { type Line, linesOf } from './lines.js';

/** A script, with the compiled `log` and `pause`. */
const scriptOf = (script: string, level: string): string => `
  const { openLog } = require(${JSON.stringify(join(ROOT, 'dist', 'src', 'adapters', 'log', 'log.js'))});
  const { setTimeout: pause } = require('node:timers/promises');
  const log = openLog({ level: ${JSON.stringify(level)}, service: 's', version: '1.2.3' });
  (async () => {${script}})();`;

const write = (script: string, level = 'info'): ReturnType<typeof spawn> =>
  spawn(process.execPath, ['-e', scriptOf(script, level)], { stdio: ['ignore', 'pipe', 'pipe'] });

interface Wrote {
  readonly lines: Line[];
  readonly code: number | null;
  readonly said: string;
  readonly ms: number;
}

/** What it wrote, read from the start or only after a while. */
async function read(child: ReturnType<typeof spawn>, afterMs = 0): Promise<Wrote> {
  const started = performance.now();
  const ended = once(child, 'exit').then(([code]) => {
    return { code: code as number | null, ms: performance.now() - started };
  });
  const closed = once(child, 'close');
  let said = '';
  child.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await pause(afterMs);
  let output = '';
  child.stdout!.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await closed;
  return {
    lines: linesOf({ output: () => output.slice(0, output.lastIndexOf('\n') + 1) }),
    said,
    ...(await ended),
  };
}

test('what waits when the process exits is written, in order', async () => {
  const { lines, code } = await read(
    write('for (let i = 0; i < 5000; i++) log.info("line", { i }); process.exit(3)'),
  );
  expect(code).toBe(3);
  expect(lines.map(({ i }) => i)).toEqual(Array.from({ length: 5000 }, (_, i) => i));
});

test('what waits when nothing is left to do is written', async () => {
  const { lines, code } = await read(write('for (let i = 0; i < 5000; i++) log.info("line", { i })'));
  expect([code, lines.length]).toEqual([0, 5000]);
});

test('a reader that stalls: no growth without end, what is dropped is counted, and the exit does not wait', async () => {
  const script = `
    const text = 'x'.repeat(1000);
    const before = process.memoryUsage().rss;
    let latest = 0;
    for (let round = 0; round < 100; round++) {
      const started = performance.now();
      for (let i = 0; i < 500; i++) log.info('line', { text });
      await pause(0);
      latest = Math.max(latest, performance.now() - started);
    }
    process.stderr.write(JSON.stringify({ grown: process.memoryUsage().rss - before, latest }));
    process.exit(0);`;
  const { code, said, ms, lines } = await read(write(script), 6000);
  const { grown, latest } = JSON.parse(said) as { grown: number; latest: number };
  expect(code).toBe(0);
  expect(lines.length).toBeLessThan(5000);
  // 50 MB of lines.
  expect(grown).toBeLessThan(40e6);
  // 500 lines; a write that waited for the reader would be seconds.
  expect(latest).toBeLessThan(1000);
  // Its reader reads on only then: the exit did not wait for that.
  expect(ms).toBeLessThan(6000);
}, 20_000);

test('a reader that comes back is told how many lines were dropped', async () => {
  const script = `
    const text = 'x'.repeat(1000);
    for (let i = 0; i < 10_000; i++) log.info('line', { text });
    await pause(4000);
    log.info('last');`;
  const { lines } = await read(write(script), 1000);
  const [told] = lines.filter(({ dropped }) => dropped !== undefined);
  expect(told).toMatchObject({
    level: 'warn',
    msg: 'lines of this log were dropped: its reader is too slow',
  });
  const written = lines.filter(({ msg }) => msg === 'line').length;
  expect(written).toBeGreaterThan(3000);
  expect(Number(told?.['dropped']) + written).toBe(10_000);
  expect(lines.at(-1)).toMatchObject({ msg: 'last' });
}, 20_000);

test('a disk that is full: the lines are lost, the process is not, nor its exit', async () => {
  const script = `for (let i = 0; i < 100; i++) { log.info('line', { i }); await pause(1); } process.stderr.write('alive');`;
  const child = spawn(
    'sh',
    ['-c', 'exec "$0" -e "$1" > /dev/full', process.execPath, scriptOf(script, 'info')],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  expect([code, said]).toEqual([0, 'alive']);
});

const AUDIT = `log.audit({ caller: 'ann', action: 'DELETE /models/:name', model: 'm', status: 403, code: 'not_found',
  requestId: 'r-1', address: '10.0.0.7' });
  log.audit({ caller: undefined, action: 'POST /models', status: 201, requestId: 'r-2', address: undefined });`;

test.each(['debug', 'info', 'warn', 'error'])('who did what is written at %s', async (level) => {
  const { lines } = await read(write(AUDIT, level));
  const about = {
    level: 'info',
    time: expect.any(String) as string,
    service: 's',
    version: '1.2.3',
    log: 'audit',
    msg: 'audit',
  };
  expect(lines).toEqual([
    {
      ...about,
      caller: 'ann',
      action: 'DELETE /models/:name',
      model: 'm',
      status: 403,
      code: 'not_found',
      request_id: 'r-1',
      address: '10.0.0.7',
    },
    { ...about, caller: null, action: 'POST /models', status: 201, request_id: 'r-2' },
  ]);
});

test('silent is silent', async () => {
  const { lines } = await read(write(`${AUDIT} log.error('x'); log.fatal('x');`, 'silent'));
  expect(lines).toEqual([]);
});
