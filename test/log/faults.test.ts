/** What fails of ours: where it was thrown is in the log, its message is not, unless at debug. */
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { postJson, ROOT, send, type Service, startService } from '../service.js';
import { lineOf, linesOf } from './lines.js';

const THROWS = ['--require', join(ROOT, 'test', 'fixtures', 'log', 'throws.cjs')];
const start = (env: Record<string, string> = {}): Promise<Service> =>
  startService({ env: { LANES: '1', ...env }, nodeFlags: THROWS });
const ask = (service: Service, what: string, id: string, headers = {}): ReturnType<typeof postJson> =>
  postJson(
    `${service.url}/analytics/analyze`,
    { data: [{ a: 1 }], [what]: 'SECRET' },
    { 'x-request-id': id, ...headers },
  );
const frame = expect.stringMatching(/throws\.cjs:\d+:\d+\)?$/u) as string;

describe('in a lane', () => {
  test('an exception: type and frames with the id of the request, no message, no code that is none', async () => {
    const service = await start();
    expect((await ask(service, 'throw-in-a-lane', 'fault-1')).status).toBe(500);
    const line = await lineOf(
      service,
      ({ request_id, error }) => request_id === 'fault-1' && error !== undefined,
    );
    expect(line).toMatchObject({
      level: 'error',
      msg: 'request failed in a lane',
      error: { type: 'SyntaxError' },
    });
    const { error } = line as { error: { frames: string[]; cause: object } };
    expect(error.frames[0]).toEqual(frame);
    expect(Object.keys(error)).toEqual(['type', 'frames', 'cause']);
    expect(error.cause).toMatchObject({ type: 'RangeError' });
    const request = await lineOf(
      service,
      ({ msg, request_id }) => msg === 'request' && request_id === 'fault-1',
    );
    expect(request).toMatchObject({ level: 'error', status: 500, code: 'internal_error' });
    expect(await service.stop()).toBe(0);
    expect(service.output()).not.toContain('SECRET');
  });

  test('at debug its message, too', async () => {
    const service = await start({ LOG_LEVEL: 'debug' });
    await ask(service, 'throw-in-a-lane', 'fault-2');
    const line = await lineOf(
      service,
      ({ request_id, error }) => request_id === 'fault-2' && error !== undefined,
    );
    expect(line).toMatchObject({ error: { message: expect.stringContaining('SECRET') as string } });
    expect(await service.stop()).toBe(0);
  });

  test('a lane that ends: with which request, and of what', async () => {
    const service = await start();
    expect((await ask(service, 'end-in-a-lane', 'fault-3')).status).toBe(500);
    expect(await lineOf(service, ({ msg }) => msg === 'a lane ended and is replaced')).toMatchObject({
      level: 'warn',
      request_id: 'fault-3',
      reason: 'its thread failed',
      error: { type: 'SyntaxError' },
    });
    expect(await service.stop()).toBe(0);
    expect(service.output()).not.toContain('SECRET');
  });

  test('what a library prints there is not in the log, but at debug', async () => {
    for (const [level, seen] of [
      ['info', false],
      ['debug', true],
    ] as const) {
      const service = await start({ LOG_LEVEL: level });
      await ask(service, 'print-in-a-lane', 'fault-4');
      await pause(200);
      expect(await service.stop()).toBe(0);
      expect(linesOf(service).some(({ msg }) => msg === 'a library wrote to the output of a lane')).toBe(
        seen,
      );
      expect(service.output().includes('SECRET')).toBe(seen);
    }
  });
});

describe('on the main thread', () => {
  test('a request that fails is logged without what it said', async () => {
    const service = await start();
    const reply = await ask(service, 'x', 'fault-5', { 'x-throw': 'request', 'x-secret': 'SECRET' });
    expect(reply.status).toBe(500);
    const line = await lineOf(service, ({ msg }) => msg === 'request failed');
    expect(line).toMatchObject({ level: 'error', request_id: 'fault-5', error: { type: 'SyntaxError' } });
    expect(await service.stop()).toBe(0);
    expect(service.output()).not.toContain('SECRET');
  });

  test('warnings of Node are lines, from lanes too', async () => {
    const service = await start();
    await ask(service, 'warn-in-a-lane', 'fault-6', { 'x-throw': 'warning' });
    await lineOf(service, ({ msg, code }) => msg === 'a warning of Node' && code === 'DEP0999');
    await lineOf(service, ({ msg }) => msg === 'a warning of Node in a lane');
    expect(await service.stop()).toBe(0);
    linesOf(service);
  });

  test.each(['exception', 'rejection'])(
    'an %s that nothing caught ends the process with 1, said before',
    async (what) => {
      const { code, output } = await signalled(what);
      expect(code).toBe(1);
      const line = linesOf({ output: () => output }).at(-1);
      expect(line).toMatchObject({ level: 'fatal', error: { type: 'SyntaxError' } });
      expect(output).not.toContain('SECRET');
    },
  );

  test('a connection that broke where nobody listened does not', async () => {
    const service = await start({ THROW: 'connection' });
    process.kill(service.pid, 'SIGUSR2');
    expect(await lineOf(service, ({ level }) => level === 'error')).toMatchObject({
      error: { type: 'Error', code: 'ECONNRESET' },
    });
    expect((await send(`${service.url}/health/live`, { method: 'GET' })).status).toBe(200);
    expect(await service.stop()).toBe(0);
    expect(service.output()).not.toContain('SECRET');
  });
});

/** What a service does of an exception that nothing catches. */
async function signalled(what: string): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [...THROWS, 'dist/src/main.js'], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'] ?? '',
      PORT: '0',
      HOST: '127.0.0.1',
      LANES: '1',
      THROW: what,
      DATA_DIR: join(ROOT, 'dist', 'thrown'),
    },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await lineOf({ output: () => output }, ({ engine }) => engine !== undefined);
  const ended = once(child, 'close') as Promise<[number | null]>;
  child.kill('SIGUSR2');
  const [code] = await ended;
  return { code, output };
}

test('a start that fails says so on standard error, as text', async () => {
  const child = spawn(process.execPath, ['dist/src/main.js'], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', PORT: 'many' },
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  expect([code, said]).toEqual([
    1,
    'analytics-service cannot start: invalid environment: PORT: expected a whole number in digits, 0 to 65535, got "many"\n',
  ]);
});
