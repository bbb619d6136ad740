/** A team: tasks that are shared, stopped, and that fail in a lane that helps. */
import { openTeam } from '../../bench/team.js';
import { placed } from '../../bench/stage.js';
import { column, uniform, unseen } from '../../bench/data.js';
import { TeamControl } from '../../src/engine/team.js';
import { Cancelled, HelperFault, Team } from '../../src/engine/wasm/team.js';
import { Worker } from 'node:worker_threads';

const OPTIONS = { nClusters: 200, randomState: 42, nInit: 1, maxIter: 100_000, tol: 0 };

/** Stores a word of shared memory after some time, from another thread. */
function later(memory: ArrayBufferLike, byte: number, ms: number): Worker {
  const code = `
    const { workerData: { memory, byte, ms } } = require('node:worker_threads');
    setTimeout(() => Atomics.store(new Int32Array(memory), byte / 4, 1), ms);
  `;
  return new Worker(code, { eval: true, workerData: { memory, byte, ms } });
}

const [CANCEL, FAULT] = [256, 260];

test.each([
  ['cancelled', CANCEL, Cancelled],
  ['a lane that failed', FAULT, HelperFault],
])(
  '%s: the leader stops within 50 ms, and the next request computes',
  async (_name, word, error) => {
    for (const lanes of [1, 2, 3]) {
      const opened = await openTeam(lanes);
      const { arena, engine, team, control, memory, kernels } = opened;
      const base = Math.ceil(kernels.heap_base.value / 64) * 64;
      const data = Array.from({ length: 4 }, (_, i) => column(placed(arena, uniform(i, 300_000))));
      const { top } = arena;
      const fit = (): unknown => engine.kmeans(data.map(unseen), OPTIONS);
      const worker = later(memory.buffer, base + word, 300);
      await new Promise((resolve) => worker.once('online', resolve));
      const started = performance.now();
      expect(fit).toThrow(error);
      // When it was told is known to the timer's accuracy.
      expect(performance.now() - started).toBeLessThan(300 + 150);
      await worker.terminate();
      arena.reset(top);
      control.open();
      expect(team.lanes).toBe(lanes);
      expect(engine.moments(unseen(data[0]!), 2).count).toBe(300_000);
      await opened.close();
    }
  },
  60_000,
);

test('helpers that come late, leave and come again change nothing', async () => {
  const two = await openTeam(2, { sharedFrom: 0 });
  const one = await openTeam(1);
  const values = Array.from({ length: 3 }, (_, i) => uniform(i, 200_000));
  const [ours, theirs] = [two, one].map(({ arena }) =>
    values.map((column_) => column(placed(arena, column_))),
  );
  for (let round = 0; round < 30; round++) {
    if (round % 3 === 0) two.control.callOff(1);
    const options = { ...OPTIONS, nClusters: 8, maxIter: 5 };
    const fit = ({ engine, arena }: typeof one, data: typeof ours): unknown =>
      arena.scratch(() => {
        const result = engine.kmeans(data!.map(unseen), options);
        return { ...result, labels: Array.from(result!.labels), centers: Array.from(result!.centers) };
      });
    expect(fit(two, ours)).toEqual(fit(one, theirs));
  }
  await two.close();
  await one.close();
}, 60_000);

describe('who may join', () => {
  const control = (): TeamControl => new TeamControl(new SharedArrayBuffer(1024), 0);

  test('a helper of the request at hand, and of no other', () => {
    const team = control();
    const first = team.open();
    const joined: string[] = [];
    team.join(first, () => joined.push('first'));
    const second = team.open();
    team.join(first, () => joined.push('late'));
    team.join(second, () => joined.push('second'));
    team.close();
    team.join(second, () => joined.push('closed'));
    expect(joined).toEqual(['first', 'second']);
  });

  test('the memory is free when nobody is there, also when helping failed', () => {
    const team = control();
    const generation = team.open();
    team.join(generation, () => {
      expect(team.empty(10)).toBe(false);
    });
    expect(() => {
      team.join(generation, () => {
        throw new Error('trap');
      });
    }).toThrow('trap');
    expect(team.empty(10)).toBe(true);
  });

  test('a new request is not cancelled, whatever the last one was', () => {
    const team = control();
    team.open();
    team.cancel();
    expect(team.cancelled).toBe(true);
    team.open();
    expect(team.cancelled).toBe(false);
  });
});

test('a request alone looks at no control block of anybody else', async () => {
  const opened = await openTeam(1);
  const { kernels, arena } = opened;
  const team = new Team(kernels, arena);
  const { top } = arena;
  expect(() => {
    team.run('moments', 0, 0, []);
  }).not.toThrow();
  expect(arena.top).toBe(top);
  await opened.close();
});
