import { token } from '../ports/limits.js';
import { excerpt, Problem } from '../ports/problem.js';

/** What can be wrong with the form of CSV, in the order of assembly/csv.ts. */
export const CSV_FAULTS = ['quoteInside', 'behindQuote', 'quoteOpen', 'longLine', 'noHeader'] as const;
export type CsvFault = (typeof CSV_FAULTS)[number];

const [LF, CR] = [0x0a, 0x0d];

/** 400 `invalid_csv` at a byte of the body; `width` is the number of columns. */
export function csvProblem(fault: CsvFault, body: Uint8Array, at: number, width: number): Problem {
  return new Problem('invalid_csv', `expected ${sentence(fault, placeOf(body, at), width)}`);
}

/** 422 `duplicate_column`. */
export function duplicateName(name: string): Problem {
  const detail = `expected names that are different, got ${JSON.stringify(excerpt(name, 80))} twice`;
  return Problem.at(`/${token(name)}`, 'duplicate_column', detail);
}

/** 422 `no_data`. */
export const noRows = (): Problem =>
  Problem.at('', 'no_data', 'expected at least one row, got only a line of column names');

function sentence(fault: CsvFault, place: string, width: number): string {
  switch (fault) {
    case 'quoteInside':
      return `quotes around the whole field or none, got a quote inside it at ${place}`;
    case 'behindQuote':
      return `a comma or the end of the line behind a closing quote, got something else at ${place}`;
    case 'quoteOpen':
      return `a closing quote, got the end of the body in the field at ${place}`;
    case 'longLine':
      return `at most ${width} ${width === 1 ? 'field' : 'fields'} as in the first line, got more at ${place}`;
    case 'noHeader':
      return 'a line of column names, got none';
  }
}

/** Line and column of a byte, both from 1; the column counts characters. */
function placeOf(body: Uint8Array, at: number): string {
  let lines = 1;
  let start = 0;
  for (let i = 0; i < at; i++) {
    if (body[i] !== LF && (body[i] !== CR || body[i + 1] === LF)) continue;
    lines++;
    start = i + 1;
  }
  // Bytes that go on with a character are not counted, nor is a byte order mark.
  let column = 1;
  for (let i = start; i < at; i++) if ((body[i]! & 0xc0) !== 0x80) column++;
  if (start === 0 && body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf && at >= 3) column--;
  return `line ${lines}, column ${column}`;
}
