import { isUtf8 } from 'node:buffer';
import { Problem } from '../../ports/problem.js';

const MAX_TABLES = 100_000;
/** A table and the reference to it take more bytes; only many references to one table, which no writer makes, take fewer. */
const MIN_TABLE = 4;
/** Bytes of strings read of one metadata, for the same reason: as many as metadata may have at all. */
const MAX_TEXT = 2 ** 20;

/** 400 `invalid_arrow`. */
export const invalid = (detail: string): Problem => new Problem('invalid_arrow', detail);

/** Elements of a vector: `count` of them, the first at `at`, all inside the metadata. */
export interface FlatVector {
  readonly at: number;
  readonly count: number;
}

/**
 * The metadata of one message, read with bounds: every offset, vtable, vector (length × element size) and string is
 * inside it, or 400 `invalid_arrow`. What is not asked for is not checked, and nobody else reads it. Only fields nest,
 * and their depth is counted where they are read.
 */
export class Metadata {
  readonly view: DataView;
  #tables = 0;
  #text = 0;

  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get root(): FlatTable {
    return this.table(0);
  }

  /** Throws unless [at, at + bytes) is inside. */
  need(at: number, bytes: number): void {
    if (at < 0 || at + bytes > this.bytes.length)
      throw invalid('expected metadata with offsets inside it, got one outside');
  }

  /** Where the offset at `reference` leads. */
  target(reference: number): number {
    this.need(reference, 4);
    return reference + this.view.getUint32(reference, true);
  }

  /** The table that the offset at `reference` leads to. */
  table(reference: number): FlatTable {
    const most = Math.min(MAX_TABLES, this.bytes.length / MIN_TABLE);
    if (++this.#tables > most) throw invalid(`expected at most ${most} tables in metadata, got more`);
    const at = this.target(reference);
    this.need(at, 4);
    const vtable = at - this.view.getInt32(at, true);
    this.need(vtable, 4);
    const entries = this.view.getUint16(vtable, true);
    const length = this.view.getUint16(vtable + 2, true);
    if (entries < 4 || length < 4) throw invalid('expected a vtable of at least 4 bytes, got a shorter one');
    this.need(vtable, entries);
    this.need(at, length);
    return new FlatTable(this, at, length, vtable, entries);
  }

  vector(reference: number, elementBytes: number): FlatVector {
    const start = this.target(reference);
    this.need(start, 4);
    const count = this.view.getUint32(start, true);
    this.need(start + 4, count * elementBytes);
    return { at: start + 4, count };
  }

  string(reference: number): string {
    const { at, count } = this.vector(reference, 1);
    this.need(at, count + 1);
    this.#text += count;
    if (this.#text > MAX_TEXT)
      throw invalid(`expected at most ${MAX_TEXT} bytes of text in metadata, got more`);
    if (this.bytes[at + count] !== 0) throw invalid('expected a terminated string in metadata, got another');
    const text = this.bytes.subarray(at, at + count);
    if (!isUtf8(text)) throw invalid('expected strings of UTF-8 in metadata, got other bytes');
    return Buffer.from(text.buffer, text.byteOffset, count).toString();
  }
}

/** A table: its fields by their number in the schema (`id`), with the defaults that the format gives them. */
export class FlatTable {
  constructor(
    readonly metadata: Metadata,
    readonly at: number,
    readonly length: number,
    readonly vtable: number,
    readonly entries: number,
  ) {}

  /** Where a field of so many bytes lies; undefined: it is absent. */
  field(id: number, bytes: number): number | undefined {
    const entry = 4 + id * 2;
    if (entry + 2 > this.entries) return undefined;
    const offset = this.metadata.view.getUint16(this.vtable + entry, true);
    if (offset === 0) return undefined;
    if (offset < 4 || offset + bytes > this.length)
      throw invalid('expected metadata with fields inside their tables, got one outside');
    return this.at + offset;
  }

  byte(id: number, absent = 0): number {
    const at = this.field(id, 1);
    return at === undefined ? absent : this.metadata.view.getUint8(at);
  }

  int16(id: number, absent = 0): number {
    const at = this.field(id, 2);
    return at === undefined ? absent : this.metadata.view.getInt16(at, true);
  }

  int32(id: number, absent = 0): number {
    const at = this.field(id, 4);
    return at === undefined ? absent : this.metadata.view.getInt32(at, true);
  }

  int64(id: number): bigint {
    const at = this.field(id, 8);
    return at === undefined ? 0n : this.metadata.view.getBigInt64(at, true);
  }

  table(id: number): FlatTable | undefined {
    const at = this.field(id, 4);
    return at === undefined ? undefined : this.metadata.table(at);
  }

  string(id: number): string | undefined {
    const at = this.field(id, 4);
    return at === undefined ? undefined : this.metadata.string(at);
  }

  vector(id: number, elementBytes: number): FlatVector {
    const at = this.field(id, 4);
    return at === undefined ? { at: 0, count: 0 } : this.metadata.vector(at, elementBytes);
  }

  /** The tables of a vector of tables, each read when it is reached. */
  *tables(id: number): Iterable<FlatTable> {
    const { at, count } = this.vector(id, 4);
    for (let i = 0; i < count; i++) yield this.metadata.table(at + i * 4);
  }
}

/** `[KeyValue]`: a later key wins, as in a Map. */
export function keyValues(table: FlatTable, id: number): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const pair of table.tables(id)) {
    const key = pair.string(0);
    if (key !== undefined) pairs.set(key, pair.string(1) ?? '');
  }
  return pairs;
}
