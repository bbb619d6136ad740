/**
 * `RandomState.choice(n, p=[1/n, …])` for one draw in [0, 1): searchsorted right on the normalised running sum of 1/n, every
 * rounding of that sum included, without adding it up value by value.
 *
 * Between two powers of two every addition of the share rounds alike, so the sum grows by the same step; only where the share
 * ends half-way between two numbers of that range does it depend on the sum, and is added one by one.
 */
export function uniformChoice(n: number, draw: number): number {
  const runs = runsOf(n);
  const last = runs.at(-1);
  if (last === undefined) return 0;
  const total = at(last, last.count - 1);
  for (const run of runs) {
    if (!(at(run, run.count - 1) / total > draw)) continue;
    // The first of the run whose sum is beyond the draw.
    let low = 0;
    let high = run.count - 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (at(run, middle) / total > draw) high = middle;
      else low = middle + 1;
    }
    return run.first + low;
  }
  return n - 1;
}

/** Running sums from the value `first` on: `start`, `start` + step, … */
interface Run {
  readonly first: number;
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

const at = ({ start, step }: Run, index: number): number => start + index * step;

function runsOf(n: number): Run[] {
  const share = 1 / n;
  const runs: Run[] = [];
  let done = 0;
  let sum = 0;
  while (done < n) {
    const start = sum + share;
    const next = start + share;
    const step = next - start;
    const [low, high, ulp] = rangeOf(start);
    const half = Math.abs(step - share) === ulp / 2;
    // As many as stay in the range; at its end, and where rounding goes to even, one at a time.
    const within = next < high && start >= low && !half ? Math.floor((high - start) / step) : 1;
    const count = Math.max(1, Math.min(n - done, within));
    runs.push({ first: done, start, step: count === 1 ? 0 : step, count });
    sum = at(runs.at(-1)!, count - 1);
    done += count;
  }
  return runs;
}

const words = new DataView(new ArrayBuffer(8));

/** The powers of two around a positive normal number, and the distance of neighbours between them. */
function rangeOf(value: number): [low: number, high: number, ulp: number] {
  words.setFloat64(0, value);
  const exponent = ((words.getUint16(0) >> 4) & 0x7ff) - 1023;
  return [2 ** exponent, 2 ** (exponent + 1), 2 ** (exponent - 52)];
}
