import type { Space } from '../../ports/space.js';
import type { TextColumn } from '../../ports/tables.js';
import { decodePages, type ParquetFile } from './chunks.js';
import type { ParquetColumn } from './schema.js';
import { expectUtf8, type Stored, type Texts } from './values.js';

/** Texts of a dictionary up to this many entries are kept once they have been read: rows share them. */
const MAX_KEPT = 65_536;

/** Distinct texts, or those of a page, in the request's space: the i-th is [offsets[i], offsets[i + 1]) of `bytes`. */
interface Lexicon {
  readonly bytes: Uint8Array;
  readonly offsets: Int32Array;
  readonly isShared: boolean;
}

/** The rows of a page. `codes`: which text each row has, −1 for none. */
interface Segment {
  readonly codes: Int32Array;
  readonly lexicon: Lexicon;
}

/** Strings as codes of 4 bytes a row and the bytes of each distinct one; they are decoded as they are read. */
export function stringColumn(file: ParquetFile, column: ParquetColumn): TextColumn {
  const { space } = file.tools;
  const segments: Segment[] = [];
  let missing = 0;
  for (const group of file.footer.groups) {
    const codes = int32In(space, group.rows);
    let start = 0;
    let known: { stored: Stored; lexicon: Lexicon } | undefined;
    for (const page of decodePages(file, group, column)) {
      const { values, dictionary, present } = page;
      const part = codes.subarray(start, start + page.rows);
      start += page.rows;
      let lexicon: Lexicon;
      if (values.kind === 'codes' && dictionary !== undefined) {
        if (known?.stored !== dictionary)
          known = { stored: dictionary, lexicon: lexiconOf(dictionary, true, space) };
        ({ lexicon } = known);
      } else lexicon = lexiconOf(values, false, space);
      missing += place(part, present, values.kind === 'codes' ? values.codes : undefined);
      segments.push({ codes: part, lexicon });
    }
  }
  return { name: column.name, type: 'string', missing, cells: () => texts(segments) };
}

/** Gives the number of missing values. */
function place(
  target: Int32Array,
  present: Uint8Array | null,
  codes: Uint8Array | Int32Array | undefined,
): number {
  if (present === null && codes !== undefined) {
    target.set(codes);
    return 0;
  }
  let next = 0;
  for (let row = 0; row < target.length; row++) {
    if (present !== null && present[row] === 0) target[row] = -1;
    else {
      target[row] = codes === undefined ? next : codes[next]!;
      next++;
    }
  }
  return target.length - next;
}

const isTexts = (stored: { readonly kind: string }): stored is { kind: 'texts' } & Texts =>
  stored.kind === 'texts';

function lexiconOf(stored: { readonly kind: string }, isShared: boolean, space: Space): Lexicon {
  if (!isTexts(stored)) throw new Error('numbers are no strings');
  const { bytes: source, starts, ends } = stored;
  const count = starts.length;
  const offsets = int32In(space, count + 1);
  let total = 0;
  offsets[0] = 0;
  for (let i = 0; i < count; i++) {
    total += ends[i]! - starts[i]!;
    offsets[i + 1] = total;
  }
  const bytes = space.bytes(total);
  for (let i = 0; i < count; i++) bytes.set(source.subarray(starts[i], ends[i]), offsets[i]);
  expectUtf8(bytes, offsets.subarray(0, count));
  return { bytes, offsets, isShared: isShared && count <= MAX_KEPT };
}

function int32In(space: Space, length: number): Int32Array {
  const bytes = space.bytes(length * 4);
  return new Int32Array(bytes.buffer, bytes.byteOffset, length);
}

function* texts(segments: readonly Segment[]): Iterable<string | null> {
  let last: Lexicon | undefined;
  let known: (string | undefined)[] = [];
  for (const { codes, lexicon } of segments) {
    const { bytes, offsets, isShared } = lexicon;
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const read = (code: number): string => buffer.toString('utf8', offsets[code], offsets[code + 1]);
    if (lexicon !== last) known = [];
    last = lexicon;
    for (const code of codes) {
      if (code < 0) yield null;
      else yield isShared ? (known[code] ??= read(code)) : read(code);
    }
  }
}
