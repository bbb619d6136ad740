import { connect, type Socket } from 'node:net';
import { readFileSync, writeFileSync } from 'node:fs';
import type { JsonValue } from '../service.js';

/** What came back over a socket that was written to byte by byte. */
export interface RawReply {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
  readonly json: JsonValue;
  /** From the connection to the end of the answer. */
  readonly ms: number;
}

/** One connection, and the answers that come over it. */
export class Wire {
  readonly #started = performance.now();
  #received = '';
  #closed = false;
  #waiting: (() => void)[] = [];

  private constructor(readonly socket: Socket) {
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#received += text;
      this.#wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  static async open(url: string): Promise<Wire> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.setNoDelay(true);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new Wire(socket);
  }

  /** Resolves once the kernel has taken it. */
  write(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) =>
      this.socket.write(bytes, () => {
        resolve();
      }),
    );
  }

  /** The head of a request; nothing is added but Host. */
  head(path: string, headers: Readonly<Record<string, string | number>>): Promise<void> {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return this.write(`POST ${path} HTTP/1.1\r\nHost: x\r\n${lines.join('')}\r\n`);
  }

  /** One chunk of a chunked body; none ends it. */
  chunk(bytes: Uint8Array = Buffer.alloc(0)): Promise<void> {
    return this.write(
      Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]),
    );
  }

  /** The next answer. Rejects when the connection ends without. */
  async reply(): Promise<RawReply> {
    for (;;) {
      const end = this.#received.indexOf('\r\n\r\n');
      if (end >= 0) {
        const [first = '', ...lines] = this.#received.slice(0, end).split('\r\n');
        const headers = new Map(
          lines.map((line) => [line.split(':')[0]?.toLowerCase() ?? '', line.replace(/^[^:]*:\s*/u, '')]),
        );
        const length = Number(headers.get('content-length') ?? 0);
        if (this.#received.length >= end + 4 + length) {
          const text = Buffer.from(this.#received.slice(end + 4, end + 4 + length), 'latin1').toString();
          this.#received = this.#received.slice(end + 4 + length);
          const ms = performance.now() - this.#started;
          return {
            status: Number(first.split(' ')[1]),
            headers,
            text,
            ms,
            get json() {
              return JSON.parse(text) as JsonValue;
            },
          };
        }
      }
      if (this.#closed) throw new Error(`the connection ended after ${JSON.stringify(this.#received)}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Resolves when the connection has ended. */
  async closed(): Promise<void> {
    while (!this.#closed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  destroy(): void {
    this.socket.destroy();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

/** A chunked request, its chunks as given. */
export async function postChunks(
  url: string,
  headers: Readonly<Record<string, string | number>>,
  chunks: readonly Uint8Array[],
): Promise<RawReply> {
  const wire = await Wire.open(url);
  try {
    await wire.head(new URL(url).pathname, { ...headers, 'transfer-encoding': 'chunked' });
    for (const chunk of chunks) await wire.chunk(chunk);
    await wire.chunk();
    return await wire.reply();
  } finally {
    wire.destroy();
  }
}

/** Both halves for every place that bytes can be cut at. */
export function cuts(bytes: Buffer): readonly (readonly [Buffer, Buffer])[] {
  return Array.from({ length: bytes.length - 1 }, (_, i) => [
    bytes.subarray(0, i + 1),
    bytes.subarray(i + 1),
  ]);
}

export interface Part {
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly type?: string;
  readonly filename?: string;
  /** Lines of its header beside those. */
  readonly extra?: readonly string[];
}

export const BOUNDARY = 'b0undary';
export const MULTIPART_TYPE = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };

/** A multipart/form-data body. */
export function multipart(parts: readonly Part[], boundary = BOUNDARY): Buffer {
  const pieces = parts.flatMap(({ name, content, type, filename, extra = [] }) => {
    const disposition = `Content-Disposition: form-data; name="${name}"`;
    const head = [
      filename === undefined ? disposition : `${disposition}; filename="${filename}"`,
      ...(type === undefined ? [] : [`Content-Type: ${type}`]),
      ...extra,
    ];
    return [
      Buffer.from(`--${boundary}\r\n${head.join('\r\n')}\r\n\r\n`),
      Buffer.from(content),
      Buffer.from('\r\n'),
    ];
  });
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}

/** Bytes of memory that a process gained at its highest while `work` ran. */
export async function memoryGained(pid: number, work: () => Promise<void>): Promise<number> {
  const read = (field: string): number => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(new RegExp(`${field}:\\s+(\\d+)`, 'u').exec(status)?.[1]) * 1024;
  };
  // Sets the high-water mark back to what is resident now.
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const before = read('VmRSS');
  await work();
  return read('VmHWM') - before;
}
