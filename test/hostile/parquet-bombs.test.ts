import { brotliCompressSync, gzipSync } from 'node:zlib';
import { CODEC, parquetFile } from './parquet-files.js';
import { int32, outcomeOf, readAll, varint } from './parquet-outcomes.js';

describe('bombs', () => {
  const zeros = Buffer.alloc(4 * 2 ** 20);
  /** A frame of blocks that repeat one byte, 2^17 times each; no size in its header. */
  const zstd = (blocks: number): Buffer => {
    const repeat = Array.from({ length: blocks }, (_, i) => {
      const head = ((2 ** 17) << 3) | 2 | (i === blocks - 1 ? 1 : 0);
      return [head & 255, (head >> 8) & 255, head >> 16, 0];
    });
    return Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 88, ...repeat.flat()]);
  };
  /** A literal, then copies of it, 64 bytes for every 3. */
  const snappy = (size: number, declared = size): Buffer => {
    const copies = Array.from({ length: Math.floor((size - 60) / 64) }, () => [0xfe, 1, 0]);
    return Buffer.from([...varint(declared), 59 << 2, ...Array<number>(60).fill(0), ...copies.flat()]);
  };
  /** One literal, and matches of 255 bytes for every byte. */
  const lz4 = (bytes: number): Buffer => Buffer.from([0x1f, 0, 1, 0, ...Array<number>(bytes).fill(255), 0]);

  const grown: readonly [string, number, Buffer][] = [
    ['snappy', CODEC.snappy, snappy(2 ** 20 + 60)],
    ['gzip', CODEC.gzip, gzipSync(zeros)],
    ['brotli', CODEC.brotli, brotliCompressSync(zeros)],
    ['zstd', CODEC.zstd, zstd(32)],
    ['lz4', CODEC.lz4, lz4(10_000)],
    ['lz4 raw', CODEC.lz4Raw, lz4(10_000)],
  ];

  /** Milliseconds and bytes that a refusal costs; the packages are loaded by an ordinary file before. */
  async function costOf(file: Buffer): Promise<{ code: string; ms: number; growth: number }> {
    await readAll(parquetFile({ pages: [{ bytes: int32(1), values: 1 }] }));
    const before = process.memoryUsage().rss;
    const started = performance.now();
    const code = await outcomeOf(file);
    return { code, ms: performance.now() - started, growth: process.memoryUsage().rss - before };
  }

  test.each(grown)('%s: a page that declares 2^31 − 1 bytes', async (_name, codec, bytes) => {
    const page = { bytes, size: 2 ** 31 - 1, values: 1 };
    const { code, ms, growth } = await costOf(parquetFile({ codec, pages: [page] }));
    expect(code).toBe('too_large');
    expect(ms).toBeLessThan(100);
    expect(growth).toBeLessThan(32 * 2 ** 20);
  });

  test.each(grown)(
    '%s: a page that declares 64 MiB, more than its ratio allows',
    async (_name, codec, bytes) => {
      const page = { bytes: bytes.subarray(0, 2000), size: 2 ** 26, values: 1 };
      const { code, ms } = await costOf(parquetFile({ codec, pages: [page] }));
      expect(code).toBe('compression_ratio');
      expect(ms).toBeLessThan(100);
    },
  );

  test.each([...grown, ['snappy, both', CODEC.snappy, snappy(2 ** 20 + 60, 4096)] as const])(
    '%s: a page that declares 4,096 bytes and has far more',
    async (_name, codec, bytes) => {
      const page = { bytes, size: 4096, values: 1024 };
      const { code, ms, growth } = await costOf(parquetFile({ codec, rows: 1024, pages: [page] }));
      expect(code).toBe('invalid_parquet');
      expect(ms).toBeLessThan(100);
      expect(growth).toBeLessThan(32 * 2 ** 20);
    },
  );

  test.each([
    ['snappy', CODEC.snappy, snappy(60)],
    ['gzip', CODEC.gzip, gzipSync(Buffer.alloc(60))],
    ['brotli', CODEC.brotli, brotliCompressSync(Buffer.alloc(60))],
    ['zstd', CODEC.zstd, Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 88, ((60 << 3) | 3) & 255, 1, 0, 0])],
    ['lz4', CODEC.lz4, Buffer.from([0xf0, 45, ...Array<number>(60).fill(0)])],
    ['lz4 raw', CODEC.lz4Raw, Buffer.from([0xf0, 45, ...Array<number>(60).fill(0)])],
  ])(
    '%s: a page of 60 bytes that declares 64 is refused, never filled up; as 60 it is read',
    async (_name, codec, bytes) => {
      const file = (size: number): Buffer =>
        parquetFile({ codec, rows: size / 4, pages: [{ bytes, size, values: size / 4 }] });
      expect(await outcomeOf(file(64))).toBe('invalid_parquet');
      expect(await readAll(file(60))).toEqual([Array<number>(15).fill(0)]);
    },
  );

  test.each([
    ['a Snappy literal of 2^32 bytes', CODEC.snappy, [...varint(64), 252, 255, 255, 255, 255, 0, 0, 0]],
    ['a Snappy copy from 2^31 behind', CODEC.snappy, [...varint(64), 0, 0, 0xff, 0, 0, 0, 0x80]],
    ['Hadoop blocks of −8 bytes', CODEC.lz4, [0, 0, 0, 0, 255, 255, 255, 248, 0, 0, 0, 0, 0, 0, 0, 0]],
    ['an LZ4 length that never ends', CODEC.lz4Raw, [0x1f, 0, 1, 0, ...Array<number>(5000).fill(255)]],
    ['a ZSTD window of 2 GiB and no block', CODEC.zstd, [0x28, 0xb5, 0x2f, 0xfd, 0, 0xa8, 0, 0, 0]],
    ['a gzip member of nothing', CODEC.gzip, [...gzipSync('')]],
  ])('%s', async (_name, codec, bytes) => {
    const page = { bytes, size: 64, values: 16 };
    const { code, ms, growth } = await costOf(parquetFile({ codec, rows: 16, pages: [page] }));
    expect(code).toBe('invalid_parquet');
    expect(ms).toBeLessThan(100);
    expect(growth).toBeLessThan(32 * 2 ** 20);
  });
});
