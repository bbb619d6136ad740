import type { IncomingMessage, ServerResponse } from 'node:http';
import { type BodyFormat, FORMATS } from '../../ports/formats.js';
import type { Answer, Extent, Job, Landing, Lanes } from '../../ports/lanes.js';
import type { TableLimits } from '../../ports/limits.js';
import { Body, type FormatLimits, type Land, tooLarge, type Unadmitted } from './body.js';
import { type Begin, HeadStart } from './early.js';
import { decompress, encodingOf } from './encoding.js';
import type { ByteLimit, Stage, Upstream } from './flow.js';
import { Multipart, MULTIPART_OVERHEAD } from './multipart.js';
import { type Media, mediaOf } from './negotiate.js';
import type { NamingDocument } from './named.js';
import { sightOf } from './watch.js';
import { type Pace, pump } from './wire.js';

export interface IntakeOptions {
  readonly lanes: Lanes;
  /** Counts what nothing has admitted yet. */
  readonly unadmitted: Unadmitted;
  /** Bytes that a body of a format may have, on the wire and decoded. */
  readonly limits: FormatLimits;
  readonly tableLimits: TableLimits;
  readonly pace: Pace;
}

/** What a request does with its body. */
export interface Use {
  /** Whether it takes a second table, by multipart. */
  readonly takesReference: boolean;
  /** What the body is, whatever its media type says. */
  readonly format?: BodyFormat | undefined;
  readonly land: Land;
  /** Begins to answer before the body is whole, where that can be. */
  readonly begin: Begin;
  /** What a small JSON body names in place of bringing it. */
  readonly names?: ((body: Buffer) => NamingDocument | undefined) | undefined;
}

/** A body where it will be computed on. */
export interface Received {
  readonly landing: Landing;
  readonly format: BodyFormat;
  readonly extent: Extent;
  /** The second table, in the same landing. */
  readonly reference?: NonNullable<Job['reference']> | undefined;
  /** JSON text that came beside it. */
  readonly options: string | undefined;
  /** The answer that was begun before it was whole. */
  readonly answer?: Promise<Answer> | undefined;
  readonly named?: undefined;
}

/** A body that brought no table, but names one. */
export interface Naming {
  readonly named: NamingDocument;
}

/** Where the bytes of a body end up. */
interface Target {
  readonly stage: Stage;
  /** Throws Problem. */
  received(): Received | Naming;
  release(): void;
}

/**
 * Reads a request's body to where it will be computed on: decompressed, taken out of its parts, in an arena as it
 * arrives, or by way of Buffers while it is small. Nothing is left behind when it throws a Problem: 415 for what is not
 * read here, 413 beyond a limit (before anything is read where it is declared), 408 for a client that dawdles, 400 when
 * the body breaks off, the client leaves (`signal`), or the bytes are not what the headers say.
 */
export async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  options: IntakeOptions & Use,
  signal: AbortSignal,
): Promise<Received | Naming> {
  const { format } = options;
  const media: Media =
    format === undefined ? mediaOf(request.headers['content-type']) : { kind: 'format', format };
  const encoding = encodingOf(request.headers['content-encoding']);
  const limit = limitOf(media, options);
  const declared = declaredLength(request);
  if (declared !== undefined && declared > limit.bytes) throw tooLarge(limit, `${declared} bytes`);
  if (expectsContinue(request)) response.writeContinue();

  let target: Target | undefined;
  const open = (upstream: Upstream, expectedBytes: number | undefined): Stage => {
    target = targetOf(media, options, upstream, expectedBytes);
    return target.stage;
  };
  try {
    const build = (wire: Upstream): Stage =>
      encoding === undefined
        ? open(wire, declared)
        : decompress(encoding, limit, options.tableLimits, wire, (inflated) => open(inflated, undefined));
    await pump(request, limit, options.pace, signal, build, sightOf(response).spend);
    return received(target);
  } catch (error) {
    release(target);
    throw error;
  }
}

// Functions, since TypeScript does not see the assignment inside the callback.
function received(target: Target | undefined): Received | Naming {
  if (target === undefined) throw new Error('a body that was read has a target');
  return target.received();
}
const release = (target: Target | undefined): void => target?.release();

function targetOf(
  media: Media,
  { land, unadmitted, limits, begin, takesReference, names }: IntakeOptions & Use,
  upstream: Upstream,
  expectedBytes: number | undefined,
): Target {
  if (media.kind === 'multipart') {
    const { boundary } = media;
    const parts = new Multipart(
      { boundary, takesReference, land, unadmitted, limits, expectedBytes },
      upstream,
    );
    return {
      stage: parts,
      received: () => {
        const { data, reference } = parts.landed();
        const second = reference && { ...reference.extent, format: reference.format };
        return { ...data, reference: second, options: parts.options };
      },
      release: () => {
        parts.release();
      },
    };
  }
  const format = media.kind === 'format' ? media.format : undefined;
  const body = new Body({ land, unadmitted, limits, format, expectedBytes });
  const early =
    format === undefined || expectedBytes === undefined
      ? undefined
      : new HeadStart(expectedBytes, format, begin, upstream.fail);
  return {
    stage: {
      write: (chunk) => {
        body.write(chunk);
        early?.look(body.landing);
      },
      end: upstream.finished,
      close: () => undefined,
    },
    received() {
      const small = format === 'json' && names !== undefined ? body.small : undefined;
      const named = small && names?.(small);
      if (named === undefined) return { ...body.landed(), options: undefined, answer: early?.answer };
      body.release();
      return { named };
    },
    release: () => {
      body.release();
    },
  };
}

/** Bytes that a body may have before anything is known of it but its media type. */
function limitOf(media: Media, { limits, takesReference }: IntakeOptions & Use): ByteLimit {
  if (media.kind === 'format') return limits[media.format];
  // What is sniffed without the name of a file is Arrow or Parquet.
  const possible =
    media.kind === 'sniffed' ? [limits.arrow, limits.parquet] : FORMATS.map((format) => limits[format]);
  const largest = possible.reduce((a, b) => (b.bytes > a.bytes ? b : a));
  if (media.kind === 'sniffed') return largest;
  const tables = takesReference ? 2 : 1;
  return { bytes: tables * largest.bytes + MULTIPART_OVERHEAD, setting: largest.setting };
}

function declaredLength({ headers }: IncomingMessage): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

/** Whether the client waits with the body for a word that it will be read. */
function expectsContinue({ headers, httpVersion }: IncomingMessage): boolean {
  return httpVersion === '1.1' && /(?:^|\W)100-continue(?:$|\W)/iu.test(headers.expect ?? '');
}
