/** Blocks of a loss in any order, by any lane: the same bits. */
import { openTeam } from '../../bench/team.js';
import type { Engine } from '../../src/ports/engine.js';
import type { ClassRows } from '../../src/ports/losses.js';
import { wasmEngine } from '../../src/engine/wasm/engine.js';
import { noise } from '../contract/columns.js';
import { openKernels } from '../contract/engines.js';

const LENGTH = 20_001;
const D = 6;
const OUTPUTS = 3;

const drawn = (seed: number, length: number): Float64Array => {
  const next = noise(seed);
  return Float64Array.from({ length }, () => 4 * next() - 2);
};
const columns = Array.from({ length: D }, (_, j) => drawn(j + 1, LENGTH));
const rows: ClassRows = {
  columns,
  centres: drawn(11, D),
  scales: drawn(12, D),
  codes: Int32Array.from(drawn(13, LENGTH), (value) => Math.floor(Math.abs(value) * 1.49)),
  weights: Float64Array.of(1, 2, 0.7),
  intercept: true,
};
const w = drawn(14, OUTPUTS * (D + 1));
const means = drawn(15, OUTPUTS * D);
const starts = drawn(16, OUTPUTS);

const answers = ({ losses }: Engine) => [
  losses.logistic(rows, (at) => [at(w, true), at(w, false)]),
  losses.probabilities(columns, { kind: 'linear', weights: means, starts }),
  losses.probabilities(columns, { kind: 'normal', means, variances: means.map((m) => m * m + 1), starts }),
];

test('the same bits whatever the lanes', async () => {
  const { kernels, arena } = openKernels('release');
  const whole = answers(wasmEngine(kernels, arena));
  const opened = await openTeam(3, { sharedFrom: 0 });
  for (let round = 0; round < 5; round++) expect(answers(opened.engine)).toEqual(whole);
  await opened.close();
});
