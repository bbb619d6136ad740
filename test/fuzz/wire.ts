/** HTTP over a bare socket: sends what node:http would refuse to send, and reads what comes back. */
import { connect, type Socket } from 'node:net';
import type { JsonValue } from '../service.js';

export interface WireReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
  readonly text: string;
  /** The body as JSON; undefined where it is none. */
  readonly json: JsonValue | undefined;
}

/** What is written, in order: bytes, a pause in milliseconds, or the end of the sending half. */
export type Part = string | Uint8Array | number | typeof FIN;
export const FIN = Symbol('FIN');

export interface Exchange {
  /** Every whole answer, interim ones left out. */
  readonly replies: readonly WireReply[];
  /** Whether the service closed the connection. */
  readonly closed: boolean;
  readonly ms: number;
  /** Bytes behind the last whole answer. */
  readonly rest: Buffer;
}

interface ExchangeOptions {
  readonly method?: string;
  /** Ends with what has come by then. */
  readonly timeoutMs?: number;
  /** Ends with so many answers; without it when the connection closes or the time is up. */
  readonly until?: number;
  /** Stops writing the rest when an answer has come. */
  readonly stopAtReply?: boolean;
}

/** Writes the parts over one connection and gathers the answers. */
export async function exchange(
  port: number,
  parts: readonly Part[],
  { method = 'POST', timeoutMs = 15_000, until = 1, stopAtReply = false }: ExchangeOptions = {},
): Promise<Exchange> {
  const started = performance.now();
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const replies: WireReply[] = [];
  let unread: Buffer = Buffer.alloc(0);
  let closed = false;
  const ended = new Promise<void>((resolve) => {
    const late = setTimeout(resolve, timeoutMs);
    const end = (): void => {
      clearTimeout(late);
      resolve();
    };
    const close = (): void => {
      closed = true;
      end();
    };
    // A reset after a refusal is the end of the connection, no failure of the exchange.
    socket.on('error', close).on('close', close).on('end', close);
    socket.on('data', (chunk: Buffer) => {
      unread = Buffer.concat([unread, chunk]);
      for (let read = readReply(unread, method); read !== undefined; read = readReply(unread, method)) {
        unread = read.rest;
        if (read.reply.status >= 200) replies.push(read.reply);
      }
      if (replies.length >= until) end();
    });
  });
  void write(socket, parts, () => closed || (stopAtReply && replies.length > 0));
  await ended;
  const ms = performance.now() - started;
  socket.destroy();
  return { replies, closed, ms, rest: unread };
}

async function write(socket: Socket, parts: readonly Part[], stop: () => boolean): Promise<void> {
  for (const part of parts) {
    if (stop() || socket.destroyed) return;
    if (typeof part === 'number') await new Promise((resolve) => setTimeout(resolve, part));
    else if (part === FIN) socket.end();
    else if (!socket.write(part)) {
      await new Promise<void>((resolve) => {
        socket.once('drain', resolve).once('close', resolve);
      });
    }
  }
}

/** The first answer in `bytes` and what is behind it; undefined while it is not whole. Throws where it is no HTTP. */
export function readReply(
  bytes: Buffer,
  method: string,
): { readonly reply: WireReply; readonly rest: Buffer } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [start = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const match = /^HTTP\/1\.1 (\d{3})( |$)/u.exec(start);
  if (match === null) throw new Error(`expected the start line of an answer, got ${JSON.stringify(start)}`);
  const status = Number(match[1]);
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const body = bytes.subarray(end + 4);
  if (status < 200 || status === 204 || status === 304 || method === 'HEAD') {
    return { reply: replyOf(status, headers, Buffer.alloc(0)), rest: body };
  }
  if (headers['transfer-encoding'] === 'chunked') {
    const read = readChunks(body);
    return read === undefined ? undefined : { reply: replyOf(status, headers, read.body), rest: read.rest };
  }
  const length = Number(headers['content-length'] ?? 0);
  if (body.length < length) return undefined;
  return { reply: replyOf(status, headers, body.subarray(0, length)), rest: body.subarray(length) };
}

function readChunks(bytes: Buffer): { readonly body: Buffer; readonly rest: Buffer } | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const length = Number.parseInt(bytes.subarray(at, line).toString('latin1'), 16);
    const next = line + 2 + length + 2;
    if (next > bytes.length) return undefined;
    if (length === 0) return { body: Buffer.concat(parts), rest: bytes.subarray(next) };
    parts.push(bytes.subarray(line + 2, line + 2 + length));
    at = next;
  }
}

function replyOf(status: number, headers: Record<string, string>, bytes: Buffer): WireReply {
  const text = bytes.toString();
  let json: JsonValue | undefined;
  try {
    json = JSON.parse(text) as JsonValue;
  } catch {
    json = undefined;
  }
  return { status, headers, bytes, text, json };
}
