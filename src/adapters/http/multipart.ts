import { Dicer } from '@fastify/busboy';
import { excerpt, Problem } from '../../ports/problem.js';
import { Body, type BodyOptions } from './body.js';
import type { Stage, Upstream } from './flow.js';
import { mediaOf, refuseCharset } from './negotiate.js';
import { parameterised } from './parameters.js';

/** Of the part `options`. */
const OPTIONS_BYTES = 64 * 1024;
const HEADER_PAIRS = 16;
const HEADER_BYTES = 16 * 1024;
/** What boundaries, headers and the part `options` may take beside the data. */
export const MULTIPART_OVERHEAD = 256 * 1024;

type PartName = 'data' | 'options';
const PART_NAMES: ReadonlySet<string> = new Set<PartName>(['data', 'options']);
type Headers = Readonly<Record<string, readonly string[] | undefined>>;
/** Takes the bytes of one part. */
type Part = Pick<Stage, 'write' | 'end'>;

export type MultipartOptions = Omit<BodyOptions, 'format' | 'filename'> & { readonly boundary: string };

/**
 * The parts of a multipart/form-data body: `data`, a table in any format, and `options`, JSON text; in any order. Any
 * other part, a part twice, and what is cut short are 400. Memory is bounded: `data` goes to its arena as it arrives.
 */
export class Multipart implements Stage {
  readonly #options: MultipartOptions;
  readonly #upstream: Upstream;
  readonly #parser: Dicer;
  readonly #seen = new Set<string>();
  #open = 0;
  #ended = false;
  #parsed = false;
  #closed = false;
  #data: Body | undefined;
  #text: string | undefined;

  constructor(options: MultipartOptions, upstream: Upstream) {
    this.#options = options;
    this.#upstream = upstream;
    const config = {
      boundary: options.boundary,
      maxHeaderPairs: HEADER_PAIRS + 1,
      // What is longer is cut by the parser, and refused here.
      maxHeaderSize: 2 * HEADER_BYTES,
    };
    this.#parser = new Dicer(config);
    this.#parser
      .on('part', (stream) => {
        this.#take(stream);
      })
      .on('finish', () => {
        this.#parsed = true;
        // Nothing more is asked for: it may have been at its end before it had drained.
        upstream.resume();
        this.#complete();
      })
      .on('drain', () => {
        upstream.resume();
      })
      .on('error', () => {
        upstream.fail(invalid('one that is cut short'));
      });
  }

  write(chunk: Buffer): void {
    // What comes after the last boundary is to be ignored (RFC 2046, 5.1.1).
    if (this.#parsed) return;
    if (!this.#parser.write(chunk) && !this.#isParsed()) this.#upstream.pause();
  }

  end(): void {
    this.#ended = true;
    if (this.#parsed) this.#complete();
    else this.#parser.end();
  }

  close(): void {
    this.#closed = true;
    this.#parser.destroy();
  }

  /** The part `data`. Throws 422 where there was none. */
  get data(): Body {
    if (this.#data !== undefined) return this.#data;
    throw Problem.at('/data', 'invalid_request', 'expected a part "data", got none');
  }

  /** The text of the part `options`. */
  get options(): string | undefined {
    return this.#text;
  }

  release(): void {
    this.#data?.release();
  }

  #take(stream: Dicer.PartStream): void {
    let part: Part | undefined;
    const attempt = (step: () => void): void => {
      if (this.#closed) return;
      try {
        step();
      } catch (error) {
        this.#upstream.fail(error);
      }
    };
    this.#open++;
    stream
      .on('header', (headers: Headers) => {
        attempt(() => {
          part = this.#begin(headers);
        });
      })
      .on('data', (bytes: Buffer) => {
        attempt(() => {
          part?.write(bytes);
        });
      })
      .on('end', () => {
        attempt(() => {
          if (part === undefined) throw invalid('a part without headers');
          part.end();
          this.#open--;
          this.#complete();
        });
      })
      .on('error', () => {
        this.#upstream.fail(invalid('one that is cut short'));
      });
  }

  #begin(headers: Headers): Part {
    const pairs = Object.entries(headers).flatMap(([name, values = []]) =>
      values.map((value) => name + value),
    );
    if (pairs.length > HEADER_PAIRS || pairs.join('').length > HEADER_BYTES) {
      throw invalid(`a part with more than ${HEADER_PAIRS} headers or ${HEADER_BYTES} bytes of them`);
    }
    const disposition = parameterised(headers['content-disposition']?.[0] ?? '');
    const name = disposition.parameters.get('name');
    if (disposition.value !== 'form-data' || name === undefined) {
      throw invalid('a part without "Content-Disposition: form-data" and a name');
    }
    const got = JSON.stringify(excerpt(name));
    if (!isPartName(name)) throw invalid(`a part ${got}; the parts are "data" and "options"`);
    if (this.#seen.has(name)) throw invalid(`a second part ${got}`);
    this.#seen.add(name);
    const transfer = headers['content-transfer-encoding']?.[0]?.trim().toLowerCase() ?? 'binary';
    if (!['7bit', '8bit', 'binary'].includes(transfer)) {
      throw invalid(`a part in Content-Transfer-Encoding ${JSON.stringify(excerpt(transfer))}`);
    }
    const contentType = headers['content-type']?.[0];
    return name === 'data'
      ? this.#beginData(contentType, disposition.parameters.get('filename'))
      : this.#beginOptions(contentType);
  }

  #beginData(contentType: string | undefined, filename: string | undefined): Part {
    const media = mediaOf(contentType ?? 'application/octet-stream');
    if (media.kind === 'multipart') {
      throw new Problem(
        'unsupported_media_type',
        'expected data in the part "data", got parts within a part',
      );
    }
    const format = media.kind === 'format' ? media.format : undefined;
    const data = new Body({ ...this.#options, format, filename });
    this.#data = data;
    return {
      write: (bytes) => {
        data.write(bytes);
      },
      end: () => undefined,
    };
  }

  #beginOptions(contentType: string | undefined): Part {
    refuseCharset(parameterised(contentType ?? ''));
    const chunks: Buffer[] = [];
    let length = 0;
    return {
      write(bytes) {
        length += bytes.length;
        if (length > OPTIONS_BYTES) {
          throw new Problem('too_large', `expected options of at most ${OPTIONS_BYTES} bytes, got more`);
        }
        chunks.push(bytes);
      },
      end: () => {
        try {
          this.#text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
        } catch {
          throw Problem.at('/options', 'invalid_utf8', 'expected options in UTF-8, got bytes that are not');
        }
      },
    };
  }

  // A function, since TypeScript does not see that write() changes it.
  #isParsed(): boolean {
    return this.#parsed;
  }

  #complete(): void {
    if (this.#ended && this.#parsed && this.#open === 0) this.#upstream.finished();
  }
}

function isPartName(name: string): name is PartName {
  return PART_NAMES.has(name);
}

function invalid(got: string): Problem {
  return new Problem('invalid_multipart', `expected a multipart/form-data body, got ${got}`);
}
