import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { decodeLz4, encodeLz4 } from '../../../src/adapters/codecs/lz4.js';
import { xxh32 } from '../../../src/adapters/codecs/xxh32.js';
import { decodeZstd } from '../../../src/adapters/codecs/zstd.js';
import { FrameFault } from '../../../src/ports/formats.js';
import { mutate, randomFrom } from '../arrow/reading.js';

interface Frame {
  readonly codec: 'lz4' | 'zstd';
  readonly kind: string;
  readonly length: number;
  readonly sha256: string;
  readonly frame: string;
}
const FOLDER = join(__dirname, '..', '..', 'fixtures', 'arrow');
const FRAMES = JSON.parse(readFileSync(join(FOLDER, 'codecs.json'), 'utf8')) as Frame[];
const DECODERS = { lz4: decodeLz4, zstd: decodeZstd };

const bytesOf = ({ frame }: Frame): Uint8Array => Uint8Array.from(Buffer.from(frame, 'base64'));
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

/** Whether a frame decodes to so many bytes; whatever else than a FrameFault is thrown, is thrown. */
function decodes(codec: 'lz4' | 'zstd', frame: Uint8Array, length: number): boolean {
  try {
    DECODERS[codec](frame, new Uint8Array(length));
    return true;
  } catch (error) {
    if (error instanceof FrameFault) return false;
    throw error;
  }
}

describe('the codecs of buffers', () => {
  test.each(['lz4', 'zstd'] as const)(
    '%s: frames by pyarrow, byte for byte, and in no other length',
    (codec) => {
      const frames = FRAMES.filter((frame) => frame.codec === codec);
      expect(frames.length).toBeGreaterThan(20);
      for (const frame of frames) {
        const out = new Uint8Array(frame.length);
        DECODERS[codec](bytesOf(frame), out);
        expect(createHash('sha256').update(out).digest('hex')).toBe(frame.sha256);
        expect(decodes(codec, bytesOf(frame), frame.length + 1)).toBe(false);
        if (frame.length > 0) expect(decodes(codec, bytesOf(frame), frame.length - 1)).toBe(false);
      }
    },
  );

  test.each(['lz4', 'zstd'] as const)('%s: every prefix of a frame is refused', (codec) => {
    const frame = FRAMES.find((one) => one.codec === codec && one.kind === 'words' && one.length > 900)!;
    const bytes = bytesOf(frame);
    for (let length = 0; length < bytes.length; length++)
      expect(decodes(codec, bytes.subarray(0, length), frame.length)).toBe(false);
    expect(decodes(codec, Buffer.concat([bytes, Buffer.alloc(1)]), frame.length)).toBe(false);
  });

  test('10,000 mutated frames: an error with a code or as many bytes as asked, each in 50 ms', () => {
    const random = randomFrom(7);
    const frames = FRAMES.filter(({ frame, length }) => frame.length < 6000 && length < 20_000);
    let slowest = 0;
    for (let i = 0; i < 10_000; i++) {
      const frame = frames[i % frames.length]!;
      const bytes = mutate(bytesOf(frame), random);
      const once = (): number => {
        const start = performance.now();
        decodes(frame.codec, bytes, frame.length);
        return performance.now() - start;
      };
      const first = once();
      slowest = Math.max(slowest, first < 50 ? first : Math.min(once(), once(), once()));
    }
    expect(slowest).toBeLessThan(50);
  });

  test('Huffman weights whose states cost no bits end, where fzstd loops for ever', () => {
    // A compressed block, its literals by a table whose weights come from one FSE symbol of probability 32 in 32.
    const description = [5, 0x10, 0xf8, 0x01, 0x00, 0x80];
    const size = description.length + 1;
    const literals = [0x02 | (1 << 4), (size & 3) << 6, size >> 2];
    const block = [...literals, ...description, 0x01, 0x00];
    const head = [(block.length << 3) | 5, 0, 0];
    const frame = hex(`28b52ffd 20 01 ${Buffer.from([...head, ...block]).toString('hex')}`);
    const start = performance.now();
    expect(decodes('zstd', frame, 1)).toBe(false);
    expect(performance.now() - start).toBeLessThan(50);
  });

  test('65,535 sequences of 65,539 bytes from 10 bytes stop at once, where fzstd writes them all', () => {
    // One literal, repeated; each code in one state: literal length 0, offset 0, match length 52.
    const block = hex('09 61 ff ff 80 54 00 00 34 01');
    const head = Buffer.alloc(3);
    head.writeUIntLE((block.length << 3) | 5, 0, 3);
    const frame = Buffer.concat([hex('28b52ffd a0 00001000'), head, block]);
    const start = performance.now();
    expect(decodes('zstd', frame, 2 ** 20)).toBe(false);
    expect(performance.now() - start).toBeLessThan(50);
  });

  test('LZ4 by us decodes to what it was made of, never longer than stored', () => {
    const runs = fc
      .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 9 }), fc.integer({ min: 1, max: 400 })), {
        maxLength: 30,
      })
      .map((parts) =>
        Uint8Array.from(
          parts.flatMap(([bytes, times]) => Array.from({ length: times }, () => [...bytes]).flat()),
        ),
      );
    fc.assert(
      fc.property(runs, (bytes) => {
        const frame = encodeLz4(bytes);
        const out = new Uint8Array(bytes.length);
        decodeLz4(frame, out);
        expect(Buffer.compare(out, bytes)).toBe(0);
        expect(frame.length).toBeLessThanOrEqual(bytes.length + 15);
      }),
    );
  });

  test('LZ4 of several blocks, of noise, and of a last block that is short', () => {
    const random = randomFrom(3);
    for (const length of [2 ** 22 + 5, 2 ** 22 * 2, 70_000]) {
      const noise = Uint8Array.from({ length }, (_, i) =>
        i % 70_000 < 300 ? Math.floor(random() * 256) : i % 7,
      );
      const frame = encodeLz4(noise);
      const out = new Uint8Array(length);
      decodeLz4(frame, out);
      expect(Buffer.compare(out, noise)).toBe(0);
      expect(frame.length).toBeLessThan(length / 4);
    }
  });

  // From the xxHash specification and its test vectors.
  test.each([
    ['', 0x02cc5d05],
    ['a', 0x550d7456],
    ['abc', 0x32d153ff],
    ['Nobody inspects the spammish repetition', 0xe2293b2f],
  ])('xxh32 of "%s"', (text, expected) => {
    const bytes = Buffer.from(text);
    expect(xxh32(bytes, 0, bytes.length)).toBe(expected);
  });
});
