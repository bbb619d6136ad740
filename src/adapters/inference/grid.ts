/** Values in nested arrays of JSON, row-major, written anew as columns that the engine's reader of JSON takes. */
import type { DecodeTools } from '../../ports/formats.js';
import { Problem } from '../../ports/problem.js';
import type { Column, Table } from '../../ports/tables.js';
import { afterSpace, afterString, afterWord, isNested, refuseSyntax, type Stretch } from './scan.js';

/** An array of values, flat or nested as its shape says. */
export interface Grid {
  readonly text: Uint8Array;
  readonly stretch: Stretch;
  /** Rows first; no size is 0. */
  readonly shape: readonly number[];
  /** Values of a row. */
  readonly width: number;
  readonly pointer: string;
}

/** Pointer to a value of an array of this shape, by its place in row-major order. */
export function pointerTo(
  {
    pointer,
    shape,
    nested,
  }: { readonly pointer: string; readonly shape: readonly number[]; readonly nested: boolean },
  index: number,
): string {
  if (!nested) return `${pointer}/${index}`;
  let rest = index;
  const places = [...shape].reverse().map((size) => {
    const place = rest % size;
    rest = (rest - place) / size;
    return place;
  });
  return [pointer, ...places.reverse()].join('/');
}

const [QUOTE, COMMA, OPEN, CLOSE, OBJECT] = [0x22, 0x2c, 0x5b, 0x5d, 0x7b];
const NULL = new TextEncoder().encode('null');
const [LETTER_N, LETTER_A] = [0x4e, 0x61];

/** NaN is no JSON, but what writers of JSON in Python make of one: missing, as null is. */
const isNan = (text: Uint8Array, start: number, end: number): boolean =>
  end - start === 3 &&
  text[start] === LETTER_N &&
  text[start + 1] === LETTER_A &&
  text[start + 2] === LETTER_N;

/**
 * Goes through the values, in row-major order. Throws Problem `invalid_json`, and at the grid's pointer `invalid_request`
 * unless they are flat, or nested as the shape says, and as many as it has.
 */
function eachValue(
  { text, stretch, shape, pointer }: Grid,
  visit: (start: number, end: number, index: number) => void,
): void {
  const rank = shape.length;
  const total = shape.reduce((product, size) => product * size, 1);
  const counts = new Float64Array(rank + 1);
  let [depth, leaves, index] = [0, -1, 0];
  let here = stretch.start;
  const refuse = (got: string): never => {
    throw Problem.at(
      pointer,
      'invalid_request',
      `expected ${total} values, flat or nested as ${JSON.stringify(shape)}, got ${got}`,
    );
  };
  for (;;) {
    here = afterSpace(text, here);
    const byte = text[here];
    if (byte === OPEN) {
      if (depth === rank || leaves === 1) refuse('arrays nested deeper');
      counts[++depth] = 0;
      here = afterSpace(text, here + 1);
      if (text[here] !== CLOSE) continue;
    } else if (byte === OBJECT) {
      refuse('an object');
    } else {
      if (leaves === -1 && (depth === 1 || depth === rank)) leaves = depth;
      if (depth !== leaves) refuse('some of them nested otherwise');
      const end = byte === QUOTE ? afterString(text, here) : afterWord(text, here);
      if (index === total) refuse('more');
      visit(here, end, index++);
      counts[depth]!++;
      here = afterSpace(text, end);
    }
    while (text[here] === CLOSE) {
      if (rank > 1 && leaves !== 1 && depth > 0 && counts[depth] !== shape[depth - 1])
        refuse(`${counts[depth]} at one place`);
      if (--depth === 0) {
        if (index !== total) refuse(String(index));
        return;
      }
      counts[depth]!++;
      here = afterSpace(text, here + 1);
    }
    if (text[here] !== COMMA) refuseSyntax(text, here, 'a comma or the end of the array');
    here++;
  }
}

/**
 * The columns of several grids of as many rows, in order: `width` of each. Throws what the engine's reader of JSON throws, with
 * pointers to the values where they came from.
 */
export function readGrids(grids: readonly Grid[], tools: DecodeTools): readonly Column[] {
  const { engine, space, limits } = tools;
  const lengths = grids.map(measure);
  const places: number[][] = [];
  let size = OPENING.length;
  let count = 0;
  for (const columns of lengths) {
    places.push(
      columns.map((length) => {
        const start = size + header(count).length;
        size = start + length;
        count++;
        return start;
      }),
    );
  }
  const out = space.bytes(size + CLOSING.length);
  out.set(OPENING);
  let column = 0;
  for (const [i, grid] of grids.entries()) {
    for (const start of places[i]!) {
      const head = header(column++);
      out.set(head, start - head.length);
    }
    write(grid, places[i]!, out);
  }
  out.set(CLOSING, size);
  let table: Table;
  try {
    table = engine.json(out, 'document', limits).table;
  } catch (error) {
    throw located(error, grids);
  }
  return Array.from({ length: count }, (_, k) => table.column(String(k)));
}

const encoder = new TextEncoder();
const OPENING = encoder.encode('{"columns":{');
const CLOSING = encoder.encode('}}');
/** Behind each column's last value stands "]". */
const header = (k: number): Uint8Array => encoder.encode(`${k === 0 ? '' : ','}"${k}":[`);

/** Bytes that each column of a grid takes: its values, each with a comma or the closing bracket behind it. */
function measure(grid: Grid): number[] {
  const { text, width } = grid;
  const lengths = new Float64Array(width);
  eachValue(grid, (start, end, index) => {
    lengths[index % width]! += (isNan(text, start, end) ? 4 : end - start) + 1;
  });
  return [...lengths];
}

function write(grid: Grid, starts: readonly number[], out: Uint8Array): void {
  const { text, width } = grid;
  const ends = Float64Array.from(starts);
  eachValue(grid, (start, end, index) => {
    const column = index % width;
    let to = ends[column]!;
    if (isNan(text, start, end)) {
      out.set(NULL, to);
      to += NULL.length;
    } else for (let from = start; from < end; from++) out[to++] = text[from]!;
    out[to] = COMMA;
    ends[column] = to + 1;
  });
  for (const end of ends) out[end - 1] = CLOSE;
}

/** A fault of the columns that were written, where it stands in what came. */
function located(error: unknown, grids: readonly Grid[]): unknown {
  if (!(error instanceof Problem)) return error;
  const [, name, row] = /^\/columns\/(\d+)(?:\/(\d+))?$/u.exec(error.faults[0]?.pointer ?? '') ?? [];
  if (name !== undefined) {
    let column = Number(name);
    for (const grid of grids) {
      const { width, pointer, text, stretch } = grid;
      if (column < width) {
        const nested = isNested(text, stretch.start);
        const at = row === undefined ? pointer : pointerTo({ ...grid, nested }, Number(row) * width + column);
        return Problem.at(at, error.code, error.message);
      }
      column -= width;
    }
  }
  return error.code === 'invalid_json' || error.code === 'invalid_utf8'
    ? (firstFault(grids) ?? error)
    : error;
}

/** The first value that is no JSON, by reading them one by one. */
function firstFault(grids: readonly Grid[]): unknown {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    for (const grid of grids)
      eachValue(grid, (start, end) => {
        if (isNan(grid.text, start, end)) return;
        let word: string;
        try {
          word = utf8.decode(grid.text.slice(start, end));
        } catch {
          throw new Problem('invalid_utf8', `expected UTF-8, got bytes that are not, at byte ${start}`);
        }
        try {
          JSON.parse(word);
        } catch {
          refuseSyntax(grid.text, start, 'a value');
        }
      });
  } catch (fault) {
    return fault;
  }
  return undefined;
}
