import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../service.js';

/** 200,000 mutated files, read in worker threads of processes that have to live. */
test.each([1_000_000, 2_000_000, 3_000_000, 4_000_000])(
  '50,000 mutations from number %i',
  (first) => {
    const script = join(ROOT, 'test', 'hostile', 'parquet-fuzz.cjs');
    const printed = execFileSync(process.execPath, [script, String(first), '50000'], { encoding: 'utf8' });
    const result = JSON.parse(printed) as {
      outcomes: Record<string, number>;
      faults: unknown[];
      growth: number;
    };
    expect(result.faults).toEqual([]);
    expect(Object.values(result.outcomes).reduce((sum, count) => sum + count, 0)).toBe(50_000);
    expect(result.growth).toBeLessThan(512 * 2 ** 20);
  },
  300_000,
);
