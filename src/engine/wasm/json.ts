import type { JsonKernel } from '../../ports/engine.js';
import { type TableLimits, token, tooDeep } from '../../ports/limits.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { Arena } from './arena.js';
import type { Kernels } from './exports.js';
import { firstName, parse, placeText, pointerOf, refuse, type Report, tableOf, textAt } from './table.js';

/** What was expected, by assembly/syntax.ts. */
const EXPECTED = [
  'a JSON object',
  'a key in quotes',
  'a colon behind a key',
  'a comma or the end of what was begun',
  'a value',
  'the end of the document',
  'the end of a string',
  'an escape sequence of JSON',
  'a row object',
  'the end of a line',
];

const DATA = 1;
const COLUMNS = 2;

export const json =
  (kernels: Kernels, arena: Arena): JsonKernel =>
  (body, shape, limits) => {
    if (body.length === 0) throw new Problem('invalid_json', 'expected a JSON document, got an empty body');
    const lines = shape === 'lines';
    const start = placeText(arena, body);
    const kernel = (frame: number): void => {
      kernels.json_parse(frame, start, body.length, lines);
    };
    const report = parse(arena, start, limits, kernel, true);
    const { rest: words } = report;
    const [members, shapes, otherData, otherColumns, topArray] = [
      words[0]!,
      words[1]!,
      words[2]!,
      words[3]!,
      words[4]!,
    ];
    const base = lines ? '' : shapes & COLUMNS ? '/columns' : '/data';
    if (report.fault !== 'none') throw fault(report, base, body, limits, arena);
    const rest = new Map<string, string>();
    if (!lines) {
      if (topArray === 1)
        throw Problem.at('', 'invalid_request', 'expected an object with "data" or "columns", got an array');
      if (shapes !== DATA && shapes !== COLUMNS) {
        const got = shapes === 0 ? 'neither' : 'both';
        throw Problem.at('', 'invalid_request', `expected "data" or "columns", got ${got}`);
      }
      const other = shapes === DATA ? otherData : otherColumns;
      if (other !== 0) {
        const wanted = shapes === DATA ? 'an array of row objects' : 'an object of arrays';
        throw Problem.at(base, 'invalid_request', `expected ${wanted}, got ${kindOf(other)}`);
      }
      for (const [key, value] of membersAt(arena, members)) rest.set(key, value);
    }
    if (report.columns === 0 || report.rows === 0) throw noData(report, base, arena);
    return { table: tableOf(arena, report, limits), rest };
  };

function noData({ rows, columns, table }: Report, base: string, arena: Arena): Problem {
  if (rows > 0) return Problem.at(base, 'no_data', 'expected at least one column, got rows without keys');
  if (base === '/columns' && columns === 0)
    return Problem.at(base, 'no_data', 'expected at least one column, got none');
  const pointer = base === '/columns' ? `${base}/${token(firstName(arena, table))}` : base;
  return Problem.at(pointer, 'no_data', 'expected at least one row, got none');
}

/** Other members of the document, in its order. */
function membersAt(arena: Arena, newest: number): [string, string][] {
  const found: [string, string][] = [];
  for (let entry = newest; entry !== 0;) {
    const [next, key, keyLength, lone, value, length] = new Uint32Array(arena.buffer, entry, 6);
    found.push([textAt(arena, key!, keyLength!, lone === 1), textAt(arena, value!, length!, false)]);
    entry = next!;
  }
  return found.reverse();
}

function fault(report: Report, base: string, body: Uint8Array, limits: TableLimits, arena: Arena): Problem {
  refuse(report, base, limits, arena);
  const pointer = pointerOf(report, base);
  switch (report.fault) {
    case 'depth':
      return tooDeep(limits.depth);
    case 'nested': {
      const detail = `expected a number, string, boolean or null, got ${kindOf(report.detail)}`;
      return Problem.at(pointer, 'unsupported_value', detail);
    }
    case 'notRow':
      return Problem.at(pointer, 'invalid_request', `expected a row object, got ${kindOf(report.detail)}`);
    case 'notArray': {
      const detail = `expected an array of values, got ${kindOf(report.detail)}`;
      return Problem.at(pointer, 'invalid_request', detail);
    }
    case 'lengths': {
      const detail = `expected ${report.row} values as in the first column, got ${report.detail}`;
      return Problem.at(pointerOf({ ...report, row: -1 }, base), 'invalid_request', detail);
    }
    default:
      return syntaxProblem(report, body);
  }
}

function syntaxProblem({ at, detail }: Report, body: Uint8Array): Problem {
  const byte = body[at];
  if (byte !== undefined && byte >= 0x80) {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(body.slice(at, at + 4), { stream: true });
    } catch {
      return new Problem('invalid_utf8', `expected UTF-8, got bytes that are not, at byte ${at}`);
    }
  }
  const got =
    byte === undefined
      ? 'the end of the body'
      : JSON.stringify(excerpt(Buffer.from(body.slice(at, at + 8)).toString()));
  return new Problem('invalid_json', `expected ${EXPECTED[detail] ?? 'JSON'}, got ${got} at byte ${at}`);
}

/** What a value is, by its first byte. */
function kindOf(byte: number): string {
  const first = String.fromCharCode(byte);
  if (first === '[') return 'an array';
  if (first === '{') return 'an object';
  if (first === '"') return 'a string';
  if (first === 'n') return 'null';
  return first === 't' || first === 'f' ? 'a boolean' : 'a number';
}
