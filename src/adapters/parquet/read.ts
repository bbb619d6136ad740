import type { Decoder } from '../../ports/formats.js';
import type { Column, Table } from '../../ports/tables.js';
import { spendFrom, verifyPages } from './chunks.js';
import { loadCodecs } from './codecs.js';
import { columnOf } from './columns.js';
import { loadDecoders } from './encodings.js';
import { readFooter } from './footer.js';

/**
 * A Parquet file with flat columns. Its metadata and all page headers are read here, once, and checked against the file
 * and the limits before a byte is decompressed; hyparquet decodes what is in the pages, one page at a time. A column is
 * decoded when it is asked for; row groups stay apart. Throws 400 `invalid_parquet` or `truncated`; 413
 * `too_many_rows`, `too_many_cells`, `too_large`, `compression_ratio` or `out_of_memory`; 422 `duplicate_column`,
 * `too_many_columns`, `invalid_column_name` or `unsupported_type`.
 */
export const readParquet: Decoder = async (body, tools) => {
  const footer = readFooter(body, tools.limits);
  const spend = spendFrom(body, tools.limits);
  verifyPages(body, footer, tools.limits, spend);
  const [decoders, codecs] = await Promise.all([loadDecoders(), loadCodecs(tools.codecs.zstd.decode)]);
  const file = { body, footer, tools, decoders, codecs, spend };
  const columns = new Map(footer.columns.map((column) => [column.name, column]));
  const known = new Map<string, Column>();
  const table: Table = {
    rows: footer.rows,
    names: [...columns.keys()],
    column(name) {
      const column = known.get(name) ?? columnOf(file, columns.get(name)!);
      known.set(name, column);
      return column;
    },
  };
  return { table, options: undefined };
};
