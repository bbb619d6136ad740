import { invalid } from './thrift.js';

/** A walk through the lengths of compressed bytes, before a decoder that believes them. */
class Walk {
  at = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly codec: string,
  ) {}

  byte(): number {
    if (this.at >= this.bytes.length) throw this.wrong();
    return this.bytes[this.at++]!;
  }

  /** Little-endian. */
  number(bytes: number): number {
    let value = 0;
    for (let i = 0; i < bytes; i++) value += this.byte() * 2 ** (8 * i);
    return value;
  }

  pass(bytes: number): void {
    if (bytes > this.bytes.length - this.at) throw this.wrong();
    this.at += bytes;
  }

  get isDone(): boolean {
    return this.at >= this.bytes.length;
  }

  wrong(): Error {
    return invalid(`expected a page in ${this.codec} of the size it declares, got one that has another`);
  }
}

/**
 * Throws 400 `invalid_parquet` unless the elements of a raw Snappy block make exactly `size` bytes of what is inside it.
 * The decoder of hysnappy is not told the size: it would leave bytes of an earlier page, or write on.
 */
export function checkSnappy(input: Uint8Array, size: number): void {
  const walk = new Walk(input, 'SNAPPY');
  let declared = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = walk.byte();
    declared += (byte & 127) * 2 ** shift;
    if (byte < 128) break;
    if (shift === 28) throw walk.wrong();
  }
  if (declared !== size) throw walk.wrong();
  let made = 0;
  while (!walk.isDone) {
    const tag = walk.byte();
    const kind = tag & 3;
    let length = (tag >> 2) + 1;
    if (kind === 0) {
      if (length > 60) length = walk.number(length - 60) + 1;
      walk.pass(length);
    } else {
      let offset: number;
      if (kind === 1) {
        length = ((tag >> 2) & 7) + 4;
        offset = ((tag >> 5) << 8) + walk.byte();
      } else offset = walk.number(kind === 2 ? 2 : 4);
      if (offset === 0 || offset > made) throw walk.wrong();
    }
    made += length;
    if (made > size) throw walk.wrong();
  }
  if (made !== size) throw walk.wrong();
}

export interface Lz4Block {
  readonly bytes: Uint8Array;
  /** Where it goes, and how many bytes it makes. */
  readonly at: number;
  readonly size: number;
}

/**
 * The raw LZ4 blocks of a page, which make exactly `size` bytes together; else throws 400 `invalid_parquet`. `hadoop`:
 * the deprecated codec, whose blocks stand behind two big-endian lengths each, or is one raw block all the same.
 */
export function lz4Blocks(input: Uint8Array, size: number, hadoop: boolean): Lz4Block[] {
  const framed = hadoop ? hadoopBlocks(input, size) : undefined;
  if (framed !== undefined) return framed;
  if (lz4Size(input, size) !== size) throw new Walk(input, 'LZ4').wrong();
  return [{ bytes: input, at: 0, size }];
}

function hadoopBlocks(input: Uint8Array, size: number): Lz4Block[] | undefined {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const blocks: Lz4Block[] = [];
  let made = 0;
  for (let at = 0; at < input.length;) {
    if (at + 8 > input.length) return undefined;
    const block = view.getUint32(at, false);
    const length = view.getUint32(at + 4, false);
    if (block > size - made || length > input.length - at - 8) return undefined;
    const bytes = input.subarray(at + 8, at + 8 + length);
    if (lz4Size(bytes, block) !== block) return undefined;
    blocks.push({ bytes, at: made, size: block });
    made += block;
    at += 8 + length;
  }
  return made === size ? blocks : undefined;
}

/** Bytes that a raw block makes; undefined where it is none, or makes more than `limit`. */
function lz4Size(input: Uint8Array, limit: number): number | undefined {
  let made = 0;
  for (let at = 0; at < input.length;) {
    const token = input[at++]!;
    let literals = token >> 4;
    for (let more = literals === 15; more;) {
      const byte = input[at++];
      if (byte === undefined) return undefined;
      literals += byte;
      more = byte === 255;
    }
    at += literals;
    made += literals;
    if (at > input.length || made > limit) return undefined;
    if (at === input.length) return made;
    if (at + 2 > input.length) return undefined;
    const offset = input[at]! | (input[at + 1]! << 8);
    at += 2;
    if (offset === 0 || offset > made) return undefined;
    let match = token & 15;
    for (let more = match === 15; more;) {
      const byte = input[at++];
      if (byte === undefined) return undefined;
      match += byte;
      more = byte === 255;
    }
    made += match + 4;
    if (made > limit) return undefined;
  }
  return made;
}
