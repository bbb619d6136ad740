import { Problem } from '../../ports/problem.js';

const MAGIC = Buffer.from('ARROW1');
const CONTINUATION = 0xffffffff;
const MAX_METADATA = 1 << 20;
const MAX_MESSAGES = 10_000;

const invalid = (detail: string): Problem => new Problem('invalid_arrow', detail);

/**
 * Checks the outer frame of an IPC stream or file before anything is decoded: every message inside the input, an
 * end-of-stream marker, nothing behind it. A truncated stream is refused, never a shorter table. The magic decides
 * which of the two it is.
 */
export function checkFraming(body: Uint8Array): 'stream' | 'file' {
  if (body.length === 0) throw invalid('expected an Arrow IPC stream or file, got an empty body');
  if (hasMagic(body, 0)) {
    checkFile(body);
    return 'file';
  }
  const marker = [0, 1, 2, 3].every((at) => body[at] === 0xff);
  if (!marker) throw invalid('expected an Arrow IPC stream or file, got bytes that begin like neither');
  checkStream(body);
  return 'stream';
}

function hasMagic(body: Uint8Array, at: number): boolean {
  return at >= 0 && at + MAGIC.length <= body.length && MAGIC.every((byte, i) => body[at + i] === byte);
}

function checkFile(body: Uint8Array): void {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const tail = body.length - MAGIC.length;
  if (body.length < 8 + 4 + MAGIC.length || !hasMagic(body, tail)) {
    throw new Problem(
      'truncated',
      'expected an Arrow file that ends with its magic, got one that is cut off',
    );
  }
  const footer = view.getInt32(tail - 4, true);
  if (footer <= 0 || footer > tail - 4 - 8)
    throw invalid(`expected a footer inside the file, got length ${footer}`);
}

function checkStream(body: Uint8Array): void {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let at = 0;
  for (let messages = 0; ; messages++) {
    if (messages > MAX_MESSAGES) throw invalid(`expected at most ${MAX_MESSAGES} messages, got more`);
    if (at + 8 > body.length) {
      throw new Problem('truncated', 'expected an end-of-stream marker, got the end of the body');
    }
    if (view.getUint32(at, true) !== CONTINUATION) {
      throw invalid(`expected a continuation marker at byte ${at}, got something else`);
    }
    const metadata = view.getInt32(at + 4, true);
    if (metadata === 0) {
      if (messages === 0) throw invalid('expected a schema, got an end-of-stream marker only');
      if (at + 8 < body.length)
        throw invalid(`expected nothing after the end of the stream, got ${body.length - at - 8} bytes`);
      return;
    }
    if (metadata < 0 || metadata > MAX_METADATA) {
      throw invalid(`expected metadata of 1 to ${MAX_METADATA} bytes, got length ${metadata}`);
    }
    const end = at + 8 + metadata;
    if (end > body.length)
      throw new Problem('truncated', 'expected whole messages, got a body cut inside metadata');
    const length = bodyLength(view, at + 8, end);
    if (length > body.length - end)
      throw new Problem('truncated', 'expected whole messages, got a body cut inside a batch');
    at = end + length;
  }
}

/** `bodyLength` of the FlatBuffers table Message that lies in [start, end): its fourth field. */
function bodyLength(view: DataView, start: number, end: number): number {
  const inside = (at: number, bytes: number): number => {
    if (at < start || at + bytes > end)
      throw invalid('expected message metadata with offsets inside it, got one outside');
    return at;
  };
  const table = start + view.getUint32(inside(start, 4), true);
  const vtable = table - view.getInt32(inside(table, 4), true);
  const size = view.getUint16(inside(vtable, 4), true);
  if (size < 12) return 0;
  const field = view.getUint16(inside(vtable + 10, 2), true);
  if (field === 0) return 0;
  const length = view.getBigInt64(inside(table + field, 8), true);
  if (length < 0n || length % 8n !== 0n)
    throw invalid(`expected a body length that is a multiple of 8, got ${length}`);
  return length > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(length);
}
