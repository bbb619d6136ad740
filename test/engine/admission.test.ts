import { Admission, type Bounds } from '../../src/engine/lanes/admission.js';
import { Estimates } from '../../src/engine/lanes/estimate.js';
import { Problem } from '../../src/ports/problem.js';

const MiB = 2 ** 20;
const BOUNDS: Bounds = {
  lanes: 2,
  queue: 4,
  queueBytes: 64 * MiB,
  queueMs: 1_000,
  memoryBudget: 4096 * MiB,
};

describe('estimates', () => {
  test('what was never seen is guessed by its bytes', () => {
    const estimates = new Estimates();
    const small = estimates.of('a', 100);
    const large = estimates.of('a', 100 * MiB);
    expect([small.known, large.known]).toEqual([false, false]);
    expect(large.ms).toBeGreaterThan(100 * small.ms);
    expect(estimates.of(undefined, 100)).toEqual(small);
  });

  test('a mean of those before, for each endpoint and size', () => {
    const estimates = new Estimates();
    for (const ms of [10, 20, 30]) estimates.learn('a', 1_000, ms);
    estimates.learn('a', 1_000_000, 500);
    estimates.learn('b', 1_000, 7);
    expect(estimates.of('a', 1_000)).toEqual({ ms: 20, known: true });
    expect(estimates.of('a', 1_000_000)).toEqual({ ms: 500, known: true });
    expect(estimates.of('b', 1_000)).toEqual({ ms: 7, known: true });
  });

  test('it follows work that changes', () => {
    const estimates = new Estimates();
    for (let i = 0; i < 100; i++) estimates.learn('a', 1_000, 10);
    for (let i = 0; i < 40; i++) estimates.learn('a', 1_000, 100);
    expect(estimates.of('a', 1_000).ms).toBeGreaterThan(95);
  });

  test('a size that was not seen: from the nearest, and by its bytes where it is larger', () => {
    const estimates = new Estimates();
    estimates.learn('a', 1_024, 10);
    expect(estimates.of('a', 2_048)).toEqual({ ms: 10 + 2_048 * 20e-6, known: true });
    expect(estimates.of('a', 65_536)).toEqual({ ms: 10 + 65_536 * 20e-6, known: false });
    expect(estimates.of('a', 16)).toEqual({ ms: 10, known: false });
  });
});

describe('admission', () => {
  let estimates: Estimates;
  const open = (bounds: Partial<Bounds> = {}): Admission => {
    estimates = new Estimates();
    return new Admission({ ...BOUNDS, ...bounds }, estimates);
  };
  const refused = (use: () => unknown): string => {
    try {
      use();
    } catch (error) {
      if (error instanceof Problem && error.code === 'overloaded') return error.message;
      throw error;
    }
    return 'admitted';
  };

  test('as many requests as have lanes, and those that may wait; one that is done makes room', () => {
    const admission = open();
    const shares = Array.from({ length: 6 }, () => admission.admit({ bytes: 10 }));
    expect(refused(() => admission.admit({ bytes: 10 }))).toMatch(/at most 4 requests waiting/u);
    shares[0]?.settle();
    shares[0]?.settle();
    expect(refused(() => admission.admit({ bytes: 10 }))).toBe('admitted');
    expect(refused(() => admission.admit({ bytes: 10 }))).toMatch(/at most 4 requests waiting/u);
  });

  test('bytes that wait are bounded, those that need not wait are not', () => {
    const admission = open();
    const large = { bytes: 200 * MiB };
    const running = [admission.admit(large), admission.admit(large)];
    // One may wait whatever its size, a second not.
    const first = admission.admit(large);
    expect(refused(() => admission.admit({ bytes: 1 }))).toMatch(/MAX_QUEUE_BYTES/u);
    running[0]?.settle();
    expect(refused(() => admission.admit({ bytes: 64 * MiB }))).toBe('admitted');
    expect(refused(() => admission.admit({ bytes: 1 }))).toMatch(/MAX_QUEUE_BYTES/u);
    first.settle();
    expect(refused(() => admission.admit({ bytes: 1 }))).toBe('admitted');
  });

  test('a body that turns out larger counts as what it is', () => {
    const admission = open();
    admission.admit({ bytes: 1 });
    admission.admit({ bytes: 1 });
    const grows = admission.admit({ bytes: 1 });
    grows.grow(64 * MiB);
    expect(refused(() => admission.admit({ bytes: 1 }))).toMatch(/MAX_QUEUE_BYTES/u);
    grows.whole(10);
    expect(refused(() => admission.admit({ bytes: 1 }))).toBe('admitted');
  });

  test('work that waits is bounded for each lane', () => {
    const admission = open({ queue: 100 });
    estimates.learn('slow', 1_000, 900);
    const slow = { endpoint: 'slow', bytes: 1_000 };
    // Two run, three wait: 2.7 s for two lanes.
    for (let i = 0; i < 5; i++) admission.admit(slow);
    expect(refused(() => admission.admit({ endpoint: 'quick', bytes: 10 }))).toMatch(/MAX_QUEUE_MS/u);
    expect(admission.waitMs).toBeGreaterThan(2_000);
  });

  test('a deadline that would pass in the queue is refused at once; what is alone never is', () => {
    const admission = open({ queueMs: 100_000 });
    estimates.learn('slow', 1_000, 500);
    const slow = { endpoint: 'slow', bytes: 1_000, deadlineMs: 400 };
    // Its estimate is longer than its deadline: it may be wrong, and there is a lane.
    const running = [admission.admit(slow), admission.admit(slow)];
    expect(refused(() => admission.admit({ ...slow, deadlineMs: 800 }))).toMatch(/deadline that can be met/u);
    expect(refused(() => admission.admit({ ...slow, deadlineMs: 5_000 }))).toBe('admitted');
    expect(refused(() => admission.admit({ endpoint: 'other', bytes: 1, deadlineMs: 1_000 }))).toBe(
      'admitted',
    );
    running[0]?.settle();
  });

  test('where nothing is known of those before, a short deadline may wait', () => {
    const admission = open();
    for (let i = 0; i < 3; i++) admission.admit({ endpoint: 'slow', bytes: 1_000 });
    expect(refused(() => admission.admit({ endpoint: 'slow', bytes: 1_000, deadlineMs: 50 }))).toBe(
      'admitted',
    );
  });

  test('what runs counts for what is left of it', () => {
    const admission = open({ lanes: 1 });
    estimates.learn('slow', 1_000, 500);
    const share = admission.admit({ endpoint: 'slow', bytes: 1_000 });
    expect(admission.waitMs).toBeCloseTo(500, 0);
    const now = jest.spyOn(performance, 'now').mockReturnValue(1_000);
    share.begin();
    now.mockReturnValue(1_400);
    expect(admission.waitMs).toBe(100);
    now.mockReturnValue(9_000);
    expect(admission.waitMs).toBe(0);
    now.mockRestore();
  });

  test('memory is bounded by three times the bodies; one alone may have it all', () => {
    const admission = open({ memoryBudget: 64 * MiB });
    const alone = admission.admit({ bytes: 100 * MiB });
    expect(refused(() => admission.admit({ bytes: 1 }))).toMatch(/MEMORY_BUDGET/u);
    alone.settle();
    const [first, second] = [admission.admit({ bytes: MiB }), admission.admit({ bytes: MiB })];
    expect(
      refused(() => {
        second.grow(21 * MiB);
      }),
    ).toMatch(/MEMORY_BUDGET/u);
    second.settle();
    first.settle();
    expect(admission.reserved).toBe(0);
  });
});
