import { excerpt, Problem } from '../../ports/problem.js';

/** Throws `no_data` when a sample has fewer values than the test needs, as SciPy raises ValueError. */
export function needValues(
  count: number,
  least: number,
  { name, test, pointer }: { name?: string; test: string; pointer: (option: string) => string },
): void {
  if (count >= least) return;
  const what = name === undefined ? 'complete pairs' : 'values';
  const where = name === undefined ? '' : ` in ${JSON.stringify(excerpt(name))}`;
  const noun = least === 1 ? what.slice(0, -1) : what;
  const detail = `expected at least ${least} ${noun} for ${test}, got ${count}${where}`;
  throw Problem.at(pointer('columns'), 'no_data', detail);
}

/** Throws `invalid_option`: this value of an option makes no sense with these data. */
export function refuse(pointer: (option: string) => string, option: string, detail: string): never {
  throw Problem.at(pointer(option), 'invalid_option', detail);
}
