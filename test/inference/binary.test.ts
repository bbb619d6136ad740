import { readInference } from '../../src/adapters/inference/read.js';
import type { Decoded } from '../../src/ports/formats.js';
import { cellsOf, describeBoth, refusal, toolsOf } from './tools.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describeBoth((under) => {
  const read = async (body: Uint8Array, headerBytes: number): Promise<Decoded> =>
    readInference(body, toolsOf(under(), { headerBytes }));
  const binary = (parts: readonly { head: object; data: Uint8Array }[], more = ''): Promise<Decoded> => {
    const inputs = parts.map(({ head, data }) => ({
      ...head,
      parameters: { binary_data_size: data.length },
    }));
    const head = utf8(JSON.stringify({ inputs }) + more);
    return read(Buffer.concat([head, ...parts.map(({ data }) => data)]), head.length);
  };
  describe('a request of tensors in bytes', () => {
    const view = (bytes: number, fill: (view: DataView) => void): Uint8Array => {
      const made = new Uint8Array(bytes);
      fill(new DataView(made.buffer));
      return made;
    };
    type Put = (view: DataView, at: number, value: number) => void;
    const put =
      (
        name:
          | 'setUint8'
          | 'setInt8'
          | 'setUint16'
          | 'setInt16'
          | 'setUint32'
          | 'setInt32'
          | 'setFloat32'
          | 'setFloat64',
      ): Put =>
      (v, at, value) => {
        v[name](at, value, true);
      };
    const numbers: readonly [string, number, Put][] = [
      ['BOOL', 1, put('setUint8')],
      ['UINT8', 1, put('setUint8')],
      ['INT8', 1, put('setInt8')],
      ['UINT16', 2, put('setUint16')],
      ['INT16', 2, put('setInt16')],
      ['UINT32', 4, put('setUint32')],
      ['INT32', 4, put('setInt32')],
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
      ['FP32', 4, put('setFloat32')],
      ['FP64', 8, put('setFloat64')],
    ];

    test.each(numbers)('%s, behind JSON of any length', async (datatype, size, write) => {
      const data = view(6 * size, (v) => {
        [0, 1, 1, 0, 0, 1].forEach((value, i) => {
          write(v, i * size, value);
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
      expect(await refusal(() => binary([{ head: { name: 'x', ...head }, data }]))).toMatchObject({
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
      expect(await refusal(() => sent(1, 0))).toMatchObject({ code: 'invalid_request' });
      expect(await refusal(() => sent(1, 2))).toMatchObject({ code: 'invalid_request', pointer: '/inputs' });
      expect(await refusal(() => sent(-1, 1))).toMatchObject({ code: 'invalid_request' });
      expect(await refusal(() => sent('1', 1))).toMatchObject({ code: 'invalid_request' });
      expect(await refusal(() => sent(1, 1, 1e6))).toMatchObject({ code: 'invalid_request' });
      expect(await refusal(() => sent(1, 1, 3))).toMatchObject({ code: 'invalid_json' });
    });
  });
});
