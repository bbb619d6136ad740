import { measureKernels } from '../../bench/kernels.js';
import type { MeasureOptions } from '../../bench/measure.js';
import { openStage, type Case } from '../../bench/stage.js';

const QUICK: MeasureOptions = { pairs: 5, sampleMs: 1, warmMs: 1, attempts: 1 };

/** Keeps a core busy. */
function spin(milliseconds: number): number {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
  return 1;
}

/** A case whose own side is slow the first so many times that it is measured. */
function slowTimes(times: number): { readonly one: Case; readonly prepared: () => number } {
  let prepared = 0;
  const one: Case = {
    family: 'moments',
    name: 'of a machine that was busy',
    rival: 'js engine',
    floor: 2,
    prepare: () => {
      const slow = prepared++ < times;
      return { ours: () => spin(slow ? 2 : 0.1), rival: () => spin(1), agree: 0 };
    },
  };
  return { one, prepared: () => prepared };
}

describe('a ratio below its floor is measured once more', () => {
  test.each([
    [0, true, 1],
    [1, true, 2],
    [2, false, 2],
  ])('slow %d times: reaches its floor %p', async (times, reaches, measured) => {
    const { one, prepared } = slowTimes(times);
    const stage = await openStage(false);
    const [row] = await measureKernels(stage, [one], QUICK, 'floor');
    expect(row!.ratio >= 2).toBe(reaches);
    expect(prepared()).toBe(measured);
    await stage.close();
  });
});
