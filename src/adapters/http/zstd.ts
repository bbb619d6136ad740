import { Problem } from '../../ports/problem.js';

const MAGIC = 0xfd2fb528;
/** Frames of user data, 0x184D2A50 to 0x184D2A5F, that hold nothing to decompress. */
const SKIPPABLE = 0x184d2a50;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];
/** Each costs a call of the decompressor, however small it is. */
const MAX_FRAMES = 16_384;
const RLE = 1;
const RESERVED = 3;

type Reading = 'magic' | 'skippable' | 'descriptor' | 'block';

/**
 * Finds where the frames of zstd data end, from their headers alone (RFC 8878, 3.1). Node's decompressor stops at the
 * end of a frame when more bytes came with it, and Node 22 takes a cut frame for a whole one.
 */
export class ZstdFrames {
  /** What the next bytes are, gathered in #value, little-endian. */
  #reading: Reading = 'magic';
  #needed = 4;
  #have = 0;
  #value = 0;
  /** Bytes of no interest that come first. */
  #skip = 0;
  #checksum = 0;
  #frames = 0;

  /** Whether what came so far ends with a frame. */
  get whole(): boolean {
    return this.#frames > 0 && this.#reading === 'magic' && this.#have === 0 && this.#skip === 0;
  }

  /** The chunk, cut after each frame that ends in it. Throws Problem `invalid_encoding`. */
  split(chunk: Buffer): Buffer[] {
    const pieces: Buffer[] = [];
    let start = 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - at);
        this.#skip -= skipped;
        at += skipped;
      } else {
        this.#value += (chunk[at] ?? 0) * 2 ** (8 * this.#have);
        this.#have++;
        at++;
        if (this.#have === this.#needed) this.#read(this.#value);
      }
      if (this.whole) {
        pieces.push(chunk.subarray(start, at));
        start = at;
      }
    }
    if (start < at) pieces.push(chunk.subarray(start, at));
    return pieces;
  }

  #expect(reading: Reading, bytes: number, skip = 0): void {
    this.#reading = reading;
    this.#needed = bytes;
    this.#skip = skip;
    this.#have = 0;
    this.#value = 0;
  }

  #end(skip: number): void {
    this.#frames++;
    if (this.#frames > MAX_FRAMES) throw broken(`one of more than ${MAX_FRAMES} frames`);
    this.#expect('magic', 4, skip);
  }

  #read(value: number): void {
    switch (this.#reading) {
      case 'magic':
        if (value === MAGIC) this.#expect('descriptor', 1);
        else if (value - (value % 16) === SKIPPABLE) this.#expect('skippable', 4);
        else throw broken(this.#frames === 0 ? 'other bytes' : 'one with bytes after its end');
        break;
      case 'skippable':
        this.#end(value);
        break;
      case 'descriptor': {
        const single = (value >> 5) & 1;
        const contentSize = value >> 6 === 0 ? single : (CONTENT_SIZE_BYTES[value >> 6] ?? 0);
        this.#checksum = (value >> 2) & 1 ? 4 : 0;
        this.#expect('block', 3, 1 - single + (DICTIONARY_ID_BYTES[value & 3] ?? 0) + contentSize);
        break;
      }
      case 'block': {
        const kind = (value >> 1) & 3;
        if (kind === RESERVED) throw broken('one that is broken');
        const size = kind === RLE ? 1 : value >> 3;
        const last = (value & 1) === 1;
        if (last) this.#end(size + this.#checksum);
        else this.#expect('block', 3, size);
      }
    }
  }
}

function broken(got: string): Problem {
  return new Problem('invalid_encoding', `expected a body compressed with zstd, got ${got}`);
}
