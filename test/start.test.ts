import { performance } from 'node:perf_hooks';
import { postJson, startService } from './service.js';

test('built, the process answers its first analysis within a second of its start', async () => {
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    const started = performance.now();
    const service = await startService();
    const { status } = await postJson(`${service.url}/analytics/analyze`, {
      data: [{ val: 1 }, { val: 2 }, { val: 3 }],
    });
    times.push(performance.now() - started);
    expect(status).toBe(200);
    expect(await service.stop()).toBe(0);
  }
  console.log(`start to first answer: ${times.map((ms) => `${Math.round(ms)} ms`).join(', ')}`);
  // The best of three: the machine that runs the tests runs others beside this one.
  expect(Math.min(...times)).toBeLessThan(1000);
});
