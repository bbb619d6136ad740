import fc from 'fast-check';
import { readInference } from '../../src/adapters/inference/read.js';
import type { Decoded } from '../../src/ports/formats.js';
import type { TableLimits } from '../../src/ports/limits.js';
import { cellsOf, describeBoth, refusal, toolsOf } from './tools.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describeBoth((under) => {
  const read = async (
    body: string | Uint8Array,
    headerBytes?: number,
    limits?: Partial<TableLimits>,
  ): Promise<Decoded> =>
    readInference(
      typeof body === 'string' ? utf8(body) : body,
      toolsOf(under(), { ...(headerBytes !== undefined && { headerBytes }), ...(limits && { limits }) }),
    );
  const readDocument = (document: unknown): Promise<Decoded> => read(JSON.stringify(document));
  const readTensor = (tensor: object): Promise<Decoded> =>
    readDocument({ inputs: [{ name: 'x', ...tensor }] });
  const binary = (parts: readonly { head: object; data: Uint8Array }[], more = ''): Promise<Decoded> => {
    const inputs = parts.map(({ head, data }) => ({
      ...head,
      parameters: { binary_data_size: data.length },
    }));
    const head = utf8(JSON.stringify({ inputs }) + more);
    return read(Buffer.concat([head, ...parts.map(({ data }) => data)]), head.length);
  };
  const refused = (call: () => Promise<unknown>): ReturnType<typeof refusal> => refusal(call);

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
      const got = await refused(() => readTensor(tensor));
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
      expect(await refused(() => read(text))).toMatchObject({ code, pointer });
    });

    test('words that are no JSON are shown at their byte', async () => {
      const text = '{"inputs":[{"name":"a","shape":[2,2],"datatype":"FP64","data":[[1,2],[tru,4]]}]}';
      const got = await refused(() => read(text));
      expect(got.code).toBe('invalid_json');
      expect(got.detail).toBe(`expected a value, got "tru,4]]}" at byte ${text.indexOf('tru')}`);
      const broken = Buffer.from('{"inputs":[{"name":"a","shape":[1],"datatype":"BYTES","data":["?"]}]}');
      broken[broken.indexOf('?')] = 0xff;
      expect(await refused(() => read(broken))).toMatchObject({ code: 'invalid_utf8' });
    });

    test('a head that is large beside its data is refused, and so is deep nesting', async () => {
      const long = `{"parameters":{"a":"${'x'.repeat(5 * 2 ** 20)}"},"inputs":[]}`;
      expect(await refused(() => read(long))).toMatchObject({ code: 'too_large' });
      const deep = `{"parameters":${'['.repeat(1e5)}${']'.repeat(1e5)}}`;
      expect(await refused(() => read(deep))).toMatchObject({ code: 'too_deep' });
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

  describe('a request of tensors in bytes', () => {
    const view = (bytes: number, fill: (view: DataView) => void): Uint8Array => {
      const made = new Uint8Array(bytes);
      fill(new DataView(made.buffer));
      return made;
    };
    const numbers: readonly [string, number, (view: DataView, at: number, value: number) => void][] = [
      [
        'BOOL',
        1,
        (v, at, x) => {
          v.setUint8(at, x);
        },
      ],
      [
        'UINT8',
        1,
        (v, at, x) => {
          v.setUint8(at, x);
        },
      ],
      [
        'INT8',
        1,
        (v, at, x) => {
          v.setInt8(at, x);
        },
      ],
      [
        'UINT16',
        2,
        (v, at, x) => {
          v.setUint16(at, x, true);
        },
      ],
      [
        'INT16',
        2,
        (v, at, x) => {
          v.setInt16(at, x, true);
        },
      ],
      [
        'UINT32',
        4,
        (v, at, x) => {
          v.setUint32(at, x, true);
        },
      ],
      [
        'INT32',
        4,
        (v, at, x) => {
          v.setInt32(at, x, true);
        },
      ],
      [
        'UINT64',
        8,
        (v, at, x) => {
          v.setBigUint64(at, BigInt(x), true);
        },
      ],
      [
        'INT64',
        8,
        (v, at, x) => {
          v.setBigInt64(at, BigInt(x), true);
        },
      ],
      [
        'FP16',
        2,
        (v, at, x) => {
          v.setUint16(at, x === 0 ? 0 : 0x3c00, true);
        },
      ],
      [
        'FP32',
        4,
        (v, at, x) => {
          v.setFloat32(at, x, true);
        },
      ],
      [
        'FP64',
        8,
        (v, at, x) => {
          v.setFloat64(at, x, true);
        },
      ],
    ];

    test.each(numbers)('%s, behind JSON of any length', async (datatype, size, put) => {
      const data = view(6 * size, (v) => {
        [0, 1, 1, 0, 0, 1].forEach((value, i) => {
          put(v, i * size, value);
        });
      });
      for (const more of ['', ' ', '  ', '   ']) {
        const { table } = await binary([{ head: { name: 'x', shape: [3, 2], datatype }, data }], more);
        const got = cellsOf(table);
        const truth = datatype === 'BOOL';
        expect(got).toEqual({
          x_0: [0, 1, 0].map((value) => (truth ? value === 1 : value)),
          x_1: [1, 0, 1].map((value) => (truth ? value === 1 : value)),
        });
        expect(table.column('x_0').type).toBe(truth ? 'boolean' : 'number');
      }
    });

    test('NaN is missing; integers beyond 2^53 are counted in their column', async () => {
      const floats = view(16, (v) => {
        v.setFloat64(0, NaN, true);
        v.setFloat64(8, -1.5, true);
      });
      const integers = view(32, (v) => {
        [1n, 2n ** 53n + 1n, 2n, 5n].forEach((value, i) => {
          v.setBigInt64(i * 8, value, true);
        });
      });
      const { table } = await binary([
        { head: { name: 'f', shape: [2], datatype: 'FP64' }, data: floats },
        { head: { name: 'i', shape: [2, 2], datatype: 'INT64' }, data: integers },
      ]);
      expect(cellsOf(table)).toEqual({ f: [null, -1.5], i_0: [1, 2], i_1: [2 ** 53, 5] });
      expect(table.column('i_0')).toMatchObject({ inexact: 0 });
      expect(table.column('i_1')).toMatchObject({ inexact: 1 });
    });

    const texts = (...values: readonly string[]): Uint8Array =>
      Buffer.concat(
        values.flatMap((value) => {
          const bytes = Buffer.from(value);
          const length = Buffer.alloc(4);
          length.writeUInt32LE(bytes.length);
          return [length, bytes];
        }),
      );

    test('BYTES, beside a tensor in JSON', async () => {
      const data = texts('a', '', 'ünï');
      const head = utf8(
        JSON.stringify({
          inputs: [
            { name: 'j', shape: [3], datatype: 'FP64', data: [1, 2, 3] },
            { name: 's', shape: [3], datatype: 'BYTES', parameters: { binary_data_size: data.length } },
          ],
        }),
      );
      const { table } = await read(Buffer.concat([head, data]), head.length);
      expect(cellsOf(table)).toEqual({ j: [1, 2, 3], s: ['a', '', 'ünï'] });
      expect(table.column('s')).toMatchObject({ type: 'string', missing: 0 });
    });

    test.each<[string, object, Uint8Array, string, string | undefined]>([
      [
        'too few bytes',
        { shape: [2], datatype: 'FP64' },
        new Uint8Array(8),
        'invalid_request',
        '/inputs/0/parameters/binary_data_size',
      ],
      [
        'too many bytes',
        { shape: [1], datatype: 'FP64' },
        new Uint8Array(16),
        'invalid_request',
        '/inputs/0/parameters/binary_data_size',
      ],
      [
        'huge shape',
        { shape: [2 ** 26, 7], datatype: 'INT8' },
        new Uint8Array(8),
        'too_many_rows',
        undefined,
      ],
      [
        'a wide shape',
        { shape: [2 ** 20, 4000], datatype: 'INT8' },
        new Uint8Array(8),
        'too_many_cells',
        '/inputs/0/shape',
      ],
      [
        '2 for truth',
        { shape: [2], datatype: 'BOOL' },
        Uint8Array.of(1, 2),
        'unsupported_value',
        '/inputs/0',
      ],
      [
        'texts that are shorter than they say',
        { shape: [1], datatype: 'BYTES' },
        Uint8Array.of(9, 0, 0, 0, 65),
        'invalid_request',
        '/inputs/0',
      ],
      [
        'a length that is cut',
        { shape: [2], datatype: 'BYTES' },
        Uint8Array.of(1, 0, 0, 0, 65, 0, 0, 0),
        'invalid_request',
        '/inputs/0',
      ],
      [
        'a length of 4 GiB',
        { shape: [1], datatype: 'BYTES' },
        Uint8Array.of(255, 255, 255, 255),
        'invalid_request',
        '/inputs/0',
      ],
      [
        'bytes behind the last text',
        { shape: [1], datatype: 'BYTES' },
        Uint8Array.of(1, 0, 0, 0, 65, 66),
        'invalid_request',
        '/inputs/0',
      ],
      [
        'more texts than can be',
        { shape: [1000], datatype: 'BYTES' },
        new Uint8Array(8),
        'invalid_request',
        '/inputs/0/parameters/binary_data_size',
      ],
      [
        'texts that are no UTF-8',
        { shape: [1], datatype: 'BYTES' },
        Uint8Array.of(1, 0, 0, 0, 0xff),
        'invalid_utf8',
        '/inputs/0',
      ],
    ])('%s: refused', async (_, head, data, code, pointer) => {
      expect(await refused(() => binary([{ head: { name: 'x', ...head }, data }]))).toMatchObject({
        code,
        pointer,
      });
    });

    test('sizes that do not add up to the bytes that came are refused', async () => {
      const head = (size: unknown): string =>
        JSON.stringify({
          inputs: [{ name: 'x', shape: [1], datatype: 'INT8', parameters: { binary_data_size: size } }],
        });
      const sent = (size: unknown, bytes: number, length = head(size).length): Promise<Decoded> =>
        read(Buffer.concat([utf8(head(size)), new Uint8Array(bytes)]), length);
      expect(cellsOf((await sent(1, 1)).table)).toEqual({ x: [0] });
      expect(await refused(() => sent(1, 0))).toMatchObject({ code: 'invalid_request' });
      expect(await refused(() => sent(1, 2))).toMatchObject({ code: 'invalid_request', pointer: '/inputs' });
      expect(await refused(() => sent(-1, 1))).toMatchObject({ code: 'invalid_request' });
      expect(await refused(() => sent('1', 1))).toMatchObject({ code: 'invalid_request' });
      expect(await refused(() => sent(1, 1, 1e6))).toMatchObject({ code: 'invalid_request' });
      expect(await refused(() => sent(1, 1, 3))).toMatchObject({ code: 'invalid_json' });
    });
  });
});
