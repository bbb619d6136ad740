import type { Format } from '../../ports/formats.js';
import { excerpt, Problem } from '../../ports/problem.js';

/** Bytes that tell a format, where there are so many. */
export const MAGIC_BYTES = 6;

const MAGICS: readonly (readonly [magic: Buffer, format: Format])[] = [
  [Buffer.from('ARROW1'), 'arrow'],
  [Buffer.from('PAR1'), 'parquet'],
  // Continuation marker of an Arrow IPC stream.
  [Buffer.from([0xff, 0xff, 0xff, 0xff]), 'arrow'],
];

const EXTENSIONS: ReadonlyMap<string, Format> = new Map([
  ['json', 'json'],
  ['ndjson', 'ndjson'],
  ['jsonl', 'ndjson'],
  ['csv', 'csv'],
  ['arrow', 'arrow'],
  ['arrows', 'arrow'],
  ['feather', 'arrow'],
  ['parquet', 'parquet'],
]);

/** The format of bytes without a media type: by their magic, then by the name of the file they come from. Throws 415. */
export function sniff(head: Buffer, filename?: string): Format {
  const format =
    MAGICS.find(([magic]) => head.subarray(0, magic.length).equals(magic))?.[1] ??
    EXTENSIONS.get(/\.(\w+)$/u.exec(filename ?? '')?.[1]?.toLowerCase() ?? '');
  if (format !== undefined) return format;
  const named = filename === undefined ? '' : ` in ${JSON.stringify(excerpt(filename, 60))}`;
  const detail =
    'expected a Content-Type that says what the data is, or bytes that begin as Arrow or Parquet do, ' +
    `got bytes without either${named}`;
  throw new Problem('unsupported_media_type', detail);
}
