import type { DecodeTools } from '../../ports/formats.js';
import { refuseGrowth, type TableLimits } from '../../ports/limits.js';
import { type CodecPackages, decompress, expectCodec } from './codecs.js';
import { type Decoders, PageReader, readRuns } from './encodings.js';
import type { Footer, RowGroup } from './footer.js';
import { type Page, pagesOf } from './pages.js';
import type { ParquetColumn } from './schema.js';
import { invalid } from './thrift.js';
import { isDictionary, readPlain, readValues, type Spend, type Stored, type Values } from './values.js';

/** A file whose metadata and page headers have been verified. */
export interface ParquetFile {
  readonly body: Uint8Array;
  readonly footer: Footer;
  readonly tools: DecodeTools;
  readonly decoders: Decoders;
  readonly codecs: CodecPackages;
  readonly spend: Spend;
}

/** The rows of one page. `present` has a 1 for each row that has a value, and is null where all have. */
export interface PageRows {
  readonly rows: number;
  readonly present: Uint8Array | null;
  readonly values: Values;
  /** What codes index. */
  readonly dictionary: Stored | undefined;
}

/** Counts decoded bytes of a body against its limits. Throws 413 `too_large` or `compression_ratio`. */
export function spendFrom(body: Uint8Array, limits: TableLimits): Spend {
  let decoded = 0;
  return (bytes) => {
    decoded += bytes;
    refuseGrowth(body.length, decoded, limits);
  };
}

/**
 * Walks the page headers of every column that can be read, so that all sizes are within the budget before anything is
 * decompressed. Throws 400 `invalid_parquet`, 413 `too_large` or `compression_ratio`, 422 `unsupported_type`.
 */
export function verifyPages(
  body: Uint8Array,
  { columns, groups }: Footer,
  limits: TableLimits,
  spend: Spend,
): void {
  for (const column of columns) {
    if (column.meaning.kind === 'unsupported') continue;
    for (const { chunks, rows } of groups) {
      const chunk = chunks[column.leaf]!;
      expectCodec(chunk.codec);
      for (const { values, size } of pagesOf(body, chunk, rows, column)) {
        // Of data pages the rows say it already; a dictionary is kept as a whole.
        if (values > limits.rows)
          throw invalid(`expected dictionaries of at most ${limits.rows} values (MAX_ROWS), got ${values}`);
        spend(size);
      }
    }
  }
}

/** The pages of one column in one row group, decoded one at a time. */
export function* decodePages(file: ParquetFile, group: RowGroup, column: ParquetColumn): Iterable<PageRows> {
  const { body, decoders, codecs } = file;
  let dictionary: Stored | undefined;
  let entries: number | undefined;
  for (const page of pagesOf(body, group.chunks[column.leaf]!, group.rows, column)) {
    if (page.kind === 'dictionary') {
      const bytes = decompress(page.codec, page.bytes, page.size, codecs);
      dictionary = readPlain(new PageReader(bytes), page.values, column, decoders);
      entries = page.values;
      continue;
    }
    if (page.values === 0) continue;
    const levels = page.bytes.subarray(0, page.levels);
    const rest = page.bytes.subarray(page.levels);
    // Version 2 leaves out what would have no bytes.
    const size = page.size - page.levels;
    const bytes = rest.length === 0 && size === 0 ? rest : decompress(page.codec, rest, size, codecs);
    const reader = new PageReader(bytes);
    const { present, count } = presence(
      page,
      page.kind === 'data' ? reader : new PageReader(levels),
      column,
      decoders,
    );
    const values = readValues(reader, page.encoding, count, column, entries, file.spend, decoders);
    yield {
      rows: page.values,
      present,
      values,
      dictionary: isDictionary(page.encoding) ? dictionary : undefined,
    };
  }
}

/** Definition levels, of which a flat column has two: 0 is missing. */
function presence(
  page: Page,
  reader: PageReader,
  { optional }: ParquetColumn,
  decoders: Decoders,
): { present: Uint8Array | null; count: number } {
  const all = { present: null, count: page.values };
  if (!optional) {
    if ((page.nulls ?? 0) > 0) throw invalid('expected no missing values in a required column, got some');
    return all;
  }
  const bytes = page.kind === 'data' ? reader.uint32() : page.levels;
  const runs = readRuns(reader, bytes, 1, page.values, decoders);
  const present = 'all' in runs ? new Uint8Array(page.values).fill(runs.all) : new Uint8Array(runs.each);
  let count = 0;
  for (const level of present) count += level;
  if (page.nulls !== undefined && page.values - count !== page.nulls)
    throw invalid(`expected a page with ${page.nulls} missing values, got ${page.values - count}`);
  return count === page.values ? all : { present, count };
}
