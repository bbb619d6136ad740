import { writeInference } from '../../src/adapters/inference/write.js';
import type { OutputTensor } from '../../src/ports/inference.js';
import { refusal } from './tools.js';
import { inferenceOf } from './clients.js';

/** An answer is read by the reader of the tests, which knows the protocol and not the writer. */
describe('answers of the Open Inference Protocol', () => {
  const data: readonly [string, OutputTensor['data'], readonly unknown[]][] = [
    ['text', { datatype: 'BYTES', values: ['a', '', 'ünï\n"'] }, ['a', '', 'ünï\n"']],
    ['doubles', { datatype: 'FP64', values: Float64Array.of(0.1, -1e300, NaN) }, [0.1, -1e300, null]],
    [
      'whole numbers',
      { datatype: 'INT64', values: Float64Array.of(-1, 0, 2 ** 53 - 1) },
      [-1, 0, 2 ** 53 - 1],
    ],
    ['truth', { datatype: 'BOOL', values: Float64Array.of(1, 0, 1) }, [true, false, true]],
  ];
  const write = (outputs: readonly OutputTensor[]): ReturnType<typeof inferenceOf> => {
    const { body, headers } = writeInference({ model: 'm', version: 3, outputs });
    return inferenceOf({ body: Buffer.from(body), headers: new Map(Object.entries(headers)) });
  };

  test.each(data)('%s, in JSON and in binary', (name, values, expected) => {
    for (const binary of [false, true]) {
      const answer = write([{ name, shape: [3, 1], data: values, binary }]);
      expect(answer).toMatchObject({ model_name: 'm', model_version: '3' });
      expect(answer.outputs[0]).toMatchObject({
        name,
        shape: [3, 1],
        datatype: values.datatype,
        values: expected,
      });
    }
  });

  test('several, each as it is asked for: bytes follow in the order of the outputs', () => {
    for (let mask = 0; mask < 2 ** data.length; mask++) {
      const answer = write(
        data.map(([name, values], i) => ({
          name,
          shape: [3],
          data: values,
          binary: ((mask >> i) & 1) === 1,
        })),
      );
      expect(answer.outputs.map(({ values }) => values)).toEqual(data.map(([, , expected]) => expected));
    }
  });

  test('missing labels are null in JSON', () => {
    const answer = write([
      { name: 'a', shape: [2], data: { datatype: 'BYTES', values: [null, 'x'] }, binary: false },
      { name: 'b', shape: [2], data: { datatype: 'INT64', values: [NaN, 1] }, binary: false },
      { name: 'c', shape: [2], data: { datatype: 'BOOL', values: [NaN, 0] }, binary: false },
    ]);
    expect(answer.outputs.map(({ values }) => values)).toEqual([
      [null, 'x'],
      [null, 1],
      [null, false],
    ]);
  });

  test('a text that JSON cannot hold is refused, in binary it is answered', async () => {
    const values = { length: 20_000_001 };
    const output = { name: 'a', shape: [20_000_001], data: { datatype: 'FP64', values } } as const;
    const got = await refusal(() =>
      writeInference({ model: 'm', version: 1, outputs: [{ ...output, binary: false }] }),
    );
    expect(got).toMatchObject({ code: 'too_many_cells' });
  });
});
