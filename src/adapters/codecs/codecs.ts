import type { Codecs } from '../../ports/formats.js';
import { decodeLz4, encodeLz4 } from './lz4.js';
import { decodeZstd } from './zstd.js';

/** LZ4 and Zstandard without native code, for hostile input: work and memory are bounded by what goes in and comes out. */
export const codecs: Codecs = {
  lz4: { decode: decodeLz4, encode: encodeLz4 },
  zstd: { decode: decodeZstd },
};
