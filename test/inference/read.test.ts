import fc from 'fast-check';
import { readInference } from '../../src/adapters/inference/read.js';
import type { Decoded } from '../../src/ports/formats.js';
import { cellsOf, describeBoth, refusal, toolsOf } from './tools.js';

describeBoth((under) => {
  const read = async (body: string | Uint8Array): Promise<Decoded> =>
    readInference(typeof body === 'string' ? new TextEncoder().encode(body) : body, toolsOf(under()));
  const readDocument = (document: unknown): Promise<Decoded> => read(JSON.stringify(document));
  const readTensor = (tensor: object): Promise<Decoded> =>
    readDocument({ inputs: [{ name: 'x', ...tensor }] });

  describe('a request of tensors in JSON', () => {
    test('a matrix is a column a place of its rows, nested or flat', async () => {
      const expected = { x_0: [1, 3, 5], x_1: [2, 4, 6] };
      for (const data of [
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
        [1, 2, 3, 4, 5, 6],
      ]) {
        const { table, beside } = await readTensor({ shape: [3, 2], datatype: 'FP64', data });
        expect(cellsOf(table)).toEqual(expected);
        expect(beside?.get('inputs')).toEqual([
          { name: 'x', datatype: 'FP64', shape: [3, 2], columns: ['x_0', 'x_1'] },
        ]);
      }
    });

    test('tensors of one value a row are columns of their names, with what stands beside them', async () => {
      const { table, beside } = await readDocument({
        id: 'q',
        parameters: { binary_data_output: true },
        inputs: [
          { name: 'a', shape: [2], datatype: 'INT32', data: [1, -2] },
          { name: 'b', shape: [2, 1], datatype: 'BYTES', data: [['x'], ['ÿ"\\']] },
          { name: 'c', shape: [2, 1], datatype: 'BOOL', data: [true, false] },
          { name: 'd', shape: [2], datatype: 'BOOL', data: [0, 1] },
          { name: 'e', shape: [2], datatype: 'FP64', data: [null, 2.5] },
        ],
        outputs: [{ name: 'predict' }],
      });
      expect(cellsOf(table)).toEqual({
        a: [1, -2],
        b: ['x', 'ÿ"\\'],
        c: [true, false],
        d: [false, true],
        e: [null, 2.5],
      });
      expect(table.column('d').type).toBe('boolean');
      expect([...(beside?.keys() ?? [])]).toEqual(['id', 'parameters', 'inputs', 'outputs']);
    });

    test('further dimensions are places of a row too; FP32 is rounded as it would be in bytes; NaN is missing', async () => {
      const { table } = await read(
        '{"inputs":[{"name":"t","shape":[2,1,2],"datatype":"FP32","data":[[[0.1,NaN]],[[1e-50,16777217]]]}]}',
      );
      expect(cellsOf(table)).toEqual({ t_0: [Math.fround(0.1), 0], t_1: [null, 16777216] });
    });

    test('integers beyond 2^53 are counted as inexact', async () => {
      const { table } = await read(
        '{"inputs":[{"name":"t","shape":[2],"datatype":"INT64","data":[9007199254740993, 3]}]}',
      );
      expect(table.column('t')).toMatchObject({ type: 'number', inexact: 1 });
    });

    test('keys are read as JSON reads them: escaped ones, and the last of equal ones', async () => {
      const { table } = await read(
        ' { "inp\\u0075ts" : 3, "inputs" : [ { "data" : [ 9 ] , "name":"a", "shape":[1], "datatype":"FP64", "d\\u0061ta" : [ 7 ] } ] } ',
      );
      expect(cellsOf(table)).toEqual({ a: [7] });
    });

    test.each<[string, object, string, string]>([
      ['fewer values', { shape: [3], datatype: 'FP64', data: [1, 2] }, 'invalid_request', '/inputs/0/data'],
      ['more values', { shape: [1], datatype: 'FP64', data: [1, 2] }, 'invalid_request', '/inputs/0/data'],
      [
        'ragged rows',
        { shape: [2, 2], datatype: 'FP64', data: [[1], [2, 3, 4]] },
        'invalid_request',
        '/inputs/0/data',
      ],
      [
        'mixed depths',
        { shape: [1, 3], datatype: 'FP64', data: [1, [2, 3]] },
        'invalid_request',
        '/inputs/0/data',
      ],
      [
        'an empty array inside',
        { shape: [1, 2], datatype: 'FP64', data: [1, [], 2] },
        'invalid_request',
        '/inputs/0/data',
      ],
      ['an object inside', { shape: [1], datatype: 'FP64', data: [{}] }, 'invalid_request', '/inputs/0/data'],
      ['no data', { shape: [1], datatype: 'FP64' }, 'invalid_request', '/inputs/0/data'],
      ['a number as data', { shape: [1], datatype: 'FP64', data: 0 }, 'invalid_request', '/inputs/0/data'],
      [
        'text for numbers',
        { shape: [2], datatype: 'FP64', data: [1, 'a'] },
        'unsupported_value',
        '/inputs/0/data/1',
      ],
      [
        'truth for numbers',
        { shape: [2, 2], datatype: 'INT8', data: [1, true, 1, true] },
        'unsupported_value',
        '/inputs/0/data/1',
      ],
      [
        'numbers for text',
        { shape: [2], datatype: 'BYTES', data: ['a', 1] },
        'unsupported_value',
        '/inputs/0/data/1',
      ],
      [
        '2 for truth',
        { shape: [2], datatype: 'BOOL', data: [1, 2] },
        'unsupported_value',
        '/inputs/0/data/1',
      ],
      [
        'a fraction for an integer',
        { shape: [2], datatype: 'INT8', data: [1, 1.5] },
        'unsupported_value',
        '/inputs/0/data/1',
      ],
      [
        'an integer out of range',
        { shape: [1, 2], datatype: 'UINT8', data: [0, 256] },
        'number_out_of_range',
        '/inputs/0/data/1',
      ],
      [
        'beyond float32',
        { shape: [1], datatype: 'FP32', data: [1e39] },
        'number_out_of_range',
        '/inputs/0/data/0',
      ],
      ['FP16 in JSON', { shape: [1], datatype: 'FP16', data: [1] }, 'unsupported_type', '/inputs/0/data'],
      ['no shape', { datatype: 'FP64', data: [1] }, 'invalid_request', '/inputs/0/shape'],
      ['an empty shape', { shape: [], datatype: 'FP64', data: [1] }, 'invalid_request', '/inputs/0/shape'],
      ['no rows', { shape: [0, 2], datatype: 'FP64', data: [] }, 'no_data', '/inputs/0/shape/0'],
      [
        'a size of text',
        { shape: ['1'], datatype: 'FP64', data: [1] },
        'invalid_request',
        '/inputs/0/shape/0',
      ],
      [
        'a negative size',
        { shape: [-1], datatype: 'FP64', data: [1] },
        'invalid_request',
        '/inputs/0/shape/0',
      ],
      [
        'a size that overflows',
        { shape: [2 ** 40, 2 ** 40], datatype: 'FP64', data: [1] },
        'too_many_rows',
        '',
      ],
      [
        'a width that overflows',
        { shape: [2, 2 ** 53 - 1, 2 ** 53 - 1], datatype: 'FP64', data: [1] },
        'too_many_cells',
        '/inputs/0/shape',
      ],
      [
        'too many columns',
        { shape: [1, 5000], datatype: 'FP64', data: [1] },
        'too_many_columns',
        '/inputs/0/shape',
      ],
      ['BF16', { shape: [1], datatype: 'BF16', data: [1] }, 'unsupported_type', '/inputs/0/datatype'],
      ['no datatype', { shape: [1], data: [1] }, 'unsupported_type', '/inputs/0/datatype'],
      [
        'a name that is none',
        { name: 1, shape: [1], datatype: 'FP64', data: [1] },
        'invalid_request',
        '/inputs/0/name',
      ],
      ['a strange member', { shape: [1], datatype: 'FP64', dta: [1] }, 'invalid_request', '/inputs/0/dta'],
      [
        'shared memory',
        { shape: [1], datatype: 'FP64', parameters: { shared_memory_region: 'r' } },
        'unsupported_value',
        '/inputs/0/parameters/shared_memory_region',
      ],
    ])('%s: refused at its place', async (_, tensor, code, pointer) => {
      const got = await refusal(() => readTensor(tensor));
      expect({ code: got.code, pointer: got.pointer ?? '' }).toEqual({ code, pointer });
    });

    test.each<[string, string, string, string | undefined]>([
      ['no object', '[1]', 'invalid_request', ''],
      ['no inputs', '{}', 'invalid_request', '/inputs'],
      ['empty inputs', '{"inputs":[]}', 'no_data', '/inputs'],
      ['a tensor that is none', '{"inputs":[1]}', 'invalid_request', '/inputs/0'],
      ['an empty body', '', 'invalid_json', undefined],
      ['a cut text', '{"inputs":[{"name":"a","data":[1,', 'invalid_json', undefined],
      [
        'an overflowing literal',
        '{"inputs":[{"name":"a","shape":[1,2],"datatype":"FP64","data":[1,1e999]}]}',
        'number_out_of_range',
        '/inputs/0/data/1',
      ],
      [
        'different rows',
        '{"inputs":[{"name":"a","shape":[1],"datatype":"FP64","data":[1]},{"name":"b","shape":[2],"datatype":"FP64","data":[1,2]}]}',
        'invalid_request',
        '/inputs/1/shape/0',
      ],
      [
        'a name twice',
        '{"inputs":[{"name":"a","shape":[1],"datatype":"FP64","data":[1]},{"name":"a","shape":[1],"datatype":"FP64","data":[1]}]}',
        'duplicate_column',
        '/inputs/1/name',
      ],
      [
        'a name of another column',
        '{"inputs":[{"name":"a","shape":[1,2],"datatype":"FP64","data":[1,2]},{"name":"a_1","shape":[1],"datatype":"FP64","data":[1]}]}',
        'duplicate_column',
        '/inputs/1/name',
      ],
    ])('%s: refused', async (_, text, code, pointer) => {
      expect(await refusal(() => read(text))).toMatchObject({ code, pointer });
    });

    test('words that are no JSON are shown at their byte', async () => {
      const text = '{"inputs":[{"name":"a","shape":[2,2],"datatype":"FP64","data":[[1,2],[tru,4]]}]}';
      const got = await refusal(() => read(text));
      expect(got.code).toBe('invalid_json');
      expect(got.detail).toBe(`expected a value, got "tru,4]]}" at byte ${text.indexOf('tru')}`);
      const broken = Buffer.from('{"inputs":[{"name":"a","shape":[1],"datatype":"BYTES","data":["?"]}]}');
      broken[broken.indexOf('?')] = 0xff;
      expect(await refusal(() => read(broken))).toMatchObject({ code: 'invalid_utf8' });
    });

    test('a head that is large beside its data is refused, and so is deep nesting', async () => {
      const long = `{"parameters":{"a":"${'x'.repeat(5 * 2 ** 20)}"},"inputs":[]}`;
      expect(await refusal(() => read(long))).toMatchObject({ code: 'too_large' });
      const deep = `{"parameters":${'['.repeat(1e5)}${']'.repeat(1e5)}}`;
      expect(await refusal(() => read(deep))).toMatchObject({ code: 'too_deep' });
    });

    test('what is drawn is what is read, flat or nested', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 5 }).chain((width) =>
            fc.array(
              fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), {
                minLength: width,
                maxLength: width,
              }),
              {
                minLength: 1,
                maxLength: 20,
              },
            ),
          ),
          fc.boolean(),
          async (rows, nested) => {
            const width = rows[0]!.length;
            const { table } = await readTensor({
              shape: [rows.length, width],
              datatype: 'FP64',
              data: nested ? rows : rows.flat(),
            });
            const columns = Object.values(cellsOf(table));
            expect(rows.map((_, i) => columns.map((column) => (column[i]! as number) + 0))).toEqual(
              rows.map((row) => row.map((value) => value + 0)),
            );
          },
        ),
        { numRuns: 50 },
      );
    });
  });
});
