import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDirect, withoutBlasLimits } from '../../bench/direct.js';
import { pythonRivals, reason } from '../../bench/rivals.js';

/** Speaks the protocol of direct.py without Python: what it was told comes back as figures. */
const STAND_IN = `
const { readFileSync } = require('node:fs');
const say = (answer) => console.log(JSON.stringify(answer));
let values = [];
say({ versions: { python: 'none', duckdb: null }, threads: 2 });
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { op, what, path, columns, calls } = JSON.parse(line);
  if (op === 'load') {
    const bytes = readFileSync(path);
    values = [...new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)), columns];
    say({ rows: 1 });
  } else if (what === 'fall over') {
    console.error('a reason');
    process.exit(3);
  } else if (what === 'unknown') say({ error: "KeyError: 'unknown'" });
  else say({ ms: calls, figures: values });
});
`;

describe('Python called directly', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'direct-'));
    writeFileSync(join(folder, 'direct.py'), STAND_IN);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const started = () => startDirect({ folder, python: process.execPath });

  test('says what it has, takes columns one after the other, and answers with times and figures', async () => {
    const python = await started();
    try {
      expect(python).toMatchObject({ versions: { python: 'none', duckdb: null }, threads: 2 });
      const whole = Float64Array.of(9, 1, 2);
      await python.load('x', [whole.subarray(1), Float64Array.of(3, 4)]);
      expect(await python.run({ what: 'describe', name: 'x' }, 7)).toEqual({
        ms: 7,
        figures: [1, 2, 3, 4, 2],
      });
    } finally {
      await python.stop();
    }
  });
  test('an error of one command is told, and the next is answered', async () => {
    const python = await started();
    try {
      await expect(python.run({ what: 'unknown', name: 'x' }, 1)).rejects.toThrow("KeyError: 'unknown'");
      expect(await python.run({ what: 'describe', name: 'x' }, 1)).toEqual({ ms: 1, figures: [] });
    } finally {
      await python.stop();
    }
  });
  test('a process that ends is an error with what it said, also when it is stopped afterwards', async () => {
    const python = await started();
    await expect(python.run({ what: 'fall over', name: 'x' }, 1)).rejects.toThrow('Python ended: a reason');
    await python.stop();
  });
  test('no interpreter is an error', async () => {
    await expect(startDirect({ folder, python: join(folder, 'python') })).rejects.toThrow(/ENOENT/u);
  });
  test('where the environment has no interpreter it says so, and there is no rival', () => {
    const log = jest.spyOn(console, 'log').mockImplementation(() => undefined);
    symlinkSync(join(folder, 'nowhere'), join(folder, '.venv'));
    expect(pythonRivals(folder)).toBeNull();
    expect(log.mock.calls).toEqual([
      [expect.stringMatching(/^the Python rivals cannot be set up \(.*ENOENT/u)],
    ]);
    log.mockRestore();
  });
});

test('what would limit OpenBLAS is not handed on, the rest of the environment is', () => {
  expect(
    withoutBlasLimits({ OPENBLAS_CORETYPE: 'Haswell', OPENBLAS_NUM_THREADS: '1', PATH: '/bin', OMP_X: '2' }),
  ).toEqual({ PATH: '/bin', OMP_X: '2' });
});

test.each([
  [Object.assign(new Error('spawnSync python ENOENT'), { stderr: null }), 'spawnSync python ENOENT'],
  [
    Object.assign(new Error('Command failed'), {
      stderr: Buffer.from("Traceback\nNo module named 'duckdb'\n"),
    }),
    "No module named 'duckdb'",
  ],
  ['odd', 'odd'],
])('why a command failed (%#)', (error, text) => {
  expect(reason(error)).toBe(text);
});
