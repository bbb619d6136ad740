import { Problem } from '../../ports/problem.js';

/** There would be more open windows than there may be. */
export class TooManyWindows extends Problem {
  constructor(maxWindows: number) {
    super(
      'overloaded',
      `expected at most ${maxWindows} open windows of a stream (MAX_WINDOWS), got records that open more`,
    );
  }
}
