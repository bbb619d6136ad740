/** One memory, a bump pointer: what grows keeps its place, what is taken is given back, what lies inside stays. */
import { Arena } from '../../src/engine/wasm/arena.js';
import { wasmEngine } from '../../src/engine/wasm/engine.js';
import { Problem } from '../../src/ports/problem.js';
import { openKernels } from '../contract/engines.js';

const PAGE = 65536;

function arenaOf(
  initial: number,
  maximum: number,
  base = 1000,
): { arena: Arena; memory: WebAssembly.Memory } {
  const memory = new WebAssembly.Memory({ initial, maximum, shared: true });
  return { arena: new Arena(memory, base), memory };
}

const problemOf = (use: () => unknown): unknown => {
  try {
    use();
  } catch (error) {
    return error instanceof Problem ? error.code : error;
  }
  return 'nothing';
};

test('pointers are above the base, 64-byte aligned, one after another', () => {
  const { arena } = arenaOf(1, 4);
  const pointers = [arena.take(1), arena.take(64), arena.take(65), arena.take(0), arena.take(8)];
  expect(pointers).toEqual([1024, 1088, 1152, 1280, 1280]);
  expect(arena.top).toBe(1288);
});

test('the last byte has memory behind it', () => {
  const { arena, memory } = arenaOf(1, 4, 0);
  arena.take(PAGE);
  expect(memory.buffer.byteLength).toBeGreaterThanOrEqual(arena.top + 64);
});

describe('growth', () => {
  test('old views stay valid, and their memory is still the arena', () => {
    const { arena } = arenaOf(1, 1024);
    const before = arena.float64(100).fill(7);
    const pointer = arena.take(64 * PAGE);
    expect(arena.buffer).not.toBe(before.buffer);
    expect(arena.owns(before)).toBe(true);
    expect(before[99]).toBe(7);
    const now = arena.float64At(before.byteOffset, 100);
    now[0] = 8;
    before[1] = 9;
    expect([before[0], now[1], now[2]]).toEqual([8, 9, 7]);
    expect(arena.place(before)).toBe(before.byteOffset);
    new Uint8Array(arena.buffer)[pointer + 64 * PAGE - 1] = 1;
  });

  test('views from each growth belong', () => {
    const { arena } = arenaOf(1, 1024);
    const views = Array.from({ length: 12 }, (_, i) => arena.float64(PAGE * (i + 1) * 0.1).fill(i));
    views.forEach((view, i) => {
      expect(arena.owns(view)).toBe(true);
      expect(view.every((x) => x === i)).toBe(true);
    });
  });

  test('a view made of the memory before the arena first grew belongs', () => {
    const { arena, memory } = arenaOf(1, 1024);
    const view = new Float64Array(memory.buffer, 2048, 4);
    arena.take(10 * PAGE);
    expect(arena.owns(view)).toBe(true);
  });

  test('is generous while it can be, exact at the limit', () => {
    const { arena, memory } = arenaOf(8, 11);
    arena.take(8 * PAGE);
    // A quarter more, not one page.
    expect(memory.buffer.byteLength).toBe(10 * PAGE);
    arena.take(2 * PAGE - 1000);
    expect(memory.buffer.byteLength).toBe(11 * PAGE);
  });
});

describe('beyond the limit', () => {
  test.each([
    ['a little', 2 * PAGE],
    ['more than an address holds', 2 ** 33],
    ['more than can be said', 2 ** 60],
  ])('%s: out_of_memory, and the arena goes on as it was', (_, bytes) => {
    const { arena } = arenaOf(1, 2);
    const kept = arena.float64(10).fill(3);
    const { top } = arena;
    expect(problemOf(() => arena.take(bytes))).toBe('out_of_memory');
    expect(arena.top).toBe(top);
    expect(arena.take(100)).toBeGreaterThanOrEqual(top);
    expect(Array.from(kept)).toEqual(Array<number>(10).fill(3));
  });

  test('also from a kernel call and for a column', () => {
    const { kernels, arena } = openKernels('release', 2);
    const engine = wasmEngine(kernels, arena);
    const { top } = arena;
    const column = {
      length: 50_000,
      chunks: [{ values: new Float64Array(50_000), validity: null, bitOffset: 0 }],
    };
    expect(problemOf(() => engine.moments(column, 2))).toBe('out_of_memory');
    expect(problemOf(() => engine.select(column, [0.5]))).toBe('out_of_memory');
    expect(problemOf(() => arena.float64(50_000))).toBe('out_of_memory');
    expect(arena.top).toBe(top);
    expect(engine.random(42, 1)[0]).toBe(0.3745401188473625);
  });
});

describe('scratch', () => {
  test('gives back what it took, also when it throws', () => {
    const { arena } = arenaOf(1, 16);
    const { top } = arena;
    const outer = arena.scratch(() => {
      arena.take(10);
      const { top: inside } = arena;
      arena.scratch(() => arena.take(5 * PAGE));
      expect(arena.top).toBe(inside);
      return 'answer';
    });
    expect(outer).toBe('answer');
    expect(problemOf(() => arena.scratch(() => arena.take(100 * PAGE)))).toBe('out_of_memory');
    expect(arena.top).toBe(top);
  });

  test('kernels leave nothing but what they return', () => {
    const { kernels, arena } = openKernels('debug');
    const engine = wasmEngine(kernels, arena);
    const chunk = { values: Float64Array.of(1, 2, 30, 4, 50), validity: Uint8Array.of(0xff), bitOffset: 2 };
    const column = { length: 5, chunks: [chunk] };
    const labels = Int32Array.of(0, 1, 0, 1, 0);
    const { top } = arena;
    engine.moments(column, 4);
    engine.select(column, [0.1, 0.9]);
    engine.groups(column, labels, 2);
    engine.random(1, 10);
    expect(arena.top).toBe(top);
  });
});

describe('place', () => {
  test('does not copy what lies inside', () => {
    const { arena } = arenaOf(1, 4);
    const values = arena.float64(100);
    const { top } = arena;
    expect(arena.place(values)).toBe(values.byteOffset);
    expect(arena.place(values.subarray(7, 9))).toBe(values.byteOffset + 56);
    expect(arena.place(new DataView(values.buffer, values.byteOffset + 3, 5))).toBe(values.byteOffset + 3);
    expect(arena.top).toBe(top);
  });

  test('copies what lies outside: just the view', () => {
    const { arena } = arenaOf(1, 64);
    const outside = Uint8Array.from({ length: 100 }, (_, i) => i);
    const pointer = arena.place(outside.subarray(10, 20));
    expect(pointer % 64).toBe(0);
    expect(arena.top).toBe(pointer + 10);
    expect(Array.from(new Uint8Array(arena.buffer, pointer, 10))).toEqual(
      Array.from(outside.subarray(10, 20)),
    );
    const large = new Float64Array(40_000).fill(1.5);
    expect(arena.float64At(arena.place(large), 40_000).every((x) => x === 1.5)).toBe(true);
  });

  test('the memory of another arena is outside', () => {
    const [one, other] = [arenaOf(1, 4).arena, arenaOf(1, 4).arena];
    const view = one.float64(4);
    expect(other.owns(view)).toBe(false);
    const { top } = other;
    other.place(view);
    expect(other.top).toBeGreaterThan(top);
  });
});

test('columns are zeros, also where something was before', () => {
  const { arena } = arenaOf(1, 4);
  const { top } = arena;
  arena.float64(500).fill(NaN);
  arena.reset(top);
  expect(arena.top).toBe(top);
  expect(arena.float64(500).every((x) => Object.is(x, 0))).toBe(true);
});
