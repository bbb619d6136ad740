import type { FrameDecoder } from '../../ports/formats.js';
import { Problem } from '../../ports/problem.js';
import { type Buffers, tooShort } from './buffers.js';
import { countOnes } from './bits.js';
import { type FlatTable, type FlatVector, invalid } from './flatbuffers.js';
import type { Shape } from './schema.js';

/** The buffers of a column in one batch, each inside its body and as long as `length` needs. */
export interface ColumnBuffers {
  readonly length: number;
  readonly nullCount: number;
  /** null: every row is valid. */
  readonly validity: Uint8Array | null;
  /** As long as `length` needs where the width is fixed; the text where there are `offsets`. */
  readonly values: Uint8Array;
  /** `length` + 1 offsets; none where there are no rows. */
  readonly offsets: Uint8Array | undefined;
  /** What views point into. */
  readonly variadic: readonly Uint8Array[];
  readonly children: readonly ColumnBuffers[];
}

const NOTHING = new Uint8Array();
const NONE: readonly never[] = [];
const EMPTY: ColumnBuffers = {
  length: 0,
  nullCount: 0,
  validity: null,
  values: NOTHING,
  offsets: undefined,
  variadic: NONE,
  children: NONE,
};

/** Fields with what all of them together need. */
export interface Shapes {
  readonly fields: readonly Shape[];
  readonly nodes: number;
  /** Without those that views point into. */
  readonly buffers: number;
  readonly views: number;
}

const BUFFERS = { null: 0, bits: 2, fixed: 2, offsets: 3, views: 2, list: 2, 'fixed list': 1, struct: 1 };

export function shapesOf(fields: readonly Shape[]): Shapes {
  let [nodes, buffers, views] = [0, 0, 0];
  const add = ({ layout, children }: Shape): void => {
    nodes++;
    buffers += BUFFERS[layout.kind];
    if (layout.kind === 'views') views++;
    children.forEach(add);
  };
  fields.forEach(add);
  return { fields, nodes, buffers, views };
}

/**
 * A RecordBatch (also that inside a dictionary batch) against the shapes that the schema gives it: as many nodes and
 * buffers as they need, buffers inside the body that share no byte, each large enough, null counts that are true. What
 * the buffers hold is not looked at. Throws 400 `invalid_arrow`; 413 `too_many_rows`, `too_large`, `compression_ratio`.
 */
export function readBatch(
  header: FlatTable,
  body: Uint8Array,
  shapes: Shapes,
  buffers: Buffers,
): { readonly rows: number; readonly columns: readonly ColumnBuffers[] } {
  const rows = Number(header.int64(0));
  const { limits } = buffers;
  if (rows < 0) throw invalid(`expected a batch of 0 rows or more, got ${rows}`);
  if (rows > limits.rows)
    throw new Problem('too_many_rows', `expected at most ${limits.rows} rows (MAX_ROWS), got ${rows}`);
  const reader = new BatchReader(header, body, shapes, buffers);
  return { rows, columns: shapes.fields.map((shape) => reader.column(shape, rows)) };
}

/** Takes nodes and buffers in the order of the format: a field, then its children. */
class BatchReader {
  readonly #codec: FrameDecoder | undefined;
  readonly #view: DataView;
  readonly #variadic: readonly number[];
  #node: number;
  #region: number;
  #views = 0;

  constructor(
    header: FlatTable,
    readonly body: Uint8Array,
    shapes: Shapes,
    readonly buffers: Buffers,
  ) {
    this.#codec = readCompression(header.table(3), buffers);
    this.#view = header.metadata.view;
    const nodes = header.vector(1, 16);
    expectCount('nodes', nodes.count, shapes.nodes);
    this.#variadic = readVariadic(header, shapes.views);
    const regions = header.vector(2, 16);
    const variadic = this.#variadic.reduce((sum, count) => sum + count, 0);
    expectCount('buffers', regions.count, shapes.buffers + variadic);
    checkRegions(this.#view, regions, body.length);
    this.#node = nodes.at;
    this.#region = regions.at;
  }

  /** `rows`: how many it must have; undefined: as many as the offsets of its list turn out to need. */
  column({ layout, children }: Shape, rows: number | undefined): ColumnBuffers {
    const length = int64(this.#view, this.#node);
    const nullCount = int64(this.#view, this.#node + 8);
    this.#node += 16;
    if (length < 0 || length > this.buffers.limits.cells || (rows !== undefined && length !== rows))
      throw invalid(`expected a column of ${rows ?? 'some'} rows, got one of ${length}`);
    if (nullCount < 0 || nullCount > length)
      throw invalid(`expected a null count of 0 to ${length}, got ${nullCount}`);
    if (layout.kind === 'null') {
      this.#countRows(length);
      if (nullCount === 0 || nullCount === length) return { ...EMPTY, length, nullCount };
      throw invalid(`expected ${length} nulls in a column of type null, got ${nullCount}`);
    }
    const validity = readValidity(this.#take(0, 4), length, nullCount);
    const column = (parts: Partial<ColumnBuffers>): ColumnBuffers => ({
      length,
      nullCount,
      validity,
      values: parts.values ?? NOTHING,
      offsets: parts.offsets,
      variadic: parts.variadic ?? NONE,
      children: parts.children ?? NONE,
    });
    switch (layout.kind) {
      case 'bits':
        return column({ values: this.#takeExactly(Math.ceil(length / 8), 1) });
      case 'fixed':
        return column({ values: this.#takeExactly(length * layout.width, layout.width) });
      case 'offsets':
        return column({ offsets: this.#takeOffsets(length, layout.width), values: this.#take(0, 1) });
      case 'views': {
        const values = this.#takeExactly(length * 16, 4);
        const count = this.#variadic[this.#views++]!;
        return column({ values, variadic: Array.from({ length: count }, () => this.#take(0, 1)) });
      }
      case 'list': {
        const offsets = this.#takeOffsets(length, layout.width);
        return column({ offsets, children: children.map((child) => this.column(child, undefined)) });
      }
      case 'fixed list':
        this.#countRows(length);
        return column({ children: children.map((child) => this.column(child, length * layout.size)) });
      case 'struct':
        this.#countRows(length);
        return column({ children: children.map((child) => this.column(child, length)) });
    }
  }

  /** A row that costs nothing on the wire counts as the bit that it would be elsewhere. */
  #countRows(length: number): void {
    this.buffers.spend(Math.ceil(length / 8));
  }

  /** The next buffer, of at least so many bytes, aligned for elements of a width. */
  #take(bytes: number, width: number): Uint8Array {
    const offset = int64(this.#view, this.#region);
    const length = int64(this.#view, this.#region + 8);
    this.#region += 16;
    if (length === 0 && bytes === 0) return NOTHING;
    const stored = this.body.subarray(offset, offset + length);
    const content = this.#codec === undefined ? stored : this.buffers.decode(stored, this.#codec, bytes);
    if (content.length < bytes) throw tooShort(content.length, bytes);
    return this.buffers.aligned(content, width);
  }

  #takeExactly(bytes: number, width: number): Uint8Array {
    const content = this.#take(bytes, width);
    return content.length === bytes ? content : content.subarray(0, bytes);
  }

  /** Of no rows, the one offset may be missing. */
  #takeOffsets(length: number, width: number): Uint8Array {
    return this.#takeExactly(length === 0 ? 0 : (length + 1) * width, width);
  }
}

function readCompression(compression: FlatTable | undefined, buffers: Buffers): FrameDecoder | undefined {
  if (compression === undefined) return undefined;
  if (compression.byte(1) !== 0) throw invalid('expected compression of each buffer, got another method');
  return buffers.codecOf(compression.byte(0));
}

function expectCount(what: string, got: number, expected: number): void {
  if (got !== expected) throw invalid(`expected ${expected} ${what} in a batch, got ${got}`);
}

/** How many buffers the views of each such field point into. */
function readVariadic(header: FlatTable, views: number): readonly number[] {
  const { at, count } = header.vector(4, 8);
  expectCount('counts of variadic buffers', count, views);
  if (count === 0) return NONE;
  const counts = Array.from({ length: count }, (_, i) => int64(header.metadata.view, at + i * 8));
  if (counts.some((n) => n < 0)) throw invalid('expected counts of variadic buffers of 0 or more, got less');
  return counts;
}

/** An int64; beyond 2^53 rounded, which is beyond every limit too. */
function int64(view: DataView, at: number): number {
  return view.getInt32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
}

/** Buffers lie inside the body, aligned, and share no byte. */
function checkRegions(view: DataView, { at, count }: FlatVector, bodyLength: number): void {
  let [sum, end, isInOrder] = [0, 0, true];
  for (let region = at; region < at + count * 16; region += 16) {
    const offset = int64(view, region);
    const length = int64(view, region + 8);
    if (offset < 0 || length < 0 || offset + length > bodyLength)
      throw invalid(`expected buffers inside their body of ${bodyLength} bytes, got ${offset} + ${length}`);
    // Where an empty buffer lies, writers do not agree.
    if (length === 0) continue;
    if (offset % 8 !== 0) throw invalid(`expected buffers aligned to 8 bytes, got one at ${offset}`);
    sum += length;
    if (offset < end) isInOrder = false;
    end = offset + length;
  }
  if (sum > bodyLength) throw invalid(`expected buffers of at most ${bodyLength} bytes together, got ${sum}`);
  if (!isInOrder) refuseOverlap(view, at, count);
}

function refuseOverlap(view: DataView, at: number, count: number): void {
  const regions = Array.from({ length: count }, (_, i) => {
    const offset = int64(view, at + i * 16);
    return { offset, end: offset + int64(view, at + i * 16 + 8) };
  });
  const filled = regions.filter(({ offset, end }) => end > offset).sort((a, b) => a.offset - b.offset);
  if (filled.some(({ offset }, i) => offset < (filled[i - 1]?.end ?? 0)))
    throw invalid('expected buffers that share no bytes, got some that do');
}

function readValidity(bitmap: Uint8Array, length: number, nullCount: number): Uint8Array | null {
  if (bitmap.length === 0 && nullCount === 0) return null;
  const needed = Math.ceil(length / 8);
  if (bitmap.length < needed) throw tooShort(bitmap.length, needed);
  const nulls = length - countOnes(bitmap, length);
  if (nulls !== nullCount) throw invalid(`expected a true null count, got ${nullCount} for ${nulls} nulls`);
  return nullCount === 0 ? null : bitmap.subarray(0, needed);
}
