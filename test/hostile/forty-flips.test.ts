import {
  compressed,
  doubles,
  type FieldSpec,
  FLOAT64,
  indices,
  ints,
  packed,
  stream,
  text,
  UTF8,
  zstdZeros,
} from '../fuzz/forge.js';
import { send, type Service, startService, STREAM_TYPE } from '../service.js';
import { DESCRIBING, expectProblem } from './forty.js';

const A: FieldSpec = { name: 'a', type: FLOAT64 };
const S: FieldSpec = { name: 's', type: UTF8 };
const D: FieldSpec = { name: 'd', type: UTF8, dictionary: 7n };
const words = { ...text([0, 2, 4]), dictionary: 7n };
const REFUSED = [400, 413, 422];

describe.each(DESCRIBING)('Arrow with one bit flipped: %s', (path) => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
    expect(service.output()).not.toMatch(/a lane ended|"level":"error"/u);
  });

  test.each([
    [
      'raw',
      stream([A, S], {
        ...text([0, 2, 4]),
        nodes: [
          [2n, 0n],
          [2n, 0n],
        ],
        buffers: [
          [0n, 0n],
          [0n, 16n],
          [16n, 0n],
          [16n, 12n],
          [32n, 4n],
        ],
        body: Buffer.concat([doubles(1, 2), ints(0, 2, 4), Buffer.from('abcd\0\0\0\0')]),
      }),
    ],
    ['dictionary', stream([D], words, indices(0, 1, 1))],
    ['ZSTD', stream([A], compressed(1, packed(131072n, zstdZeros(1)), 16384n))],
  ])('%s: a table or a refusal, never anything else, in under 50 ms', async (_name, body) => {
    let slowest = 0;
    for (let bit = 0; bit < body.length * 8; bit += 3) {
      const flipped = Buffer.from(body);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const started = performance.now();
      const reply = await send(`${service.url}${path}`, { headers: STREAM_TYPE, body: flipped });
      const ms = performance.now() - started;
      if (ms > 50) slowest = Math.max(slowest, await again(service, path, flipped));
      expect([bit, [200, ...REFUSED].includes(reply.status)]).toEqual([bit, true]);
      if (reply.status !== 200) expectProblem(reply);
    }
    expect(slowest).toBeLessThan(50);
  });
});

/** Milliseconds of the fastest of three further tries. */
async function again(service: Service, path: string, body: Buffer): Promise<number> {
  let fastest = Infinity;
  for (let i = 0; i < 3; i++) {
    const started = performance.now();
    await send(`${service.url}${path}`, { headers: STREAM_TYPE, body });
    fastest = Math.min(fastest, performance.now() - started);
  }
  return fastest;
}
