import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { FrameDecoder } from '../../ports/formats.js';
import { Problem } from '../../ports/problem.js';
import { checkSnappy, lz4Blocks } from './blocks.js';
import { invalid } from './thrift.js';

/** `CompressionCodec` of parquet.thrift, by number. */
const CODECS = ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'LZO', 'BROTLI', 'LZ4', 'ZSTD', 'LZ4_RAW'] as const;

/** The packages behind the codecs that Node has not. Both are ES modules only. */
export interface CodecPackages {
  readonly snappy: (input: Uint8Array, size: number) => Uint8Array;
  readonly lz4: (input: Uint8Array, size: number) => Uint8Array;
  readonly zstd: FrameDecoder;
}

/** What a WebAssembly memory may keep from one page to the next: it never shrinks. */
const KEPT = 4 * 2 ** 20;

export async function loadCodecs(zstd: FrameDecoder): Promise<CodecPackages> {
  // A host without WebAssembly: the package compiles its Snappy when it is loaded.
  if (!('WebAssembly' in globalThis)) {
    const [{ snappyUncompress }, { decompressLz4Raw }] = await Promise.all([
      import('hyparquet'),
      import('hyparquet-compressors/src/lz4.js'),
    ]);
    const snappy = (input: Uint8Array, size: number): Uint8Array => {
      const output = new Uint8Array(size);
      snappyUncompress(input, output);
      return output;
    };
    return { snappy, lz4: decompressLz4Raw, zstd };
  }
  const { compressors, decompressSnappy, decompressLz4Raw } = await import('hyparquet-compressors');
  const kept = compressors.SNAPPY ?? decompressSnappy;
  const snappy = (input: Uint8Array, size: number): Uint8Array =>
    input.length + size > KEPT ? decompressSnappy(input, size) : kept(input, size);
  return { snappy, lz4: decompressLz4Raw, zstd };
}

/** Throws 422 `unsupported_type` for a codec that is not read. */
export function expectCodec(codec: number): void {
  const name = CODECS[codec];
  if (name === undefined) throw invalid(`expected a known compression codec, got number ${codec}`);
  if (name === 'LZO')
    throw new Problem('unsupported_type', 'expected a codec other than LZO, which is not read, got it');
}

/**
 * Exactly `size` bytes, which the caller has found within its budget: every codec stops there, and what has fewer is
 * refused. Snappy and LZ4 are walked through before their decoders, which believe lengths, see them. GZIP and BROTLI
 * are Node's: those of hyparquet-compressors fill what is missing with zeros. Throws 400 `invalid_parquet`.
 */
export function decompress(
  codec: number,
  input: Uint8Array,
  size: number,
  packages: CodecPackages,
): Uint8Array {
  expectCodec(codec);
  const name = CODECS[codec]!;
  // Node's decompressors have no limit of 0.
  const options = { maxOutputLength: Math.max(1, size), chunkSize: Math.min(Math.max(64, size), 2 ** 20) };
  let output: Uint8Array;
  try {
    switch (name) {
      case 'UNCOMPRESSED':
        output = input;
        break;
      case 'SNAPPY':
        checkSnappy(input, size);
        output = packages.snappy(input, size);
        break;
      case 'GZIP':
        output = gunzipSync(input, options);
        break;
      case 'BROTLI':
        output = brotliDecompressSync(input, options);
        break;
      case 'ZSTD':
        output = new Uint8Array(size);
        packages.zstd(input, output);
        break;
      case 'LZ4':
      case 'LZ4_RAW':
        output = new Uint8Array(size);
        for (const block of lz4Blocks(input, size, name === 'LZ4'))
          output.set(packages.lz4(block.bytes, block.size), block.at);
        break;
      case 'LZO':
        throw new Error('refused by expectCodec');
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw invalid(`expected a page in ${name} of ${size} bytes, got one that does not decompress to that`);
  }
  if (output.length !== size)
    throw invalid(`expected a page in ${name} of ${size} bytes, got ${output.length}`);
  return output;
}
