/** Lanes as the thread sees them that hands out the work: real threads, which do as they are told (fixtures/lanes). */
import { join } from 'node:path';
import { readConfig } from '../../src/config.js';
import { startLanes } from '../../src/engine/lanes/pool.js';
import type { Answer, Job, Lanes } from '../../src/ports/lanes.js';
import { Problem } from '../../src/ports/problem.js';

const LARGE = 2 ** 20;
const DEADLINE = 20_000;

describe('lanes', () => {
  let lanes: Lanes;
  let lost: string[] = [];

  const open = (count: number, queue = 64): void => {
    lost = [];
    lanes = startLanes({
      entry: join(__dirname, '..', 'fixtures', 'lanes', 'lane.cjs'),
      engine: { name: 'js', reason: 'a test' },
      base: undefined,
      lanes: count,
      laneHeapBytes: 2 ** 28,
      queue,
      queueBytes: 2 ** 29,
      queueMs: 30_000,
      requestBytes: 2 ** 30,
      modelBytes: 2 ** 20,
      memoryBudget: 2 ** 30,
      version: '0',
      limits: readConfig({}).tableLimits,
      onLaneLost: (reason) => lost.push(reason),
      onFault: () => undefined,
      onSaid: () => undefined,
    });
  };
  afterEach(() => lanes.close());

  /** Runs a job; `bytes` of body make it large or small. */
  const ask = (
    what: string,
    { bytes = 10, deadline = DEADLINE, signal = new AbortController().signal } = {},
  ): Promise<Answer> => {
    const landing = lanes.land({ bytes });
    landing.write(new Uint8Array(bytes));
    const job: Job = {
      endpoint: what,
      format: 'csv',
      query: [],
      accept: 'json',
      requestId: what,
      receiveMs: 0,
      waitMs: 0,
    };
    return lanes.run(landing, job, deadline, signal);
  };
  const text = async (answer: Promise<Answer>): Promise<string> =>
    Buffer.from((await answer).body).toString();
  const code = (answer: Promise<Answer>): Promise<unknown> =>
    answer.then(
      () => 'answered',
      (error: unknown) => (error instanceof Problem ? error.code : error),
    );
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const timed = async (use: () => Promise<unknown>): Promise<number> => {
    const started = performance.now();
    await use();
    return performance.now() - started;
  };

  test('a kernel that traps fails its request and no other', async () => {
    open(2);
    const others = Array.from({ length: 20 }, () => text(ask('answer')));
    expect(await code(ask('trap'))).toBe('kernel_trap');
    expect(await Promise.all(others)).toHaveLength(20);
    expect(await text(ask('answer'))).toMatch(/^thread/u);
    expect(lost).toEqual([]);
  });

  test('a lane that ends fails its request and no other, and is replaced', async () => {
    open(2);
    const others = Array.from({ length: 20 }, () => text(ask('answer')));
    expect(await code(ask('exit'))).toBe('lane_lost');
    expect(await Promise.all(others)).toHaveLength(20);
    for (let i = 0; i < 5; i++) expect(await text(ask('answer'))).toMatch(/^thread/u);
    expect(lost).toHaveLength(1);
  });

  test('a client that leaves stops its lane, which is free again at once', async () => {
    open(1);
    await ask('answer');
    const gone = new AbortController();
    const left = code(ask('obey', { signal: gone.signal }));
    await pause(30);
    gone.abort();
    expect(await left).toBe('slow_request');
    expect(await timed(() => ask('answer'))).toBeLessThan(50);
    expect(lost).toEqual([]);
  });

  test('a deadline stops its lane, which is free again at once', async () => {
    open(1);
    await ask('answer');
    expect(await code(ask('obey', { deadline: 50 }))).toBe('deadline_exceeded');
    expect(await timed(() => ask('answer'))).toBeLessThan(50);
    expect(lost).toEqual([]);
  });

  test('what expires in the queue is never given to a lane', async () => {
    open(1);
    await ask('answer');
    const busy = text(ask('lead 300'));
    // They would end the lane.
    const late = Array.from({ length: 50 }, () => code(ask('exit', { deadline: 100 })));
    expect(lanes.state().waiting).toBe(50);
    expect(new Set(await Promise.all(late))).toEqual(new Set(['deadline_exceeded']));
    expect(lanes.state().waiting).toBe(0);
    expect(await busy).toBe('led');
    expect(await text(ask('answer'))).toMatch(/^thread/u);
    expect(lost).toEqual([]);
  });

  test('also where the timers that tell them are late', async () => {
    open(1);
    await ask('answer');
    const started = performance.now();
    // A deadline that has passed before any timer can say so, while a lane is idle.
    const landing = lanes.land({ bytes: 10 });
    const job: Job = {
      endpoint: 'exit',
      format: 'csv',
      query: [],
      accept: 'json',
      requestId: 'late',
      receiveMs: 0,
      waitMs: 0,
    };
    expect(await code(lanes.run(landing, job, 0, new AbortController().signal))).toBe('deadline_exceeded');
    expect(performance.now() - started).toBeLessThan(50);
    expect(await text(ask('answer'))).toMatch(/^thread/u);
    expect(lost).toEqual([]);
  });

  test('the state tells what waits', async () => {
    open(1);
    await ask('answer');
    const busy = text(ask('lead 200'));
    const others = [1, 2, 3].map(() => text(ask('answer', { bytes: 1_000 })));
    const { waiting, waitingBytes, waitingMs, busy: lanesBusy } = lanes.state();
    expect([waiting, waitingBytes, lanesBusy]).toEqual([3, 3_000, 1]);
    expect(waitingMs).toBeGreaterThan(0);
    await Promise.all([busy, ...others]);
    expect(lanes.state()).toMatchObject({ waiting: 0, waitingBytes: 0, waitingMs: 0, reservedBytes: 0 });
  });

  test('a lane that does not stop when it is told is ended and replaced', async () => {
    open(1);
    await ask('answer');
    expect(await code(ask('loop', { deadline: 50 }))).toBe('deadline_exceeded');
    expect(await text(ask('answer'))).toMatch(/^thread/u);
    expect(lost).toEqual(['the deadline of request loop passed']);
  });

  test('a request that was cancelled counts until its lane is done with it', async () => {
    open(1, 0);
    await ask('answer');
    const gone = new AbortController();
    const left = code(ask('loop', { signal: gone.signal }));
    await pause(20);
    gone.abort();
    expect(await left).toBe('slow_request');
    // The lane still loops: there is no room for another.
    expect(() => lanes.land({ bytes: 1 })).toThrow(Problem);
    for (let i = 0; i < 100 && lost.length === 0; i++) await pause(10);
    expect(await text(ask('answer'))).toMatch(/^thread/u);
  });

  test('an idle lane helps one that wants it, and comes when it is called off', async () => {
    open(2);
    await Promise.all([ask('answer'), ask('answer')]);
    const led = text(ask('lead 1500', { bytes: LARGE }));
    await pause(100);
    // Both lanes are at the large request now; the small ones take one of them away from it.
    for (let i = 0; i < 20; i++) expect(await timed(() => ask('answer'))).toBeLessThan(100);
    expect(await led).toBe('led');
    expect(lost).toEqual([]);
  });

  test('a helper that ends does not stay with a request that is over', async () => {
    open(2);
    await Promise.all([ask('answer'), ask('answer')]);
    const gone = new AbortController();
    const led = code(ask('lead 5000', { bytes: LARGE, signal: gone.signal }));
    await pause(100);
    gone.abort();
    expect(await led).toBe('slow_request');
    expect(await Promise.all([text(ask('answer')), text(ask('answer'))])).toHaveLength(2);
    expect(lost).toEqual([]);
  });

  test('when large requests have every lane, small ones get one of their own', async () => {
    open(2);
    await Promise.all([ask('answer'), ask('answer')]);
    const large = [ask('lead 2000', { bytes: LARGE }), ask('lead 2000', { bytes: LARGE })].map(text);
    const third = text(ask('lead 10', { bytes: LARGE }));
    await pause(50);
    const first = await timed(() => ask('answer'));
    expect(first).toBeLessThan(1500);
    for (let i = 0; i < 10; i++) expect(await timed(() => ask('answer'))).toBeLessThan(100);
    // Not the third large one, though it was there before them.
    expect(await Promise.race([third, Promise.resolve('waits')])).toBe('waits');
    expect(await Promise.all([...large, third])).toEqual(['led', 'led', 'led']);
  });

  test('a lane that ends while there is one for the small is replaced: large requests go on', async () => {
    open(1);
    await ask('answer');
    const led = text(ask('lead 800', { bytes: LARGE }));
    await pause(50);
    // It starts the one for the small.
    expect(await text(ask('answer'))).toMatch(/^thread/u);
    expect(await led).toBe('led');
    expect(await code(ask('exit', { bytes: LARGE }))).toBe('lane_lost');
    expect(await text(ask('lead 10', { bytes: LARGE }))).toBe('led');
    expect(lost).toHaveLength(1);
  });
});
