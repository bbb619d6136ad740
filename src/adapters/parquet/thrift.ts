import { Problem } from '../../ports/problem.js';

/** Nesting of structs, lists and maps; the deepest of parquet.thrift is 8. */
const MAX_DEPTH = 16;

/** 400 `invalid_parquet`. */
export const invalid = (detail: string): Problem => new Problem('invalid_parquet', detail);

/** Types of the compact protocol. */
export const Thrift = {
  true: 1,
  false: 2,
  byte: 3,
  int16: 4,
  int32: 5,
  int64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  map: 11,
  struct: 12,
  uuid: 13,
} as const;

/**
 * Thrift's compact protocol, read with bounds: no byte is read outside [at, end), no count is believed that the bytes
 * left could not hold, and nothing is allocated for what is skipped. Throws 400 `invalid_parquet`.
 */
export class CompactReader {
  #depth = 0;

  constructor(
    readonly bytes: Uint8Array,
    public at: number,
    readonly end: number,
  ) {}

  /**
   * Calls `field` for each field of a struct with its number and type. It reads the value and returns true, or returns
   * false: then the value is skipped.
   */
  struct(field: (id: number, type: number) => boolean): void {
    this.#deeper();
    for (let id = 0; ;) {
      const head = this.byte();
      if (head === 0) break;
      const delta = head >> 4;
      id = delta === 0 ? this.int32() : id + delta;
      const type = head & 15;
      if (!field(id, type)) this.skip(type);
    }
    this.#depth--;
  }

  /** Calls `element` for each element of a list of `type`. */
  list(type: number, element: (count: number) => void): number {
    const { count, type: got } = this.#listHead();
    if (got !== type && count > 0)
      throw invalid(`expected a list of Thrift type ${type}, got one of type ${got}`);
    this.#deeper();
    for (let i = 0; i < count; i++) element(count);
    this.#depth--;
    return count;
  }

  byte(): number {
    if (this.at >= this.end) throw invalid('expected metadata that ends inside its bytes, got more');
    return this.bytes[this.at++]!;
  }

  /** Unsigned, at most 32 bits. */
  length(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      if (shift === 28 && byte > 15) break;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw invalid('expected a number of 32 bits in metadata, got a longer one');
  }

  int32(): number {
    const zigzag = this.length();
    return (zigzag >>> 1) ^ -(zigzag & 1);
  }

  /** Refuses what float64 cannot hold: no offset, size or count of a file is that large. */
  int64(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte >= 128) continue;
      if (value > 2 * Number.MAX_SAFE_INTEGER) break;
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    throw invalid('expected sizes and counts below 2^53 in metadata, got a larger one');
  }

  /** A view of the bytes. */
  binary(): Uint8Array {
    const length = this.length();
    this.#need(length);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  skip(type: number): void {
    switch (type) {
      case Thrift.true:
      case Thrift.false:
        return;
      case Thrift.byte:
        this.#pass(1);
        return;
      case Thrift.int16:
      case Thrift.int32:
      case Thrift.int64:
        while (this.byte() >= 128);
        return;
      case Thrift.double:
        this.#pass(8);
        return;
      case Thrift.uuid:
        this.#pass(16);
        return;
      case Thrift.binary:
        this.binary();
        return;
      case Thrift.list:
      case Thrift.set: {
        const { count, type: element } = this.#listHead();
        this.#skipAll(count, [element]);
        return;
      }
      case Thrift.map: {
        const count = this.length();
        if (count === 0) return;
        const types = this.byte();
        this.#skipAll(count, [types >> 4, types & 15]);
        return;
      }
      case Thrift.struct:
        this.struct(() => false);
        return;
      default:
        throw invalid(`expected metadata of known Thrift types, got type ${type}`);
    }
  }

  #skipAll(count: number, types: readonly number[]): void {
    this.#need(count);
    this.#deeper();
    for (let i = 0; i < count; i++) {
      for (const type of types) {
        // In a list a boolean is a byte; in a struct its type is its value.
        if (type === Thrift.true || type === Thrift.false) this.#pass(1);
        else this.skip(type);
      }
    }
    this.#depth--;
  }

  #listHead(): { count: number; type: number } {
    const head = this.byte();
    const count = head >> 4 === 15 ? this.length() : head >> 4;
    // Every element takes a byte at least.
    this.#need(count);
    return { count, type: head & 15 };
  }

  #deeper(): void {
    if (++this.#depth > MAX_DEPTH)
      throw invalid(`expected metadata nested at most ${MAX_DEPTH} deep, got deeper`);
  }

  #pass(bytes: number): void {
    this.#need(bytes);
    this.at += bytes;
  }

  #need(bytes: number): void {
    if (bytes > this.end - this.at)
      throw invalid('expected metadata that ends inside its bytes, got a longer length');
  }
}
