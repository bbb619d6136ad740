import { Dicer } from '@fastify/busboy';
import { excerpt, Problem } from '../../ports/problem.js';
import { Body, type BodyOptions, type Landed } from './body.js';
import type { Stage, Upstream } from './flow.js';
import { mediaOf, refuseCharset } from './negotiate.js';
import { parameterised } from './parameters.js';

/** Of the part `options`. */
const OPTIONS_BYTES = 64 * 1024;
const HEADER_PAIRS = 16;
const HEADER_BYTES = 16 * 1024;
/** What boundaries, headers and the part `options` may take beside the data. */
export const MULTIPART_OVERHEAD = 256 * 1024;

type TableName = 'data' | 'reference';
type Headers = Readonly<Record<string, readonly string[] | undefined>>;
/** Takes the bytes of one part. */
type Part = Pick<Stage, 'write' | 'end'>;

export type MultipartOptions = Omit<BodyOptions, 'format' | 'filename' | 'behind'> & {
  readonly boundary: string;
  /** Whether a part `reference` is taken. */
  readonly takesReference: boolean;
};

/**
 * The parts of a multipart/form-data body: `data`, a table in any format, `options`, JSON text, and where it is taken
 * `reference`, a second table; in any order. Any other part, a part twice, and what is cut short are 400. Memory is
 * bounded: tables go to their arena as they arrive, the second behind the first.
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
  /** In the order in which they came. */
  readonly #tables = new Map<TableName, Body>();
  #text: string | undefined;
  /** Bytes of `options`, counted until they are text. */
  #kept = 0;

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

  /** The parts `data` and `reference`, landed. Throws 422 where there was no `data`. */
  landed(): { readonly data: Landed; readonly reference: Landed | undefined } {
    const data = this.#tables.get('data');
    if (data === undefined) throw Problem.at('/data', 'invalid_request', 'expected a part "data", got none');
    const reference = this.#tables.get('reference');
    return { data: data.landed(), reference: reference?.landed() };
  }

  /** The text of the part `options`. */
  get options(): string | undefined {
    return this.#text;
  }

  release(): void {
    for (const table of this.#tables.values()) table.release();
    this.#forget();
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
    const tables = this.#options.takesReference ? ['data', 'reference'] : ['data'];
    const names = tables.map((table) => `"${table}"`).join(', ');
    if (!isTable(name, tables) && name !== 'options')
      throw invalid(`a part ${got}; the parts are ${names} and "options"`);
    if (this.#seen.has(name)) throw invalid(`a second part ${got}`);
    this.#seen.add(name);
    const transfer = headers['content-transfer-encoding']?.[0]?.trim().toLowerCase() ?? 'binary';
    if (!['7bit', '8bit', 'binary'].includes(transfer)) {
      throw invalid(`a part in Content-Transfer-Encoding ${JSON.stringify(excerpt(transfer))}`);
    }
    const contentType = headers['content-type']?.[0];
    if (name === 'options') return this.#beginOptions(contentType);
    const filename = disposition.parameters.get('filename');
    return named(name, () => this.#beginTable(name, contentType, filename));
  }

  #beginTable(name: TableName, contentType: string | undefined, filename: string | undefined): Part {
    const media = mediaOf(contentType ?? 'application/octet-stream');
    if (media.kind === 'multipart') {
      throw new Problem(
        'unsupported_media_type',
        `expected data in the part "${name}", got parts within a part`,
      );
    }
    const format = media.kind === 'format' ? media.format : undefined;
    const [behind] = this.#tables.values();
    const table = new Body({ ...this.#options, format, filename, behind });
    this.#tables.set(name, table);
    return {
      write: (bytes) => {
        named(name, () => {
          table.write(bytes);
        });
      },
      end: () => {
        named(name, () => {
          table.end();
        });
      },
    };
  }

  #beginOptions(contentType: string | undefined): Part {
    refuseCharset(parameterised(contentType ?? ''));
    const chunks: Buffer[] = [];
    let length = 0;
    return {
      write: (bytes) => {
        length += bytes.length;
        if (length > OPTIONS_BYTES) {
          throw new Problem('too_large', `expected options of at most ${OPTIONS_BYTES} bytes, got more`);
        }
        this.#keep(bytes);
        chunks.push(bytes);
      },
      end: () => {
        this.#forget();
        try {
          this.#text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
        } catch {
          throw Problem.at('/options', 'invalid_utf8', 'expected options in UTF-8, got bytes that are not');
        }
      },
    };
  }

  #keep(bytes: Buffer): void {
    this.#options.unadmitted.take(bytes.length);
    this.#kept += bytes.length;
  }

  #forget(): void {
    this.#options.unadmitted.give(this.#kept);
    this.#kept = 0;
  }

  // A function, since TypeScript does not see that write() changes it.
  #isParsed(): boolean {
    return this.#parsed;
  }

  #complete(): void {
    if (this.#ended && this.#parsed && this.#open === 0) this.#upstream.finished();
  }
}

function isTable(name: string, tables: readonly string[]): name is TableName {
  return tables.includes(name);
}

/** Does a step for a table; what goes wrong with the reference says so. */
function named<T>(name: TableName, step: () => T): T {
  if (name === 'data') return step();
  try {
    return step();
  } catch (error) {
    throw error instanceof Problem ? error.within(name) : error;
  }
}

function invalid(got: string): Problem {
  return new Problem('invalid_multipart', `expected a multipart/form-data body, got ${got}`);
}
