/** Writes Arrow IPC byte by byte: what no writer would write, too. Layout as in Schema.fbs and Message.fbs. */

/** A part of a FlatBuffer: written at the end of what is there; returns where it begins. */
type Node = (out: Flat) => number;
/** A field of a table: a scalar inline, or a part elsewhere. */
type Field = { readonly bytes: Buffer } | { readonly to: Node } | undefined;

class Flat {
  readonly #pending: [number, Node][] = [];
  #bytes = Buffer.alloc(1024);
  length = 0;

  /** Room for `size` bytes that begins at a multiple of `align`, `shift` bytes after one. */
  reserve(size: number, align: number, shift = 0): number {
    const at = Math.ceil((this.length - shift) / align) * align + shift;
    if (at + size > this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(Math.max(this.#bytes.length, at + size))]);
    }
    this.length = at + size;
    return at;
  }

  /** What was reserved; stale after the next reserve. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  /** The part is written later, behind all that is there: a schema may be nested deeper than the stack is. */
  point(from: number, node: Node): void {
    this.#pending.push([from, node]);
  }

  finish(): Buffer {
    for (let i = 0; i < this.#pending.length; i++) {
      const [from, node] = this.#pending[i]!;
      const target = node(this);
      this.bytes.writeUInt32LE(target - from, from);
    }
    return this.bytes;
  }
}

const scalar = (size: number, write: (bytes: Buffer) => void): Field => {
  const bytes = Buffer.alloc(size);
  write(bytes);
  return { bytes };
};
export const i8 = (value: number): Field => scalar(1, (bytes) => bytes.writeInt8(value));
export const i16 = (value: number): Field => scalar(2, (bytes) => bytes.writeInt16LE(value));
export const i32 = (value: number): Field => scalar(4, (bytes) => bytes.writeInt32LE(value));
export const i64 = (value: bigint): Field => scalar(8, (bytes) => bytes.writeBigInt64LE(value));
const to = (node: Node): Field => ({ to: node });

/** A table whose fields stand at their ids. */
export function table(...fields: Field[]): Node {
  return (out) => {
    const vtable = out.reserve(4 + 2 * fields.length, 2);
    // Eight bytes behind the offset to the vtable is where 64-bit fields may stand.
    const start = out.reserve(4, 8, 4);
    const places: [Field, number][] = [];
    const order = fields.map((field, id) => ({
      field,
      id,
      size: field && 'bytes' in field ? field.bytes.length : 4,
    }));
    for (const { field, id, size } of order.sort((a, b) => b.size - a.size)) {
      if (field === undefined) continue;
      const at = out.reserve(size, size);
      places.push([field, at]);
      out.bytes.writeUInt16LE(at - start, vtable + 4 + 2 * id);
    }
    out.bytes.writeInt32LE(start - vtable, start);
    out.bytes.writeUInt16LE(4 + 2 * fields.length, vtable);
    out.bytes.writeUInt16LE(out.length - start, vtable + 2);
    for (const [field, at] of places) {
      if (field && 'bytes' in field) field.bytes.copy(out.bytes, at);
      else if (field) out.point(at, field.to);
    }
    return start;
  };
}

const utf8 = (value: string | Buffer): Node => {
  const bytes = Buffer.from(value);
  return (out) => {
    const at = out.reserve(4 + bytes.length + 1, 4);
    out.bytes.writeUInt32LE(bytes.length, at);
    bytes.copy(out.bytes, at + 4);
    return at;
  };
};

const tables = (nodes: readonly Node[]): Node => {
  return (out) => {
    const at = out.reserve(4 + 4 * nodes.length, 4);
    out.bytes.writeUInt32LE(nodes.length, at);
    for (const [i, node] of nodes.entries()) out.point(at + 4 + 4 * i, node);
    return at;
  };
};

/** A vector of structs of two int64: field nodes, buffers. */
const pairs = (values: readonly (readonly [bigint, bigint])[]): Node => {
  return (out) => {
    const at = out.reserve(4 + 16 * values.length, 8, 4);
    out.bytes.writeUInt32LE(values.length, at);
    for (const [i, [first, second]] of values.entries()) {
      out.bytes.writeBigInt64LE(first, at + 4 + 16 * i);
      out.bytes.writeBigInt64LE(second, at + 12 + 16 * i);
    }
    return at;
  };
};

/** A type of Schema.fbs: its number in the union `Type`, and its table. */
export interface ArrowType {
  readonly id: number;
  readonly fields: readonly Field[];
  readonly children?: readonly FieldSpec[];
}
export const FLOAT64: ArrowType = { id: 3, fields: [i16(2)] };
export const INT64: ArrowType = { id: 2, fields: [i32(64), i8(1)] };
export const INT32: ArrowType = { id: 2, fields: [i32(32), i8(1)] };
export const UTF8: ArrowType = { id: 5, fields: [] };
export const BOOL: ArrowType = { id: 6, fields: [] };
export const NULL: ArrowType = { id: 1, fields: [] };
export const listOf = (child: FieldSpec): ArrowType => ({ id: 12, fields: [], children: [child] });

export interface FieldSpec {
  readonly name: string | Buffer;
  readonly type: ArrowType;
  /** The id of its dictionary; its indices are int32. */
  readonly dictionary?: bigint;
}

function fieldNode({ name, type, dictionary }: FieldSpec): Node {
  const encoding =
    dictionary === undefined ? undefined : to(table(i64(dictionary), to(table(...INT32.fields)), i8(0)));
  return table(
    to(utf8(name)),
    i8(1),
    i8(type.id),
    to(table(...type.fields)),
    encoding,
    to(tables((type.children ?? []).map((child) => (out) => fieldNode(child)(out)))),
  );
}

export interface BatchSpec {
  readonly length: bigint;
  readonly nodes: readonly (readonly [length: bigint, nulls: bigint])[];
  readonly buffers: readonly (readonly [offset: bigint, length: bigint])[];
  readonly body: Buffer;
  /** 0: LZ4_FRAME, 1: ZSTD. */
  readonly codec?: number;
  /** A dictionary batch of this id. */
  readonly dictionary?: bigint;
}

function message(kind: number, header: Node, body: Buffer, bodyLength = BigInt(body.length)): Buffer {
  const out = new Flat();
  out.reserve(4, 4);
  out.point(0, table(i16(4), i8(kind), to(header), i64(bodyLength)));
  const flat = out.finish();
  const metadata = Buffer.alloc(Math.ceil(flat.length / 8) * 8);
  flat.copy(metadata);
  const prefix = Buffer.alloc(8, 0xff);
  prefix.writeInt32LE(metadata.length, 4);
  return Buffer.concat([prefix, metadata, body]);
}

export const END = Buffer.from('ffffffff00000000', 'hex');

/** The message of a schema. */
export function schema(fields: readonly FieldSpec[], { bigEndian = false } = {}): Buffer {
  return message(1, table(i16(bigEndian ? 1 : 0), to(tables(fields.map(fieldNode)))), Buffer.alloc(0));
}

/** The message of a record batch, or of a dictionary. */
export function batch({ length, nodes, buffers, body, codec, dictionary }: BatchSpec): Buffer {
  const compression = codec === undefined ? undefined : to(table(i8(codec), i8(0)));
  const data = table(i64(length), to(pairs(nodes)), to(pairs(buffers)), compression);
  if (dictionary === undefined) return message(3, data, body);
  return message(2, table(i64(dictionary), to(data), i8(0)), body);
}

/** A stream of these columns and batches, with its end marker. */
export const stream = (fields: readonly FieldSpec[], ...batches: readonly BatchSpec[]): Buffer =>
  Buffer.concat([schema(fields), ...batches.map(batch), END]);

export const doubles = (...values: number[]): Buffer => Buffer.from(Float64Array.from(values).buffer);
export const ints = (...values: number[]): Buffer => {
  const bytes = Buffer.from(Int32Array.from(values).buffer);
  return Buffer.concat([bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
};

/** Columns of float64 without nulls, each in its own buffer. */
export function doubleBatch(...columns: (readonly number[])[]): BatchSpec {
  const rows = BigInt(columns[0]?.length ?? 0);
  return {
    length: rows,
    nodes: columns.map(() => [rows, 0n]),
    buffers: columns.flatMap((_, i) => [
      [BigInt(i) * rows * 8n, 0n],
      [BigInt(i) * rows * 8n, rows * 8n],
    ]),
    body: Buffer.concat(columns.map((values) => doubles(...values))),
  };
}

/** One compressed buffer: the length it declares, and the frame. */
export function packed(declared: bigint, frame: Buffer): Buffer {
  const bytes = Buffer.alloc(8 + frame.length);
  bytes.writeBigInt64LE(declared);
  frame.copy(bytes, 8);
  return bytes;
}

/** A ZSTD frame of `blocks` × 128 KiB zeros, four bytes each, which says that it has `declared` bytes. */
export function zstdZeros(blocks: number, declared = BigInt(blocks) * 131072n): Buffer {
  const head = Buffer.from('28b52ffde00000000000000000', 'hex');
  head.writeBigUInt64LE(declared, 5);
  const body = Buffer.alloc(4 * blocks);
  for (let i = 0; i < blocks; i++) body.writeUIntLE((131072 << 3) | 2 | (i === blocks - 1 ? 1 : 0), 4 * i, 3);
  return Buffer.concat([head, body]);
}

/** An LZ4 frame of `blocks` × 4 MiB zeros, 16 KiB each. */
export function lz4Zeros(blocks: number): Buffer {
  const length = 4 * 2 ** 20;
  const extended = length - 1 - 4 - 15 - 5;
  const run = Buffer.alloc(Math.floor(extended / 255), 0xff);
  const block = Buffer.concat([
    Buffer.from([0x1f, 0, 1, 0]),
    run,
    Buffer.from([extended % 255, 0x50, 0, 0, 0, 0, 0]),
  ]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(block.length);
  const parts = Array.from({ length: blocks }, () => [size, block]).flat();
  return Buffer.concat([Buffer.from('04224d18607073', 'hex'), ...parts, Buffer.alloc(4)]);
}

/** A column of text, its offsets as given. */
export const text = (offsets: readonly number[], bytes = 'abcd', length = 2): BatchSpec => {
  const start = ints(...offsets);
  return {
    length: BigInt(length),
    nodes: [[BigInt(length), 0n]],
    buffers: [
      [0n, 0n],
      [0n, BigInt(4 * offsets.length)],
      [BigInt(start.length), BigInt(bytes.length)],
    ],
    body: Buffer.concat([start, Buffer.from(bytes), Buffer.alloc((8 - (bytes.length % 8)) % 8)]),
  };
};

/** The indices of a dictionary-encoded column. */
export const indices = (...values: number[]): BatchSpec => ({
  length: BigInt(values.length),
  nodes: [[BigInt(values.length), 0n]],
  buffers: [
    [0n, 0n],
    [0n, BigInt(4 * values.length)],
  ],
  body: ints(...values),
});

/** A column whose values are one compressed buffer. */
export const compressed = (codec: number, buffer: Buffer, rows = 4n): BatchSpec => ({
  length: rows,
  nodes: [[rows, 0n]],
  buffers: [
    [0n, 0n],
    [0n, BigInt(buffer.length)],
  ],
  body: Buffer.concat([buffer, Buffer.alloc((8 - (buffer.length % 8)) % 8)]),
  codec,
});
