/** CSV as columns: types inferred over whole columns, strict quoting, the same table from every engine. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { jsEngine } from '../../src/engine/js/engine.js';
import type { Engine } from '../../src/ports/engine.js';
import type { TableLimits } from '../../src/ports/limits.js';
import { Problem } from '../../src/ports/problem.js';
import type { Cell, Table } from '../../src/ports/tables.js';
import { csvTables, written } from './csv-text.js';
import { describeEngines } from './engines.js';

const LIMITS: TableLimits = {
  rows: 1_000_000,
  cells: 4_000_000,
  columns: 4096,
  nameBytes: 1024,
  depth: 32,
  decodedBytes: 2 ** 30,
  ratio: 200,
  ratioFrom: 2 ** 20,
};

interface Plain {
  readonly rows: number;
  readonly columns: Record<string, { type: string; cells: Cell[]; missing: number; inexact: number }>;
}

function plain(table: Table): Plain {
  const columns = table.names.map((name) => {
    const column = table.column(name);
    const cells = [...column.cells()];
    const missing = 'missing' in column ? column.missing : cells.filter((cell) => cell === null).length;
    const values = 'numbers' in column ? column.numbers.chunks.flatMap((chunk) => [...chunk.values]) : null;
    // What kernels see is what `cells` tells.
    if (values !== null) {
      expect(values.map((value) => (Number.isNaN(value) ? null : value))).toEqual(
        cells.map((cell) => (cell === null ? null : Number(cell))),
      );
    }
    return [name, { type: column.type, cells, missing, inexact: 'inexact' in column ? column.inexact : 0 }];
  });
  return { rows: table.rows, columns: Object.fromEntries(columns) as Plain['columns'] };
}

/** A table, or the problem. Only of the form of CSV must the words be the same in all engines. */
function outcome(engine: Engine, body: Uint8Array, limits: TableLimits): unknown {
  try {
    return plain(engine.csv(body, limits));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { code, message, faults } = error;
    return {
      code,
      pointers: faults.map(({ pointer }) => pointer),
      message: code === 'invalid_csv' ? message : '',
    };
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describeEngines((under) => {
  const read = (text: string, limits = LIMITS): Plain => plain(under().engine.csv(bytes(text), limits));
  const typed = (...fields: string[]): [string, Cell[]] => {
    const { type, cells } = read(`"",b\n${fields.map((field) => `${field},\n`).join('')}`).columns['']!;
    return [type, cells];
  };
  const refusal = (text: string | Uint8Array, limits = LIMITS): Problem => {
    try {
      under().engine.csv(typeof text === 'string' ? bytes(text) : text, limits);
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
    throw new Error('expected a problem, got a table');
  };

  test('a table', () => {
    expect(read('id,name,ok,none\n1,Ada,true,\n2,"Grace, ""Amazing""",False,\n')).toEqual({
      rows: 2,
      columns: {
        id: { type: 'number', cells: [1, 2], missing: 0, inexact: 0 },
        name: { type: 'string', cells: ['Ada', 'Grace, "Amazing"'], missing: 0, inexact: 0 },
        ok: { type: 'boolean', cells: [true, false], missing: 0, inexact: 0 },
        none: { type: 'mixed', cells: [null, null], missing: 2, inexact: 0 },
      },
    });
  });

  test.each<[string, string[], string, Cell[]]>([
    ['numbers', ['1', '+.5', '2.', '-1e5', '007', '1E-2'], 'number', [1, 0.5, 2, -1e5, 7, 0.01]],
    ['minus zero', ['-0', '-0.0'], 'number', [-0, -0]],
    [
      'infinities',
      ['inf', '-INF', '+Infinity', 'infinity'],
      'number',
      [Infinity, -Infinity, Infinity, Infinity],
    ],
    ['nan is missing among numbers', ['1', 'nan', 'NaN', '-NAN', ''], 'number', [1, null, null, null, null]],
    ['nan is text among texts', ['nan', 'x', ''], 'string', ['nan', 'x', null]],
    ['nan is text among booleans', ['nan', 'true'], 'string', ['nan', 'true']],
    ['only nan: nothing is known', ['nan', '', 'NaN'], 'mixed', [null, null, null]],
    ['quoted numbers', ['"1"', '" 2 "'], 'number', [1, 2]],
    ['blanks around numbers', [' 1', '2\t', '\t 3 '], 'number', [1, 2, 3]],
    ['blanks around booleans', [' true ', 'FALSE\t'], 'boolean', [true, false]],
    ['blanks stay in strings', [' 1 ', ' x '], 'string', [' 1 ', ' x ']],
    ['only blanks are text', ['1', ' '], 'string', ['1', ' ']],
    ['empty quotes are missing', ['""', '1'], 'number', [null, 1]],
    [
      'booleans',
      ['true', 'True', 'TRUE', 'false', 'False', 'FALSE'],
      'boolean',
      [true, true, true, false, false, false],
    ],
    ['other cases are no booleans', ['tRUE', 'true'], 'string', ['tRUE', 'true']],
    ['booleans and numbers', ['true', '1'], 'string', ['true', '1']],
    ['numbers and booleans', ['1', 'true', '2'], 'string', ['1', 'true', '2']],
    ['booleans and infinity', ['true', 'inf'], 'string', ['true', 'inf']],
    [
      'numbers, then text: as they were written',
      ['1.50', '+2', '', 'x'],
      'string',
      ['1.50', '+2', null, 'x'],
    ],
    ['no underscores, no hexadecimal', ['1_000', '0x10'], 'string', ['1_000', '0x10']],
    [
      'no number',
      ['1e', '.', '+', '1 2', '1.2.3', '--1', 'e5'],
      'string',
      ['1e', '.', '+', '1 2', '1.2.3', '--1', 'e5'],
    ],
    ['doubled quotes', ['""""', '"a""b"', '"1"""'], 'string', ['"', 'a"b', '1"']],
    ['newlines and commas in quotes', ['"a\r\nb"', '"c,d"', '"\r"'], 'string', ['a\r\nb', 'c,d', '\r']],
    ['text beyond ASCII', ['é', '"日本,"', '🙂'], 'string', ['é', '日本,', '🙂']],
    ['NUL', ['\0', '"a\0b"', '1'], 'string', ['\0', 'a\0b', '1']],
    [
      'formulas and prototypes',
      ['=cmd()', '__proto__', 'constructor'],
      'string',
      ['=cmd()', '__proto__', 'constructor'],
    ],
  ])('%s', (_, fields, type, cells) => {
    expect(typed(...fields)).toEqual([type, cells]);
  });

  test.each(['\n', '\r\n', '\r'])(
    'lines end with %j; the last one need not, blank ones are left out',
    (end) => {
      const columns = {
        a: { type: 'number', cells: [1, 3], missing: 0, inexact: 0 },
        b: { type: 'number', cells: [2, 4], missing: 0, inexact: 0 },
      };
      expect(read(['a,b', '1,2', '3,4'].join(end))).toEqual({ rows: 2, columns });
      expect(read(['', '', 'a,b', '', '1,2', '', '', '3,4', '', ''].join(end))).toEqual({ rows: 2, columns });
    },
  );

  test('a byte order mark is skipped, one', () => {
    expect(Object.keys(read('\ufeffa\n1').columns)).toEqual(['a']);
    expect(Object.keys(read('\ufeff"a"\n1').columns)).toEqual(['a']);
    expect(Object.keys(read('\ufeff\ufeffa\n1').columns)).toEqual(['\ufeffa']);
  });

  test('a short line misses its last fields; quotes alone are a row of one missing', () => {
    const { rows, columns } = read('a,b,c\n1\n""\n2,3\n4,,\n,,5');
    expect(rows).toBe(5);
    expect(columns['a']!.cells).toEqual([1, null, 2, 4, null]);
    expect(columns['b']!.cells).toEqual([null, null, 3, null, null]);
    expect(columns['c']!.cells).toEqual([null, null, null, null, 5]);
  });

  test('names are what stands there: empty, quoted, over two lines, of prototypes', () => {
    const text = '"a,b","c""d","e\nf",,__proto__,constructor, g \n1,2,3,4,5,6,7\n';
    const { names } = under().engine.csv(bytes(text), LIMITS);
    expect(names).toEqual(['a,b', 'c"d', 'e\nf', '', '__proto__', 'constructor', ' g ']);
  });

  test('integers that lose digits are counted', () => {
    const text =
      'a,b\n9007199254740993,1\n9007199254740992,2\n1180591620717411303425,3\n1180591620717411303424,4\n';
    const { columns } = read(text);
    expect([columns['a']!.inexact, columns['b']!.inexact]).toEqual([2, 0]);
    expect(columns['a']!.cells).toEqual([2 ** 53, 2 ** 53, 2 ** 70, 2 ** 70]);
  });

  test.each([
    ['nothing', '', 'invalid_csv', /names, got none/u],
    ['blank lines', '\n\r\n\r', 'invalid_csv', /names, got none/u],
    ['a byte order mark', '\ufeff', 'invalid_csv', /names, got none/u],
    ['only names', 'a,b\n', 'no_data', /at least one row/u],
    ['only names, no newline', 'a', 'no_data', /at least one row/u],
    ['a quote inside a field', 'a,b\r\n1,é"2"\r\n', 'invalid_csv', /a quote inside it at line 2, column 4/u],
    ['a quote behind a number', 'a\r1"', 'invalid_csv', /a quote inside it at line 2, column 2/u],
    [
      'text behind a quote',
      'a\n\n"b"c',
      'invalid_csv',
      /behind a closing quote, got .* at line 3, column 4/u,
    ],
    [
      'a blank behind a quote',
      '"a" ,b\n1,2',
      'invalid_csv',
      /behind a closing quote, got .* at line 1, column 4/u,
    ],
    [
      'a NUL behind a quote',
      'a\n"b"\0',
      'invalid_csv',
      /behind a closing quote, got .* at line 2, column 4/u,
    ],
    ['an open quote', 'a\n1\n"b\nc', 'invalid_csv', /the end of the body in the field at line 3, column 1/u],
    [
      'an open quote at the end',
      'a,"',
      'invalid_csv',
      /the end of the body in the field at line 1, column 3/u,
    ],
    [
      'doubled quotes at the end',
      'a\n"b""',
      'invalid_csv',
      /the end of the body in the field at line 2, column 1/u,
    ],
    [
      'a long line',
      'a,b\n1,2\n1,2,3\n',
      'invalid_csv',
      /at most 2 fields as in the first line.* line 3, column 5/u,
    ],
    [
      'an empty field too many',
      'a\n1,',
      'invalid_csv',
      /at most 1 field as in the first line.* line 2, column 3/u,
    ],
    ['a long line behind a field of two lines', 'a\n"x\ny"\n1,2', 'invalid_csv', /line 4, column 3/u],
    ['the same name twice', 'a,b,a\n1,2,3', 'duplicate_column', /"a" twice/u],
    ['two empty names', ',\n1,2', 'duplicate_column', /"" twice/u],
    ['a name quoted and not', 'a,"a"\n1,2', 'duplicate_column', /"a" twice/u],
  ])('refuses %s', (_, text, code, message) => {
    const problem = refusal(text);
    expect({ code: problem.code, message: problem.message }).toEqual({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  test.each([
    [[0x61, 0x0a, 0xff]],
    [[0x61, 0x0a, 0x22, 0xc3, 0x22]],
    [[0xed, 0xa0, 0x80, 0x0a, 0x31]],
    [[0x61, 0x0a, 0xc0, 0x80]],
    [[...bytes(`a\n${'x'.repeat(100)}`), 0xf0, 0x9f, 0x99]],
  ])('refuses bytes that are not UTF-8: %j', (given) => {
    expect(refusal(Uint8Array.from(given)).code).toBe('invalid_utf8');
  });

  test('a number beyond float64 is refused with its place, the first one; in a column of strings it is text', () => {
    const problem = refusal('a,b/c,d\n1,2,1e999\n\n1,-1e400,3\n1e309,2,x\n');
    expect(problem.faults).toMatchObject([{ pointer: '/1/b~1c', code: 'number_out_of_range' }]);
    expect(refusal(`a\n"${'9'.repeat(5000)}"\n`).code).toBe('number_out_of_range');
    expect(read('a\n1e999\nx\n').columns['a']!.cells).toEqual(['1e999', 'x']);
    expect(read('a\n1e999\ntrue\n').columns['a']!.cells).toEqual(['1e999', 'true']);
    expect(read('a\n1e-999\n').columns['a']!.cells).toEqual([0]);
  });

  test('limits: rows, cells, columns, names', () => {
    const limits = { ...LIMITS, rows: 3, cells: 4, columns: 3, nameBytes: 4 };
    expect(read('a\n1\n2\n3\n', limits).rows).toBe(3);
    expect(refusal('a\n1\n2\n3\n4\n', limits).code).toBe('too_many_rows');
    expect(read('a,b\n1,2\n3,4\n', limits).rows).toBe(2);
    expect(refusal('a,b\n1,2\n3,4\n5\n', limits).code).toBe('too_many_cells');
    expect(refusal('a,b,c,d\n1,2\n', limits).faults).toMatchObject([
      { pointer: '/d', code: 'too_many_columns' },
    ]);
    expect(read('éé\n1', limits).rows).toBe(1);
    expect(refusal('éé!\n1', limits).faults).toMatchObject([
      { pointer: '/éé!', code: 'invalid_column_name' },
    ]);
  });

  test('columns that turn out to be strings late, over many segments of rows', () => {
    const rows = 70_000;
    const lines = Array.from({ length: rows }, (_, i) => {
      const [late, sparse] = [i === rows - 1 ? 'x' : i % 3 === 0 ? '' : `${i}.0`, i === 40_000 ? 'y' : ''];
      return `${i},${late},${sparse},${i % 2 === 0 ? 'true' : i === 255 ? '1' : 'false'},${i % 5}`;
    });
    const { columns } = read(`n,late,sparse,flag,s\n${lines.join('\n')}`);
    expect(columns['n']).toMatchObject({ type: 'number', cells: Array.from({ length: rows }, (_, i) => i) });
    expect(columns['late']!.type).toBe('string');
    expect(columns['late']!.cells.slice(0, 4)).toEqual([null, '1.0', '2.0', null]);
    expect(columns['late']!.cells.slice(-2)).toEqual(['69998.0', 'x']);
    expect(columns['late']!.missing).toBe(Math.ceil(rows / 3) - (rows % 3 === 1 ? 1 : 0));
    expect(columns['sparse']).toMatchObject({ type: 'string', missing: rows - 1 });
    expect(columns['sparse']!.cells[40_000]).toBe('y');
    expect(columns['flag']!.cells.slice(254, 257)).toEqual(['true', '1', 'true']);
  });

  test('law: a table that is written, with whatever quotes and line endings, is read as it was', () => {
    fc.assert(
      fc.property(csvTables, ({ columns, style }) => {
        const expected = Object.fromEntries(
          columns.map(({ name, type, cells }) => {
            const missing = cells.filter((cell) => cell === null).length;
            return [name, { type: missing === cells.length ? 'mixed' : type, cells, missing, inexact: 0 }];
          }),
        );
        expect(read(written(columns, style)).columns).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test('agrees with the js engine on hostile texts', async () => {
    const second = await jsEngine();
    const parts = [
      'a',
      'bc',
      ',',
      ',',
      ',',
      '"',
      '"',
      '""',
      '\n',
      '\n',
      '\r',
      '\r\n',
      ' ',
      '\t',
      '1',
      '-',
      '.5',
      '2.',
      '1e5',
    ]
      .concat([
        '1e999',
        'nan',
        '-Inf',
        'true',
        'False',
        'é',
        '\0',
        '\ufeff',
        '9007199254740993',
        '1e',
        '"\0',
        'a,b\n',
      ])
      .map((part) => Buffer.from(part));
    const part = fc.oneof(
      { weight: 60, arbitrary: fc.constantFrom(...parts) },
      { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 2 }) },
    );
    const small = { ...LIMITS, rows: 4, cells: 9, columns: 4, nameBytes: 5 };
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), fc.boolean(), (drawn, limited) => {
        const body = Buffer.concat(drawn);
        const limits = limited ? small : LIMITS;
        expect(outcome(under().engine, body, limits)).toEqual(outcome(second, body, limits));
      }),
      { numRuns: 2000 },
    );
  });

  const corpus = join(__dirname, '..', 'corpora', 'csv-fuzz');
  test.each(readdirSync(corpus))(
    '%s: a problem or a table, the same as of the js engine, within a second',
    async (name) => {
      const body = readFileSync(join(corpus, name));
      const second = await jsEngine();
      const started = performance.now();
      const got = outcome(under().engine, body, LIMITS);
      expect(performance.now() - started).toBeLessThan(1000);
      expect(got).toEqual(outcome(second, body, LIMITS));
    },
  );
});
