import fc from 'fast-check';
import { reporter } from '../../src/engine/lanes/reporter.js';
import type { ProgressStep } from '../../src/ports/progress.js';

interface Told extends ProgressStep {
  readonly done: number;
  readonly at: number;
}

/** Steps of some stages, so many milliseconds apart, and those of them that were told. */
function play(stages: readonly (readonly number[])[]): { all: Told[]; told: Told[]; times: number[] } {
  let time = 0;
  const [all, told, times]: [Told[], Told[], number[]] = [[], [], []];
  const { tell, flush } = reporter(
    (step) => {
      told.push(step as Told);
      times.push(time);
    },
    () => time,
  );
  stages.forEach((gaps, stage) => {
    gaps.forEach((gap, i) => {
      time += gap;
      const step = { stage: `s${stage}`, done: i + 1, total: gaps.length, at: time };
      all.push(step);
      tell(step);
    });
  });
  flush();
  return { all, told, times };
}

const stages = fc.array(fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 30 }), {
  minLength: 1,
  maxLength: 6,
});

describe('steps that are told', () => {
  test('keep their order, and the very last is one of them', () => {
    fc.assert(
      fc.property(stages, (given) => {
        const { all, told } = play(given);
        const places = told.map((step) => all.indexOf(step));
        expect(places).toEqual([...new Set(places)].toSorted((a, b) => a - b));
        expect(told[0]).toBe(all[0]);
        expect(told.at(-1)).toBe(all.at(-1));
      }),
    );
  });

  test('are ten a second, two a stage more at most', () => {
    fc.assert(
      fc.property(stages, (given) => {
        const { told, times } = play(given);
        expect(told.length).toBeLessThanOrEqual(2 + times.at(-1)! / 100 + 2 * given.length);
      }),
    );
  });

  test('hold the last of every stage that took longer than a moment', () => {
    fc.assert(
      fc.property(stages, (given) => {
        const { all, told, times } = play(given);
        for (const [stage, gaps] of given.entries()) {
          const last = all.find(({ stage: name, done }) => name === `s${stage}` && done === gaps.length)!;
          const next = all[all.indexOf(last) + 1];
          // One was told within ten milliseconds before the next stage began.
          const crowded = times.some((time) => next !== undefined && time <= next.at && time > next.at - 10);
          if (!crowded) expect(told).toContain(last);
        }
      }),
    );
  });
});
