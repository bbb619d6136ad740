import type { BodyFormat } from '../../ports/formats.js';
import type { Landing } from '../../ports/lanes.js';
import type { Problem } from '../../ports/problem.js';
import type { TaskTrace } from '../../ports/trace.js';
import type { Rejected } from '../streams/fold.js';

/** Records of one partition that are folded as one table. */
export interface Portion {
  readonly format: BodyFormat;
  /** Of its body; 0: it has no records, and only says how far the partition was read. */
  readonly bytes: number;
  /** Writes its body to where it is computed on. It may be asked again. */
  readonly write: (landing: Landing) => void;
  /** Offset to go on with behind it; undefined: its source has none. */
  readonly nextOffset?: string | undefined;
  /** Records that were rejected without being folded. */
  readonly rejected?: number;
  /** Told of rows that the fold rejected, before anything of it is stored. */
  readonly onRejected?: (rejected: readonly Rejected[]) => Promise<void>;
  /** What comes in its place when it cannot be folded, in order; undefined: nothing can. Its own end is that of the last. */
  readonly instead?: (problem: Problem) => Promise<readonly Portion[] | undefined>;
  /** Name that its client gave it, and SHA-256 of what came under it. */
  readonly named?: { readonly name: string; readonly digest: string } | undefined;
}

/** Who looks on while portions are taken. */
export interface Onlooker {
  readonly task: TaskTrace | undefined;
  /** Told what a transaction took that some of them are in. */
  readonly stored: (ms: number) => void;
}

/** What was made of portions that were taken together. */
export interface Taken {
  readonly rows: number;
  readonly accepted: number;
  readonly late: number;
  readonly duplicates: number;
  readonly rejectedRows: number;
  /** The first of them. */
  readonly rejected: readonly Rejected[];
}

export const NOTHING: Taken = { rows: 0, accepted: 0, late: 0, duplicates: 0, rejectedRows: 0, rejected: [] };

/** Rejected rows that an answer names. */
export const REJECTED_SHOWN = 20;

export function together(a: Taken, b: Taken): Taken {
  return {
    rows: a.rows + b.rows,
    accepted: a.accepted + b.accepted,
    late: a.late + b.late,
    duplicates: a.duplicates + b.duplicates,
    rejectedRows: a.rejectedRows + b.rejectedRows,
    rejected: [...a.rejected, ...b.rejected].slice(0, REJECTED_SHOWN),
  };
}

const NEWLINE = 0x0a;
const SPACE = 0x20;
/** Bytes that are joined before they are written: a write of a small record costs as much as one of thousands. */
const JOINED = 256 * 1024;

/**
 * Writes JSON documents as lines. A line feed within one, which is white space there, becomes a space: a document that is
 * several lines stays one record.
 */
export function writeLines(values: readonly Uint8Array[], landing: Landing): void {
  const joined = new Uint8Array(JOINED);
  let length = 0;
  const flush = (): void => {
    if (length > 0) landing.write(joined.subarray(0, length));
    length = 0;
  };
  for (const value of values) {
    if (length + value.length + 1 > JOINED) flush();
    if (value.length >= JOINED) {
      // Not by `slice`, which of a Buffer shows the same memory.
      const line = new Uint8Array(value);
      for (let at = line.indexOf(NEWLINE); at >= 0; at = line.indexOf(NEWLINE, at + 1)) line[at] = SPACE;
      landing.write(line);
    } else {
      joined.set(value, length);
      const end = length + value.length;
      for (let at = value.indexOf(NEWLINE); at >= 0; at = value.indexOf(NEWLINE, at + 1))
        joined[length + at] = SPACE;
      length = end;
    }
    joined[length++] = NEWLINE;
  }
  flush();
}
