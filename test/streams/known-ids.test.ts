import type { Landing } from '../../src/ports/lanes.js';
import { KnownIds } from '../../src/domain/streams-service/known-ids.js';
import { writeLines } from '../../src/domain/streams-service/portion.js';

/** A small Buffer lies among others in one piece of memory, as what a database's client reads does. */
const pooled = (bytes: Uint8Array): Buffer => {
  const one = Buffer.from(Buffer.from(bytes).toString('hex'), 'hex');
  expect(one.buffer.byteLength).toBeGreaterThan(one.length);
  return one;
};

test('ids that were stored are the same when a database gives them as a Buffer', () => {
  const hashes = BigUint64Array.of(3n, 2n ** 63n + 5n, 7n);
  const written = KnownIds.written([{ hashes, ends: Float64Array.of(10, 30, 20) }]);
  const ids = new KnownIds();
  ids.read(pooled(written!.hashes));
  expect(written!.expires).toBe(30);
  expect([...ids.with([])]).toEqual([...hashes]);
  ids.expire(20);
  expect([...ids.with([])]).toEqual([hashes[1]]);
});

test('a large record of several lines is written as one, and stays as it is', () => {
  const value = Buffer.from(`{"text":"${'x'.repeat(300_000)}",\n"val":1}`);
  const before = value.toString();
  const parts: Buffer[] = [];
  const landing: Landing = {
    length: 0,
    write: (bytes) => void parts.push(Buffer.from(bytes)),
    place: (bytes) => new Uint8Array(bytes),
    release: () => undefined,
  };
  writeLines([value], landing);
  expect(Buffer.concat(parts).toString()).toBe(`${before.replace('\n', ' ')}\n`);
  expect(value.toString()).toBe(before);
});
