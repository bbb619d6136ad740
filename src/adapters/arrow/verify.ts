import type { Codecs } from '../../ports/formats.js';
import { refuseSize, type TableLimits } from '../../ports/limits.js';
import { Problem } from '../../ports/problem.js';
import type { Space } from '../../ports/space.js';
import { type ColumnBuffers, readBatch, type Shapes, shapesOf } from './batch.js';
import { Buffers } from './buffers.js';
import { checkContents, checkIndices } from './contents.js';
import { invalid } from './flatbuffers.js';
import { type Framing, type Message, readFraming } from './framing.js';
import { type ArrowSchema, type DictionaryKey, readSchema, type Shape } from './schema.js';
import type { Layout } from './types.js';

/** The values behind the indices of a column, from a first batch on through its deltas until it is replaced. */
export interface DictionaryValues {
  readonly parts: readonly ColumnBuffers[];
}

/** A batch whose contents can be followed: nothing in it leads outside. */
export interface VerifiedBatch {
  readonly rows: number;
  readonly columns: readonly ColumnBuffers[];
  /**
   * The dictionaries of its columns, also the nested ones, in the order in which the schema names their fields;
   * undefined where no row refers to a dictionary that never came.
   */
  readonly dictionaries: readonly (DictionaryValues | undefined)[];
}

export interface VerifiedArrow {
  readonly format: Framing['format'];
  readonly schema: ArrowSchema;
  readonly rows: number;
  readonly batches: readonly VerifiedBatch[];
}

const heap: Space = {
  float64: (length) => new Float64Array(length),
  bytes: (length) => new Uint8Array(length),
  scratch: (use) => use(),
};

export interface VerifyTools {
  readonly limits: TableLimits;
  readonly codecs: Codecs;
  /** Where compressed buffers are decoded to; the heap when it is left out. */
  readonly space?: Space;
}

/**
 * The whole of an Arrow IPC stream or file, checked before anything is made of it, and taken apart: framing, metadata,
 * schema, batches, contents. Raw buffers are views of `body`; compressed ones are decoded into `space`, once. Memory
 * grows with the body and with what `limits` allow, never with a declared length alone. Throws Problem: 400
 * `invalid_arrow`, `truncated`; 413 `too_many_rows`, `too_many_cells`, `too_large`, `compression_ratio`; 422 `no_data`,
 * `unsupported_type`, `duplicate_column`, `invalid_column_name`, `too_many_columns`.
 */
export function verifyArrow(body: Uint8Array, { limits, codecs, space = heap }: VerifyTools): VerifiedArrow {
  const { format, schema: table, messages } = readFraming(body);
  const schema = readSchema(table, limits);
  const buffers = new Buffers(body.length, limits, space, codecs);
  const dictionaries = new Dictionaries(schema.shapes, buffers, format);
  const shapes = shapesOf(schema.shapes);
  const batches: VerifiedBatch[] = [];
  let rows = 0;
  for (const { kind, header, body: bytes } of messages) {
    if (kind === 'dictionary') {
      dictionaries.read(header, bytes);
      continue;
    }
    const batch = readBatch(header, bytes, shapes, buffers);
    rows += batch.rows;
    refuseSize(rows, schema.shapes.length, limits);
    batches.push({ ...batch, dictionaries: dictionaries.check(batch.columns, schema.shapes) });
  }
  return { format, schema, rows, batches };
}

/** Dictionaries as they stand between two messages. */
class Dictionaries {
  readonly #layouts = new Map<bigint, { readonly layout: Layout; readonly shapes: Shapes }>();
  readonly #current = new Map<bigint, { readonly parts: ColumnBuffers[]; size: number }>();

  constructor(
    shapes: readonly Shape[],
    readonly buffers: Buffers,
    readonly format: Framing['format'],
  ) {
    this.#learn(shapes);
  }

  #learn(shapes: readonly Shape[]): void {
    for (const { dictionary, children } of shapes) {
      if (dictionary !== undefined) {
        const layout = dictionary.values;
        this.#layouts.set(dictionary.id, { layout, shapes: shapesOf([{ layout, children: [] }]) });
      }
      this.#learn(children);
    }
  }

  /** A DictionaryBatch. A delta adds to what is there, for the batches before it too: they refer to less of it. */
  read(header: Message['header'], body: Uint8Array): void {
    const id = header.int64(0);
    const data = header.table(1);
    const values = this.#layouts.get(id);
    if (values === undefined || data === undefined)
      throw invalid(`expected dictionaries that the schema names, with data, got ${id}`);
    const part = readBatch(data, body, values.shapes, this.buffers).columns[0]!;
    checkContents(part, values.layout, this.buffers);
    const known = this.#current.get(id);
    if (header.byte(2) !== 0) {
      if (known === undefined) throw invalid(`expected a dictionary ${id} before its delta, got none`);
      known.parts.push(part);
      known.size += part.length;
      const { rows } = this.buffers.limits;
      if (known.size > rows)
        throw new Problem('too_many_rows', `expected at most ${rows} rows (MAX_ROWS), got ${known.size}`);
    } else {
      if (known !== undefined && this.format === 'file')
        throw invalid(`expected one dictionary ${id} in a file, got a second`);
      this.#current.set(id, { parts: [part], size: part.length });
    }
  }

  /** Checks what the columns of a batch hold. Returns the dictionaries that they refer to. */
  check(columns: readonly ColumnBuffers[], shapes: readonly Shape[]): (DictionaryValues | undefined)[] {
    const found: (DictionaryValues | undefined)[] = [];
    const check = (column: ColumnBuffers, { layout, children, dictionary }: Shape): void => {
      checkContents(column, layout, this.buffers);
      if (dictionary !== undefined) found.push(this.#of(column, dictionary));
      for (const [i, child] of children.entries()) check(column.children[i]!, child);
    };
    for (const [i, shape] of shapes.entries()) check(columns[i]!, shape);
    return found;
  }

  #of(column: ColumnBuffers, dictionary: DictionaryKey): DictionaryValues | undefined {
    const values = this.#current.get(dictionary.id);
    if (values === undefined && column.nullCount < column.length)
      throw invalid(`expected dictionary ${dictionary.id} before a batch that needs it, got none`);
    checkIndices(column, dictionary, values?.size ?? 0);
    return values;
  }
}
