/** JSON as columns: what parses, what it becomes, what is refused and where. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { readConfig } from '../../src/config.js';
import { json as jsJson } from '../../src/engine/js/json.js';
import type { JsonKernel } from '../../src/ports/engine.js';
import type { TableLimits } from '../../src/ports/limits.js';
import { Problem } from '../../src/ports/problem.js';
import type { Cell, Table } from '../../src/ports/tables.js';
import { describeEngines } from './engines.js';
import { REFUSED_JSON } from './refused-json.js';

const LIMITS = readConfig({}).tableLimits;
const SUITE = join(__dirname, '..', 'corpora', 'json-parsing');

interface Read {
  readonly columns: [name: string, type: string, cells: Cell[], missing: number | null, inexact: number][];
  readonly rest: [string, unknown][];
}

function contents(table: Table): Read['columns'] {
  return table.names.map((name) => {
    const column = table.column(name);
    const cells = [...column.cells()];
    expect(cells).toHaveLength(table.rows);
    if ('numbers' in column) {
      const values = column.numbers.chunks.flatMap((chunk) => Array.from(chunk.values));
      expect(values.map((x) => (Number.isNaN(x) ? null : x))).toEqual(
        cells.map((x) => (x === null ? x : +x)),
      );
      return [name, column.type, cells, null, column.inexact];
    }
    return [name, column.type, cells, column.missing, 0];
  });
}

function read(
  kernel: JsonKernel,
  text: string | Uint8Array,
  shape: 'document' | 'lines',
  limits: TableLimits,
): Read {
  const { table, rest } = kernel(Buffer.from(text), shape, limits);
  return { columns: contents(table), rest: [...rest].map(([key, value]) => [key, JSON.parse(value)]) };
}

/** The table, or the code of the problem and where it is. */
function outcome(
  kernel: JsonKernel,
  text: string | Uint8Array,
  shape: 'document' | 'lines' = 'document',
): unknown {
  try {
    return read(kernel, text, shape, LIMITS);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return [error.code, error.faults[0]?.pointer];
  }
}

const BAD_TEXT = ['invalid_json', 'invalid_utf8', 'too_deep'];

describeEngines((under) => {
  const of = (text: string | Uint8Array, limits = LIMITS): Read['columns'] =>
    read(under().engine.json, text, 'document', limits).columns;
  const lines = (text: string): Read['columns'] => read(under().engine.json, text, 'lines', LIMITS).columns;
  const problem = (
    text: string | Uint8Array,
    shape: 'document' | 'lines' = 'document',
    limits = LIMITS,
  ): unknown => {
    try {
      read(under().engine.json, text, shape, limits);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      expect(error.message).toMatch(/^expected .*got /su);
      return [error.code, error.faults[0]?.pointer];
    }
    return 'nothing refused';
  };

  test('rows: every type, absent keys, keys in any order', () => {
    const rows =
      '[{"n":1,"s":"x","b":true,"m":1},{"b":false,"n":2.5e0,"m":"y"},{"late":null,"s":null,"n":null,"m":false}]';
    expect(of(`{"data":${rows}}`)).toEqual([
      ['n', 'number', [1, 2.5, null], null, 0],
      ['s', 'string', ['x', null, null], 2, 0],
      ['b', 'boolean', [true, false, null], null, 0],
      ['m', 'mixed', [1, 'y', false], 0, 0],
      ['late', 'mixed', [null, null, null], 3, 0],
    ]);
  });

  test('columns, and lines, are the same table as rows', () => {
    const expected = of('{"data":[{"a":1,"b":"x"},{"a":null,"b":"y"}]}');
    expect(of('{"columns":{"a":[1,null],"b":["x","y"]}}')).toEqual(expected);
    expect(lines('{"a":1,"b":"x"}\n{"a":null,"b":"y"}')).toEqual(expected);
    expect(lines('\r\n{"a":1,"b":"x"}\r\n\n \t\n{"b":"y","a":null}\n\n')).toEqual(expected);
  });

  test('other members are given as text, the last of equal keys', () => {
    const text =
      ' {"options" : {"a":[1, {"b":null}]},\n"data":[{"a":1}], "x":"\\u0041", "options":{"n_clusters":2} }\n';
    expect(read(under().engine.json, text, 'document', LIMITS).rest).toEqual(
      [
        ['options', { n_clusters: 2 }],
        ['x', 'A'],
      ].sort(),
    );
  });

  test('of duplicate keys the last wins, everywhere', () => {
    expect(
      of('{"data":[{"a":"x","b":1,"a":2},{"a":1,"a":null},{"a":[],"a":3},{"a":null,"a":null}]}'),
    ).toEqual([
      ['a', 'number', [2, null, 3, null], null, 0],
      ['b', 'number', [1, null, null, null], null, 0],
    ]);
    expect(of('{"data":5,"data":[{"a":1}]}')).toEqual([['a', 'number', [1], null, 0]]);
    expect(of('{"columns":{"a":[1,2,3],"b":["x"],"a":[true]}}')).toEqual([
      ['a', 'boolean', [true], null, 0],
      ['b', 'string', ['x'], 0, 0],
    ]);
  });

  test('names that look like others, or like parts of objects', () => {
    const names = [
      '',
      'a',
      'aa',
      'abcdefgh',
      'abcdefgi',
      'abcdefgh1',
      '__proto__',
      'toString',
      'a"b',
      'a\\',
      'ä€😀',
      '\n',
      '\u0000',
    ];
    const row = `{${names.map((name, i) => `${JSON.stringify(name)}:${i}`).join(',')}}`;
    const found = of(`{"data":[${row},${row}]}`);
    expect(found).toEqual(names.map((name, i) => [name, 'number', [i, i], null, 0]));
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test('strings: escapes are the characters they stand for, also for what is equal', () => {
    const strings = [
      'A',
      '\\u0041',
      'é',
      '\\u00e9',
      '\\ud83d\\ude00',
      '😀',
      '\\"\\\\\\/\\b\\f\\n\\r\\t',
      '',
      '\\ud800',
      '\\udc00x',
    ];
    const cells = strings.map((text) => JSON.parse(`"${text}"`) as string);
    const text = `{"columns":{"a":[${strings.map((one) => `"${one}"`).join(',')}],"\\u0062":[${'1,'.repeat(9)}1]}}`;
    expect(of(text).map(([name, type, found]) => [name, type, found])).toEqual([
      ['a', 'string', cells],
      ['b', 'number', Array<number>(10).fill(1)],
    ]);
  });

  test('integers beyond 2^53 that float64 cannot hold are counted', () => {
    const numbers = [
      '9007199254740993',
      '9007199254740992',
      '-9007199254740993',
      '1e300',
      '9007199254740993.0',
      '1180591620717411303424',
      '1180591620717411303425',
    ];
    const [[, , cells, , inexact]] = of(`{"columns":{"a":[${numbers.join(',')}]}}`) as [Read['columns'][0]];
    expect(cells).toEqual(numbers.map(Number));
    expect(inexact > 0).toBe(true);
    if (under().engine.name === 'wasm') expect(inexact).toBe(3);
  });

  test('many rows and columns that come and go keep their places', () => {
    const rows = Array.from({ length: 70_000 }, (_, i) => ({
      always: i,
      ...(i % 3 === 0 ? { third: i / 7 } : {}),
      ...(i > 66_000 && i < 66_010 ? { rare: `r${i % 4}` } : {}),
      ...(i === 0 || i === 69_999 ? { ends: true } : {}),
    }));
    const table = under().engine.json(Buffer.from(JSON.stringify({ data: rows })), 'document', LIMITS).table;
    expect([...table.names].sort()).toEqual(['always', 'ends', 'rare', 'third']);
    const wrong = table.names.filter((name) => {
      const cells = [...table.column(name).cells()];
      return rows.some((row, i) => ((row as Record<string, Cell | undefined>)[name] ?? null) !== cells[i]);
    });
    expect(wrong).toEqual([]);
    const lengths = table.names.map((name) => {
      const column = table.column(name);
      return 'numbers' in column ? column.numbers.chunks.map(({ values }) => values.length).join() : '';
    });
    expect(new Set(lengths.filter((text) => text !== '')).size).toBe(1);
  });

  test.each(REFUSED_JSON.map(([text, ...expected]) => [text.slice(0, 50), text, expected] as const))(
    '%j → refused',
    (_start, text, [code, pointer]) => {
      const found = problem(text) as unknown[];
      expect(found).toEqual([code, pointer ?? found[1]]);
    },
  );

  test.each([
    ['{"a":1} {"a":2}', 'invalid_json', undefined],
    ['{"a":1,\n"b":2}', 'invalid_json', undefined],
    ['{"a":1}\n[1]', 'invalid_request', '/1'],
    ['{"a":1}\n\n{"a":{}}', 'unsupported_value', '/1/a'],
    ['\n\n', 'no_data', ''],
    ['{}\n{}', 'no_data', ''],
  ])('lines %j → %s', (text, code, pointer) => {
    expect(problem(text, 'lines')).toEqual([code, pointer]);
  });

  test('UTF-8 is checked in names, strings and between them', () => {
    for (const bytes of ['ff', 'c080', 'eda080', 'f4908080', 'e282', 'f09f98', 'c3']) {
      for (const [before, after] of [
        ['{"data":[{"a":"', '"}]}'],
        ['{"data":[{"', '":1}]}'],
        ['{"data":[{"a":1}]', '}'],
      ]) {
        const text = Buffer.concat([Buffer.from(before!), Buffer.from(bytes, 'hex'), Buffer.from(after!)]);
        expect(BAD_TEXT).toContain((problem(text) as unknown[])[0]);
      }
    }
    expect(of(Buffer.from('\ufeff{"data":[{"a":"ü"}]}'))).toEqual([['a', 'string', ['ü'], 0, 0]]);
  });

  test('limits on rows, cells and columns', () => {
    const rows = (count: number, columns = 1): string =>
      JSON.stringify({
        data: Array.from({ length: count }, () =>
          Object.fromEntries(Array.from({ length: columns }, (_, i) => [`c${i}`, 1])),
        ),
      });
    const limits = { ...LIMITS, rows: 5, cells: 12, columns: 4 };
    expect(of(rows(5, 2), limits)).toHaveLength(2);
    expect(problem(rows(6), 'document', limits)).toEqual(['too_many_rows', undefined]);
    expect(problem(rows(4, 4), 'document', limits)).toEqual(['too_many_cells', undefined]);
    expect((problem(rows(1, 5), 'document', limits) as unknown[])[0]).toBe('too_many_columns');
    expect(problem('{"columns":{"a":[1,2,3,4,5,6]}}', 'document', limits)).toEqual([
      'too_many_rows',
      undefined,
    ]);
  });

  describe('JSONTestSuite', () => {
    const files = readdirSync(SUITE).filter((name) => /^[yni]_.*\.json$/u.test(name));

    test('is whole', () => {
      expect(files.length).toBeGreaterThan(300 - 100);
    });

    test.each(files)('%s', (name) => {
      const bytes = readFileSync(join(SUITE, name));
      const wrapped = Buffer.concat([Buffer.from('{"data":[{"a":1}],"options":'), bytes, Buffer.from('}')]);
      const [plain, inside] = [bytes, wrapped].map((text) => outcome(under().engine.json, text));
      const code = (found: unknown): unknown => (Array.isArray(found) ? found[0] : 'read');
      if (name.startsWith('n_')) {
        expect(BAD_TEXT).toContain(code(plain));
        expect(BAD_TEXT).toContain(code(inside));
      } else if (name.startsWith('y_')) {
        expect(JSON.stringify((inside as Read).rest)).toBe(
          JSON.stringify([['options', JSON.parse(bytes.toString())]]),
        );
        const top = bytes.toString().trim();
        if (/^[[{]/u.test(top)) expect(BAD_TEXT).not.toContain(code(plain));
      } else {
        expect(typeof code(plain)).toBe('string');
      }
    });
  });

  test('any table, written in any way, is read as what it is', () => {
    const scalar = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.boolean(),
      fc.constant(null),
    );
    const rows = fc.array(
      fc.dictionary(
        fc.string({ unit: 'grapheme', maxLength: 12 }).map((name) => `k${name}`),
        scalar,
        { minKeys: 1, maxKeys: 5 },
      ),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(rows, fc.infiniteStream(fc.constantFrom('', '', ' ', '\n', '\r\n\t')), (table, gaps) => {
        const gap = (): string => String(gaps.next().value ?? '');
        const key = (text: string): string => `${gap()}${JSON.stringify(text)}${gap()}:${gap()}`;
        const body = table.map(
          (row) =>
            `{${Object.entries(row)
              .map(([name, cell]) => `${key(name)}${JSON.stringify(cell)}${gap()}`)
              .join(',')}}${gap()}`,
        );
        const names = [...new Set(table.flatMap((row) => Object.keys(row)))];
        const found = of(`${gap()}{${key('data')}[${gap()}${body.join(`,${gap()}`)}]${gap()}}`);
        expect(found.map(([name]) => name)).toEqual(names);
        for (const [name, , cells] of found) {
          expect(cells).toEqual(
            table.map((row) =>
              Object.hasOwn(row, name) ? (row[name] === 0 ? +JSON.stringify(row[name]) : row[name]) : null,
            ),
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  test('the engines agree on text that was tampered with', () => {
    const seeds = [
      '{"data":[{"a":1.5,"b":"x"},{"b":null,"c":true}],"options":{"k":[1,2]}}',
      '{"columns":{"a":[1,-2e3],"bcdefghij":["\\u00e9","é"]}}',
    ];
    const junk = fc.constantFrom(
      '"',
      ',',
      ':',
      '{',
      '}',
      '[',
      ']',
      '1',
      '-',
      '.',
      'e',
      '\\',
      'null',
      'true',
      ' ',
      '\n',
      'é',
      '\u0000',
      '"a":1',
      'x',
    );
    const edits = fc.array(fc.tuple(fc.nat(80), fc.nat(3), fc.option(junk)), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.constantFrom(...seeds), edits, (seed, changes) => {
        let text = seed;
        for (const [place, drop, put] of changes)
          text = text.slice(0, place) + (put ?? '') + text.slice(place + drop);
        const [ours, theirs] = [under().engine.json, jsJson].map((kernel) => outcome(kernel, text));
        if (Array.isArray(theirs) || Array.isArray(ours))
          expect([text, Array.isArray(ours)]).toEqual([text, Array.isArray(theirs)]);
        else
          expect((ours as Read).columns.map(([name]) => name).sort()).toEqual(
            (theirs as Read).columns.map(([name]) => name).sort(),
          );
      }),
      { numRuns: 3000 },
    );
  });
});
