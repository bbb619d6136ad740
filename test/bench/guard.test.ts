import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pairedRatio, type Limit, type Row } from '../../bench/compare.js';
import { guard } from '../../bench/guard.js';
import { KERNEL_CASES } from '../../bench/kernels.js';
import { KERNEL_FAMILIES } from '../../src/ports/engine.js';

const row = (name: string, ours: number): Row => ({
  group: 'moments',
  name,
  unit: 'ms',
  rivalName: 'js engine',
  attempts: 1,
  atLeast: 3,
  error: null,
  ...pairedRatio({ ours: Array<number>(5).fill(ours), rival: Array<number>(5).fill(10) }, 'lower'),
});

const measuring =
  (rows: Row[], limits: Limit[] = []) =>
  () =>
    Promise.resolve({ rows, limits });

describe('the guard', () => {
  let folder: string;
  let printed: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'guard-'));
    printed = '';
    jest.spyOn(console, 'log').mockImplementation((text: string) => {
      printed += `${text}\n`;
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });

  test('passes with 0', async () => {
    expect(await guard([], measuring([row('quick', 1)]))).toBe(0);
    expect(printed).toMatch(/bench guard: passed\n$/);
  });
  test('fails with 1 when a sample was slow, and says last which', async () => {
    expect(await guard([], measuring([row('quick', 1), row('slow', 9)]))).toBe(1);
    expect(printed).toMatch(/bench guard: failed\n- moments, slow: expected 3 × js engine, got 1\.11\n$/);
  });
  test('fails with 1 when a limit is passed or nothing was measured', async () => {
    const big: Limit = { name: 'size of release.wasm', unit: 'bytes', value: 2, atMost: 1 };
    expect(await guard([], measuring([row('quick', 1)], [big]))).toBe(1);
    expect(await guard([], measuring([]))).toBe(1);
  });
  test('appends its tables to the summary and writes the figures', async () => {
    const [summary, json] = [join(folder, 'summary.md'), join(folder, 'guard.json')];
    const args = ['--summary', summary, '--json', json];
    await guard(args, measuring([row('quick', 1)]));
    await guard(args, measuring([row('slow', 9)]));
    expect(readFileSync(summary, 'utf8').match(/## Bench guard/g)).toHaveLength(2);
    expect(readFileSync(summary, 'utf8')).toContain('| moments: quick |');
    expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({ rows: [{ name: 'slow', met: false }] });
  });
});

test('every kernel family has a case with a floor', () => {
  const guarded = new Set(
    KERNEL_CASES.filter(({ floor }) => floor !== undefined).map(({ family }) => family),
  );
  expect([...guarded].sort()).toEqual([...KERNEL_FAMILIES].sort());
});
