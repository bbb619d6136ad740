import { Decompress } from 'fzstd';
import { invalid } from './thrift.js';

const MAGIC = 0xfd2fb528;
const MAX_BLOCK = 2 ** 17;

const wrong = (detail: string): Error => invalid(`expected a page in ZSTD, got ${detail}`);

/**
 * One Zstandard frame (RFC 8878) that makes exactly `size` bytes. Its blocks are walked through first; fzstd is run as
 * a stream, so that it can be stopped, with the window that `size` bytes need rather than the one the frame asks for.
 * Throws 400 `invalid_parquet`, or an error of fzstd.
 */
export function decompressZstd(input: Uint8Array, size: number): Uint8Array {
  const header = frameHeader(input, size);
  walkBlocks(input, header, size);
  // No length of the content, no dictionary: a header that allocates nothing but the window.
  const log = Math.max(10, Math.ceil(Math.log2(Math.max(1, Math.min(header.window, size)))));
  const frame = new Uint8Array(6 + input.length - header.end);
  frame.set([0x28, 0xb5, 0x2f, 0xfd, header.hasChecksum ? 4 : 0, (log - 10) << 3]);
  frame.set(input.subarray(header.end), 6);
  const output = new Uint8Array(size);
  let made = 0;
  const stream = new Decompress((part) => {
    if (part.length > size - made) throw wrong('more bytes than it declares');
    output.set(part, made);
    made += part.length;
  });
  stream.push(frame, true);
  if (made !== size) throw wrong(`${made} bytes where it declares ${size}`);
  return output;
}

interface FrameHeader {
  readonly window: number;
  readonly hasChecksum: boolean;
  /** First byte behind it. */
  readonly end: number;
}

function frameHeader(input: Uint8Array, size: number): FrameHeader {
  if (input.length < 9) throw wrong('too few bytes');
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const descriptor = input[4]!;
  if (view.getUint32(0, true) !== MAGIC || (descriptor & 8) !== 0) throw wrong('bytes that begin no frame');
  const isSingle = (descriptor & 32) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3]!;
  if (dictionary > 0) throw wrong('a frame that needs a dictionary');
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const start = isSingle ? 5 : 6;
  const end = start + sizeBytes;
  if (end > input.length) throw wrong('too few bytes');
  let content = 0;
  for (let i = 0; i < sizeBytes; i++) content += input[start + i]! * 2 ** (8 * i);
  if (sizeBytes === 2) content += 256;
  if (sizeBytes > 0 && content !== size) throw wrong(`${content} bytes where it declares ${size}`);
  const window = isSingle ? content : 2 ** (10 + (input[5]! >> 3)) * (1 + (input[5]! & 7) / 8);
  return { window, hasChecksum: (descriptor & 4) !== 0, end };
}

/** The blocks follow each other to the end of the page, and those that say how much they make do not make more. */
function walkBlocks(input: Uint8Array, { end, hasChecksum }: FrameHeader, size: number): void {
  const limit = input.length - (hasChecksum ? 4 : 0);
  let made = 0;
  for (let at = end; ;) {
    if (at + 3 > limit) throw wrong('a frame that is cut off');
    const head = input[at]! | (input[at + 1]! << 8) | (input[at + 2]! << 16);
    const kind = (head >> 1) & 3;
    const length = head >> 3;
    if (kind === 3 || length > MAX_BLOCK) throw wrong('a block of no kind');
    if (kind !== 2) made += length;
    if (made > size) throw wrong('more bytes than it declares');
    at += 3 + (kind === 1 ? 1 : length);
    if (at > limit) throw wrong('a frame that is cut off');
    if ((head & 1) === 0) continue;
    if (at !== limit) throw wrong('bytes behind its frame');
    return;
  }
}
