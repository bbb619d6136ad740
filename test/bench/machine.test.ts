import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ceilingTable, PROBE_SOURCE, TURN_FLOPS } from '../../bench/machine.js';

const root = join(__dirname, '..', '..');

/** In a process of its own: the compiler is an ES module, which these tests are not. */
const PROGRAM = `
const { compileProbe } = require('./dist/bench/machine.js');
void compileProbe().then((bytes) => {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536, shared: true });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  new Float64Array(memory.buffer, 65536, 8192).forEach((_, i, values) => { values[i] = i; });
  console.log(JSON.stringify({
    names: Object.keys(exports),
    all: exports.read(65536, 65536),
    some: exports.read(65536 + 128, 128),
    chains: exports.multiplyAdd(1),
  }));
});
`;

test('the probes are compiled, read every value, and make every operation that is counted', () => {
  const output = execFileSync(process.execPath, ['-e', PROGRAM], { cwd: root, encoding: 'utf8' });
  const probed = JSON.parse(output) as { names: string[]; all: number; some: number; chains: number };
  expect(probed).toMatchObject({ names: ['read', 'multiplyAdd'], all: (8191 * 8192) / 2, some: 376 });
  // Chains start at 2, 3, …; a turn takes each four links on. The two lanes are the same.
  let expected = 0;
  for (let chain = 0; chain < 12; chain++) {
    let value = chain + 2;
    for (let link = 0; link < 4; link++) value = value * 0.999 + 0.001;
    expected += 2 * value;
  }
  expect(probed.chains).toBeCloseTo(expected, 9);
  const operations = PROBE_SOURCE.match(/f64x2\.mul\(/gu)!.length * 2;
  expect(operations * 2).toBe(TURN_FLOPS);
});

test('the ceilings are a table', () => {
  const table = ceilingTable([{ name: 'reading', unit: 'GB/s', one: 20.04, all: null, threads: 2 }]);
  expect(table.split('\n')).toEqual([
    '| the machine | one thread | all threads |',
    '| ----------- | ---------- | ----------- |',
    '| reading     | 20 GB/s    | – GB/s (2)  |',
  ]);
});
