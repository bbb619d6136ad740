import { Problem } from '../../ports/problem.js';
import { type FlatTable, invalid, Metadata } from './flatbuffers.js';

const MAGIC = Buffer.from('ARROW1');
const CONTINUATION = 0xffffffff;
const MAX_METADATA = 2 ** 20;
const MAX_MESSAGES = 10_000;
/** Continuation marker and length. */
const PREFIX = 8;
/** In a file: the first magic, padded. */
const HEAD = 8;
/** In a file: length of the footer, and the magic. */
const TAIL = 4 + MAGIC.length;

/** `MessageHeader` of Message.fbs. */
const KINDS = ['none', 'schema', 'dictionary', 'batch', 'tensor', 'sparse tensor'] as const;
type Kind = (typeof KINDS)[number];

export interface Message {
  readonly kind: 'dictionary' | 'batch';
  readonly header: FlatTable;
  readonly body: Uint8Array;
}

/** An IPC stream or file taken apart; nothing inside a header or a body has been looked at. */
export interface Framing {
  readonly format: 'stream' | 'file';
  readonly schema: FlatTable;
  /** Dictionaries and batches in the order in which they take effect. */
  readonly messages: readonly Message[];
}

interface Frame {
  readonly kind: Kind;
  readonly header: FlatTable;
  readonly body: Uint8Array;
  /** First byte behind the body. */
  readonly end: number;
}

/**
 * The outer frame: every message inside the input, an end-of-stream marker, nothing behind it; in a file the magic at
 * both ends, and blocks that are the messages they say. A truncated stream is refused, never a shorter table. The
 * magic decides which of the two it is. Throws 400 `invalid_arrow` or `truncated`.
 */
export function readFraming(body: Uint8Array): Framing {
  if (body.length === 0) throw invalid('expected an Arrow IPC stream or file, got an empty body');
  if (hasMagic(body, 0)) return readFile(body);
  const marker = [0, 1, 2, 3].every((at) => body[at] === 0xff);
  if (!marker) throw invalid('expected an Arrow IPC stream or file, got bytes that begin like neither');
  return readStream(body);
}

function hasMagic(body: Uint8Array, at: number): boolean {
  return at >= 0 && at + MAGIC.length <= body.length && MAGIC.every((byte, i) => body[at + i] === byte);
}

function readStream(body: Uint8Array): Framing {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const frames: Frame[] = [];
  for (let at = 0; ; at = frames.at(-1)?.end ?? 0) {
    if (at + PREFIX > body.length)
      throw new Problem('truncated', 'expected an end-of-stream marker, got the end of the body');
    if (view.getUint32(at, true) === CONTINUATION && view.getInt32(at + 4, true) === 0) {
      const [schema, ...rest] = frames;
      if (schema === undefined) throw invalid('expected a schema, got an end-of-stream marker only');
      if (at + PREFIX < body.length)
        throw invalid(`expected nothing after the end of the stream, got ${body.length - at - PREFIX} bytes`);
      return { format: 'stream', schema: expectSchema(schema), messages: rest.map(expectData) };
    }
    if (frames.length === MAX_MESSAGES) throw invalid(`expected at most ${MAX_MESSAGES} messages, got more`);
    frames.push(readFrame(body, view, at, body.length));
  }
}

/** One message in [at, end). */
function readFrame(body: Uint8Array, view: DataView, at: number, end: number): Frame {
  const cut = (where: string): Problem =>
    new Problem('truncated', `expected whole messages, got a body cut inside ${where}`);
  if (at + PREFIX > end) throw cut('a message');
  if (view.getUint32(at, true) !== CONTINUATION)
    throw invalid(`expected a continuation marker at byte ${at}, got something else`);
  const length = view.getInt32(at + 4, true);
  if (length <= 0 || length > MAX_METADATA)
    throw invalid(`expected metadata of 1 to ${MAX_METADATA} bytes, got length ${length}`);
  const start = at + PREFIX + length;
  if (start > end) throw cut('metadata');
  const message = new Metadata(body.subarray(at + PREFIX, start)).root;
  expectVersion(message.int16(0));
  const kind = KINDS[message.byte(1)];
  const header = message.table(2);
  if (kind === undefined || header === undefined)
    throw invalid(`expected a message with a header, got none of kind ${message.byte(1)}`);
  const bytes = message.int64(3);
  if (bytes < 0n || bytes % 8n !== 0n)
    throw invalid(`expected a body length that is a multiple of 8, got ${bytes}`);
  if (bytes > BigInt(end - start)) throw cut('a batch');
  const stop = start + Number(bytes);
  return { kind, header, body: body.subarray(start, stop), end: stop };
}

/** V4 came with Arrow 0.8, V5 with 1.0; what was before them lies differently. */
function expectVersion(version: number): void {
  if (version !== 3 && version !== 4)
    throw invalid(`expected metadata of version 4 or 5, got version ${version + 1}`);
}

function expectSchema({ kind, header, body }: Frame): FlatTable {
  if (kind !== 'schema') throw invalid(`expected a schema first, got a message of kind ${kind}`);
  if (body.length > 0) throw invalid(`expected a schema without a body, got one of ${body.length} bytes`);
  return header;
}

function expectData({ kind, header, body }: Frame): Message {
  if (kind !== 'dictionary' && kind !== 'batch')
    throw invalid(`expected dictionaries and batches after the schema, got a message of kind ${kind}`);
  return { kind, header, body };
}

/** The footer's schema counts: writers may leave the one in front out. */
function readFile(body: Uint8Array): Framing {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  if (body.length < HEAD + TAIL || !hasMagic(body, body.length - MAGIC.length)) {
    const detail = 'expected an Arrow file that ends with its magic, got one that is cut off';
    throw new Problem('truncated', detail);
  }
  const end = body.length - TAIL;
  const length = view.getInt32(end, true);
  if (length <= 0 || length > end - HEAD || length > MAX_METADATA)
    throw invalid(
      `expected a footer inside the file, of at most ${MAX_METADATA} bytes, got length ${length}`,
    );
  const start = end - length;
  const footer = new Metadata(body.subarray(start, end)).root;
  expectVersion(footer.int16(0));
  const schema = footer.table(1);
  if (schema === undefined) throw invalid('expected a footer with a schema, got none');
  const dictionaries = readBlocks(footer, 2);
  const batches = readBlocks(footer, 3);
  const count = dictionaries.length + batches.length;
  if (count > MAX_MESSAGES) throw invalid(`expected at most ${MAX_MESSAGES} messages, got ${count}`);
  refuseOverlap(dictionaries, batches, start);
  const messages = (blocks: readonly Block[], kind: Message['kind']): Message[] =>
    blocks.map((block) => {
      const frame = readFrame(body, view, block.offset, start);
      const metadata = frame.end - frame.body.length - block.offset;
      if (frame.kind !== kind || metadata !== block.metadata || frame.body.length !== block.body)
        throw invalid(
          `expected blocks that are the ${kind} messages they say, got another at ${block.offset}`,
        );
      return expectData(frame);
    });
  const inOrder = [...messages(dictionaries, 'dictionary'), ...messages(batches, 'batch')];
  return { format: 'file', schema, messages: inOrder };
}

interface Block {
  readonly offset: number;
  /** Bytes of the prefix and the metadata. */
  readonly metadata: number;
  readonly body: number;
}

function readBlocks(footer: FlatTable, id: number): Block[] {
  const { at, count } = footer.vector(id, 24);
  if (count > MAX_MESSAGES) throw invalid(`expected at most ${MAX_MESSAGES} messages, got ${count}`);
  const { view } = footer.metadata;
  return Array.from({ length: count }, (_, i) => {
    const block = at + i * 24;
    return {
      offset: Number(view.getBigInt64(block, true)),
      metadata: view.getInt32(block + 8, true),
      body: Number(view.getBigInt64(block + 16, true)),
    };
  });
}

/** Blocks lie between the magic and the footer, one behind the other, those of a kind in order. */
function refuseOverlap(dictionaries: readonly Block[], batches: readonly Block[], end: number): void {
  for (const blocks of [dictionaries, batches]) {
    if (blocks.some(({ offset }, i) => offset < (blocks[i - 1]?.offset ?? 0)))
      throw invalid('expected blocks in the order in which they lie, got another order');
  }
  let free = HEAD;
  const all = [...dictionaries, ...batches].sort((a, b) => a.offset - b.offset);
  for (const { offset, metadata, body } of all) {
    if (offset < free || metadata <= 0 || body < 0 || offset + metadata + body > end)
      throw invalid(`expected blocks inside the file that do not overlap, got one at ${offset}`);
    free = offset + metadata + body;
  }
}
