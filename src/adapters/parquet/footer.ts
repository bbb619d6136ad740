import { refuseSize, type TableLimits } from '../../ports/limits.js';
import { Problem } from '../../ports/problem.js';
import { columnsOf, type ParquetColumn, PHYSICAL, readElement, type SchemaElement } from './schema.js';
import { CompactReader, invalid, Thrift } from './thrift.js';

const MAGIC = Buffer.from('PAR1');
const ENCRYPTED = Buffer.from('PARE');
/** Length of the metadata, and the magic. */
const TAIL = 8;
const MAX_METADATA = 64 * 2 ** 20;
/** Column chunks of a file: beyond, what is kept of each is more than a small file should cost. */
const MAX_CHUNKS = 2 ** 18;

/** The values of one column in one row group. */
export interface ColumnChunk {
  readonly codec: number;
  /** [start, end) in the body. */
  readonly start: number;
  readonly end: number;
}

export interface RowGroup {
  readonly rows: number;
  /** One for each leaf of the schema. */
  readonly chunks: readonly ColumnChunk[];
}

export interface Footer {
  readonly rows: number;
  readonly columns: readonly ParquetColumn[];
  readonly groups: readonly RowGroup[];
}

interface ChunkFields {
  type: number;
  codec: number;
  values: number;
  compressed: number;
  dataPage: number;
  dictionaryPage: number;
  /** First name of its path, and how many there are. */
  name: Uint8Array;
  depth: number;
  isHere: boolean;
}

/**
 * The metadata at the end of a file, checked against the file and against itself: magic at both ends, column chunks
 * inside the file that do not overlap, and as many rows and columns everywhere. Throws 400 `invalid_parquet` or
 * `truncated`, 413 for too many rows or cells, 422 for what is not read here.
 */
export function readFooter(body: Uint8Array, limits: TableLimits): Footer {
  const { start, end } = metadataOf(body);
  const reader = new CompactReader(body, start, end);
  let elements: SchemaElement[] | undefined;
  let groups: { rows: number; chunks: ChunkFields[] }[] | undefined;
  let rows = -1;
  let chunks = 0;
  reader.struct((id, type) => {
    if (id === 2 && type === Thrift.list) {
      const read: SchemaElement[] = [];
      reader.list(Thrift.struct, (count) => {
        // A column that is no group has one element; a list or map has three.
        if (count > 8 * (limits.columns + 1)) {
          const detail = `expected at most ${limits.columns} columns (MAX_COLUMNS), got a schema of ${count} elements`;
          throw new Problem('too_many_columns', detail);
        }
        read.push(readElement(reader));
      });
      elements = read;
    } else if (id === 3 && type === Thrift.int64) rows = reader.int64();
    else if (id === 4 && type === Thrift.list) {
      const read: { rows: number; chunks: ChunkFields[] }[] = [];
      reader.list(Thrift.struct, () => {
        const group = readGroup(reader);
        chunks += Math.max(1, group.chunks.length);
        if (chunks > MAX_CHUNKS) throw invalid(`expected at most ${MAX_CHUNKS} column chunks, got more`);
        read.push(group);
      });
      groups = read;
    } else if (id === 8) throw encrypted();
    else return false;
    return true;
  });
  if (elements === undefined || groups === undefined || rows < 0)
    throw invalid('expected metadata with a schema, row groups and a number of rows, got other metadata');
  const schema = columnsOf(elements, limits);
  const sum = groups.reduce((total, group) => total + group.rows, 0);
  if (sum !== rows || groups.some((group) => group.rows < 0))
    throw invalid(`expected row groups of ${rows} rows together, got ${sum}`);
  refuseSize(rows, schema.columns.length, limits);
  const checked = groups.map((group) => checkGroup(group, schema.columns, schema.leaves, start));
  refuseAliases(checked, start);
  return { rows, columns: schema.columns, groups: checked.filter((group) => group.rows > 0) };
}

const encrypted = (): Problem =>
  new Problem('unsupported_type', 'expected a Parquet file without encryption, got an encrypted one');

/** Where the metadata lies: [start, end). */
function metadataOf(body: Uint8Array): { start: number; end: number } {
  const has = (magic: Buffer, at: number): boolean => magic.every((byte, i) => body[at + i] === byte);
  if (body.length < MAGIC.length || !(has(MAGIC, 0) || has(ENCRYPTED, 0)))
    throw invalid(
      `expected a Parquet file, which begins with "PAR1", got ${body.length} bytes of something else`,
    );
  const end = body.length - TAIL;
  if (end < MAGIC.length || !(has(MAGIC, end + 4) || has(ENCRYPTED, end + 4))) {
    const detail = 'expected a Parquet file that ends with its magic, got one that is cut off';
    throw new Problem('truncated', detail);
  }
  if (has(ENCRYPTED, 0) || has(ENCRYPTED, end + 4)) throw encrypted();
  const length = new DataView(body.buffer, body.byteOffset, body.byteLength).getUint32(end, true);
  if (length > end - MAGIC.length || length > MAX_METADATA)
    throw invalid(
      `expected metadata inside the file, of at most ${MAX_METADATA} bytes, got length ${length}`,
    );
  return { start: end - length, end };
}

function readGroup(reader: CompactReader): { rows: number; chunks: ChunkFields[] } {
  const chunks: ChunkFields[] = [];
  let rows = -1;
  reader.struct((id, type) => {
    if (id === 1 && type === Thrift.list) {
      chunks.length = 0;
      reader.list(Thrift.struct, (count) => {
        if (count > MAX_CHUNKS) throw invalid(`expected at most ${MAX_CHUNKS} column chunks, got more`);
        chunks.push(readChunk(reader));
      });
    } else if (id === 3 && type === Thrift.int64) rows = reader.int64();
    else return false;
    return true;
  });
  return { rows, chunks };
}

function readChunk(reader: CompactReader): ChunkFields {
  const chunk: ChunkFields = {
    type: -1,
    codec: -1,
    values: -1,
    compressed: -1,
    dataPage: -1,
    dictionaryPage: 0,
    name: new Uint8Array(),
    depth: 0,
    isHere: true,
  };
  reader.struct((id, type) => {
    if (id === 1 && type === Thrift.binary) chunk.isHere = reader.binary().length === 0;
    else if (id === 3 && type === Thrift.struct) readChunkMetadata(reader, chunk);
    else if (id === 8 || id === 9) throw encrypted();
    else return false;
    return true;
  });
  return chunk;
}

function readChunkMetadata(reader: CompactReader, chunk: ChunkFields): void {
  reader.struct((id, type) => {
    if (id === 1 && type === Thrift.int32) chunk.type = reader.int32();
    else if (id === 3 && type === Thrift.list) {
      chunk.depth = 0;
      reader.list(Thrift.binary, () => {
        const name = reader.binary();
        if (chunk.depth++ === 0) chunk.name = name;
      });
    } else if (id === 4 && type === Thrift.int32) chunk.codec = reader.int32();
    else if (id === 5 && type === Thrift.int64) chunk.values = reader.int64();
    else if (id === 7 && type === Thrift.int64) chunk.compressed = reader.int64();
    else if (id === 9 && type === Thrift.int64) chunk.dataPage = reader.int64();
    else if (id === 11 && type === Thrift.int64) chunk.dictionaryPage = reader.int64();
    else return false;
    return true;
  });
}

function checkGroup(
  { rows, chunks }: { rows: number; chunks: readonly ChunkFields[] },
  columns: readonly ParquetColumn[],
  leaves: number,
  end: number,
): RowGroup {
  if (chunks.length !== leaves)
    throw invalid(`expected row groups of ${leaves} column chunks, got one of ${chunks.length}`);
  for (const { leaf, name, nameBytes, physical, meaning } of columns) {
    const chunk = chunks[leaf]!;
    if (Buffer.compare(chunk.name, nameBytes) !== 0)
      throw invalid('expected column chunks in the order of the schema, got another');
    if (meaning.kind === 'unsupported') continue;
    if (chunk.type !== PHYSICAL.indexOf(physical))
      throw invalid('expected column chunks of the types of the schema, got another');
    if (chunk.depth !== 1 || chunk.values !== rows) {
      const detail = `expected ${rows} values of column ${JSON.stringify(name.slice(0, 40))}, got ${chunk.values}`;
      throw invalid(detail);
    }
  }
  return { rows, chunks: chunks.map((chunk) => rangeOf(chunk, rows, end)) };
}

/** Chunks lie behind the first magic and in front of the metadata. */
function rangeOf(chunk: ChunkFields, rows: number, end: number): ColumnChunk {
  const { codec, compressed, dataPage, dictionaryPage, isHere } = chunk;
  if (!isHere)
    throw new Problem('unsupported_type', 'expected column chunks in the file itself, got one in another');
  if (rows === 0) return { codec, start: 0, end: 0 };
  // Old writers leave 0 where there is no dictionary, and some that have one do not say so.
  const start = dictionaryPage > 0 ? Math.min(dictionaryPage, dataPage) : dataPage;
  if (start < MAGIC.length || compressed < 0 || start + compressed > end)
    throw invalid('expected column chunks inside the file, got one outside');
  return { codec, start, end: start + compressed };
}

/** Chunks that share bytes are an attack on the work they cost. */
function refuseAliases(groups: readonly RowGroup[], end: number): void {
  const bytes = groups.reduce(
    (sum, { chunks }) => chunks.reduce((part, chunk) => part + chunk.end - chunk.start, sum),
    0,
  );
  if (bytes > end)
    throw invalid('expected column chunks that do not overlap, got more bytes than the file has');
}
