import zlib, { type BrotliOptions, type ZlibOptions } from 'node:zlib';
import type { Transform } from 'node:stream';
import { refuseGrowth, type TableLimits } from '../../ports/limits.js';
import { excerpt, Problem } from '../../ports/problem.js';
import { tooLarge } from './body.js';
import type { ByteLimit, Stage, Upstream } from './flow.js';
import { ZstdFrames } from './zstd.js';

/** Output of a decompressor at once: what a bomb can make before it is looked at. */
const CHUNK_BYTES = 64 * 1024;
/** ZSTD_d_windowLogMax. RFC 9659: content coded zstd needs a window of at most 8 MiB. */
const ZSTD_WINDOW_LOG = { 100: 23 };

type Inflater = Transform & zlib.Zlib;
/** From Node 22.15 on. */
const { createZstdDecompress } = zlib as typeof zlib & {
  readonly createZstdDecompress?: (options: ZlibOptions | BrotliOptions) => Inflater;
};

const gunzip = (): Inflater => zlib.createGunzip({ chunkSize: CHUNK_BYTES });
const INFLATERS: ReadonlyMap<string, () => Inflater> = new Map([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['br', (): Inflater => zlib.createBrotliDecompress({ chunkSize: CHUNK_BYTES })],
  ...(createZstdDecompress === undefined
    ? []
    : [
        [
          'zstd',
          (): Inflater => createZstdDecompress({ chunkSize: CHUNK_BYTES, params: ZSTD_WINDOW_LOG }),
        ] as const,
      ]),
]);

/** Content codings that this process reads, as `Accept-Encoding` of a 415 lists them. */
export const ENCODINGS = [...INFLATERS.keys()].filter((name) => name !== 'x-gzip');

/** The one coding of a body, undefined for none. Throws 415 for one that is not read here, and for several. */
export function encodingOf(header: string | undefined): string | undefined {
  const codings = (header ?? '')
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
  const [coding] = codings;
  if (coding === undefined) return undefined;
  if (codings.length === 1 && INFLATERS.has(coding)) return coding;
  const got = JSON.stringify(excerpt(codings.join(', ')));
  const detail = `expected Content-Encoding ${[...ENCODINGS, 'identity'].join(' or ')}, and one only, got ${got}`;
  throw new Problem('unsupported_encoding', detail);
}

/**
 * Decompresses into the stage that `build` makes. Refuses with 413 more than `limit` decoded bytes and more than
 * `limits.ratio` of them for each compressed one; with 400 what is broken, cut short or followed by anything.
 */
export function decompress(
  encoding: string,
  limit: ByteLimit,
  limits: TableLimits,
  upstream: Upstream,
  build: (inflated: Upstream) => Stage,
): Stage {
  const frames = encoding === 'zstd' ? new ZstdFrames() : undefined;
  const growth = { ...limits, decodedBytes: limit.bytes };
  let given = 0;
  let decoded = 0;
  const broken = (got: string): Problem =>
    new Problem('invalid_encoding', `expected a body compressed with ${encoding}, got ${got}`);
  const attempt = (step: () => void): void => {
    try {
      step();
    } catch (error) {
      upstream.fail(error);
    }
  };
  const next = build({
    pause: () => inflater.pause(),
    resume: () => inflater.resume(),
    fail: upstream.fail,
    finished: upstream.finished,
  });
  const inflater = (INFLATERS.get(encoding) ?? gunzip)();
  inflater
    .on('data', (chunk: Buffer) => {
      attempt(() => {
        decoded += chunk.length;
        if (decoded > limit.bytes) throw tooLarge(limit, 'more when decompressed');
        refuseGrowth(inflater.bytesWritten, decoded, growth);
        next.write(chunk);
      });
    })
    .on('end', () => {
      attempt(() => {
        if (inflater.bytesWritten < given) throw broken('one with bytes after its end');
        next.end();
      });
    })
    .on('error', (error: NodeJS.ErrnoException) => {
      upstream.fail(broken(error.code === 'Z_BUF_ERROR' ? 'one that is cut short' : 'one that is broken'));
    })
    .on('drain', () => {
      upstream.resume();
    });
  const write = (bytes: Buffer): void => {
    given += bytes.length;
    if (!inflater.write(bytes)) upstream.pause();
  };
  return {
    write(chunk) {
      // Of several frames in one write the decompressor reads the first only.
      if (frames === undefined) write(chunk);
      else for (const piece of frames.split(chunk)) write(piece);
    },
    end() {
      // Node 22 takes a zstd frame that is cut short for a whole one.
      if (frames?.whole === false) throw broken('one that is cut short');
      inflater.end();
    },
    close() {
      inflater.removeAllListeners('data').on('error', () => undefined);
      inflater.destroy();
      next.close();
    },
  };
}
