import fc from 'fast-check';
import { timeLeft } from '../../src/domain/jobs/estimate.js';

describe('the time left', () => {
  test('an even pace is said to go on', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 500 }), fc.integer({ min: 1, max: 1000 }), (total, pace) => {
        const { told } = timeLeft();
        for (let done = 1; done <= total; done++) {
          const left = told({ stage: 'trees', done, total }, 7 + done * pace);
          expect(left).toEqual(done === 1 ? null : { left_ms: (total - done) * pace });
        }
      }),
    );
  });

  test('of k-means it is the most that it can be', () => {
    const { told } = timeLeft();
    expect(told({ stage: 'kmeans', done: 1, total: 300 }, 0)).toBeNull();
    expect(told({ stage: 'kmeans', done: 3, total: 300 }, 20)).toEqual({ left_ms: 2970, at_most: true });
  });

  test('a stage begins anew, and a pace that changes is followed', () => {
    const { told } = timeLeft();
    told({ stage: 'folds', done: 1, total: 3 }, 0);
    expect(told({ stage: 'trees', done: 1, total: 9 }, 1000)).toBeNull();
    expect(told({ stage: 'trees', done: 2, total: 9 }, 1010)).toEqual({ left_ms: 70 });
    // The next fold grows its own trees.
    expect(told({ stage: 'trees', done: 1, total: 9 }, 1500)).toBeNull();
    for (let done = 1; done <= 40; done++) told({ stage: 'tests', done, total: 100 }, done * 1000);
    for (let done = 41; done <= 80; done++) told({ stage: 'tests', done, total: 100 }, 40_000 + (done - 40));
    expect(told({ stage: 'tests', done: 81, total: 100 }, 40_041)).toEqual({ left_ms: 19 });
  });

  test('nothing is said of what has no end', () => {
    const { told } = timeLeft();
    expect(told({ stage: 'decode', rows: 5 }, 0)).toBeNull();
    expect(told({ stage: 'decode', rows: 9 }, 9)).toBeNull();
    expect(told({ stage: 'decode', done: 9, total: 9 }, 9)).toEqual({ left_ms: 0 });
  });
});
