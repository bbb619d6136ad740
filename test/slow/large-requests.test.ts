/** Requests whose arenas are too large to be kept, one after the other: their memory goes back to the system. */
import { readFileSync } from 'node:fs';
import { makeTable, tableToIPC } from 'apache-arrow';
import { at, send, startService, STREAM_TYPE } from '../service.js';

const MB = 1e6;

test('six requests of 300 MB take no more memory than one', async () => {
  const values = new Float64Array(37_500_000).fill(1.5);
  const body = tableToIPC(makeTable({ a: values }), 'stream');
  const service = await startService();
  const resident = (): number => {
    const [, kilobytes = '0'] =
      /VmRSS:\s+(\d+)/u.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8')) ?? [];
    return (Number(kilobytes) * 1024) / MB;
  };
  const sizes: number[] = [];
  for (let i = 0; i < 6; i++) {
    const reply = await send(`${service.url}/analytics/describe`, { headers: STREAM_TYPE, body });
    expect(at(reply.json, 'results', 'a', 'mean')).toBe(1.5);
    sizes.push(resident());
  }
  console.log(`resident after each, MB: ${sizes.map((size) => size.toFixed(0)).join(', ')}`);
  expect(body.length).toBeGreaterThan(300 * MB - 1);
  expect(Math.max(...sizes)).toBeLessThan(sizes[0]! + 150);
  expect(await service.stop()).toBe(0);
}, 120_000);
