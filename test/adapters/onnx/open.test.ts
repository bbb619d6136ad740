import { golden, modelFile, OnnxThread, type Row } from './thread.js';
import type { Tensor, TensorFacts } from '../../../src/ports/onnx.js';

/** The rows of a table as feeds: columns go to the inputs in order. */
function feedsOf(inputs: readonly TensorFacts[], rows: readonly Row[]): (Tensor & { name: string })[] {
  let from = 0;
  return inputs.map(({ name, type, shape }) => {
    const width = shape.length === 1 ? 1 : (shape[1] ?? rows[0]!.length);
    const cells = rows.flatMap((row) => row.slice(from, from + width));
    from += width;
    return {
      name,
      type,
      shape: shape.length === 1 ? [rows.length] : [rows.length, width],
      values:
        type === 'string'
          ? cells.map(String)
          : Float64Array.from(cells, (cell) => (cell === null ? NaN : Number(cell))),
    };
  });
}

describe('ONNX files', () => {
  let thread: OnnxThread;
  beforeAll(() => {
    thread = new OnnxThread();
  });
  afterAll(() => thread.close());

  const opened = async (name: string): Promise<readonly TensorFacts[]> => {
    const { answer, problem } = await thread.ask({ file: modelFile(name) });
    if (answer === undefined) throw new Error(problem.message);
    return answer.inputs;
  };
  const refusal = async (file: Uint8Array): Promise<string> => {
    const { problem } = await thread.ask({ file });
    expect(problem).toMatchObject({ code: 'invalid_model', lost: false });
    return problem!.message;
  };

  test.each(Object.keys(golden.models))('%s answers as onnxruntime for Python does', async (name) => {
    const { rows, onnxruntime } = golden.models[name]!;
    const { answer } = await thread.ask({ file: modelFile(name), feeds: feedsOf(await opened(name), rows) });
    expect([...answer!.answers!.keys()]).toEqual(Object.keys(onnxruntime));
    for (const [output, expected] of Object.entries(onnxruntime)) {
      const { values } = answer!.answers!.get(output)!;
      const flat = expected.flat();
      expect(values).toHaveLength(flat.length);
      flat.forEach((value, i) => {
        if (typeof value === 'string') expect(values[i]).toBe(value);
        else
          expect(Math.abs(Number(values[i]) - value)).toBeLessThanOrEqual(
            2e-6 * Math.max(1, Math.abs(value)),
          );
      });
    }
  });

  test('names of classes come from the graph', async () => {
    const { answer } = await thread.ask({ file: modelFile('forest') });
    expect(answer).toMatchObject({ classes: ['setosa', 'versicolor', 'virginica'], version: '1.30.0' });
    expect(answer!.opsets).toEqual(
      new Map([
        ['ai.onnx.ml', 1],
        ['ai.onnx', 15],
      ]),
    );
  });

  test.each([
    ['zipmap', /got "output_probability", a sequence: export it with zipmap off/u],
    ['unsupported-domain', /got operator Frobnicate of domain com\.example, which is not supported/u],
    [
      'unsupported-operator',
      /got operator Frobnicate of domain ai\.onnx \(opset 15\), which is not supported/u,
    ],
    ['half', /got "X", a tensor of float16/u],
    ['future-opset', /expected opset \d+ of domain ai\.onnx at most, got opset 99/u],
    ['external-data', /got tensor "w" with its data in another file/u],
  ])('%s is refused in words', async (name, words) => {
    expect(await refusal(modelFile(name))).toMatch(words);
  });

  test('bytes that are no ONNX file are refused', async () => {
    const whole = modelFile('logistic');
    expect(await refusal(new Uint8Array(0))).toBe('expected an ONNX file, got an empty body');
    expect(await refusal(Buffer.from('{"format":"analytics-service/model"}'))).toMatch(/ModelProto/u);
    for (let length = 1; length < whole.length; length += 23) await refusal(whole.subarray(0, length));
  });

  test('a graph that wants more memory than there is fails, and the next one runs', async () => {
    const feeds = [{ name: 'X', type: 'float32', shape: [1, 1], values: new Float64Array(1) }] as const;
    const { problem } = await thread.ask({ file: modelFile('bomb'), feeds });
    expect(problem).toMatchObject({ code: 'invalid_model', lost: false });
    expect(problem!.message).toMatch(/expected a model that needs at most \d+ bytes of memory/u);
    await opened('linear');
  });

  test('nothing is printed: the log of the runtime is not the log of the service', () => {
    expect(thread.printed).toBe('');
  });
});

test('a graph without an end is ended with its thread', async () => {
  const thread = new OnnxThread();
  await thread.ask({ file: modelFile('endless') });
  const feeds = [{ name: 'X', type: 'float32', shape: [1, 2], values: new Float64Array(2) }] as const;
  await expect(thread.ask({ file: modelFile('endless'), feeds }, 500)).rejects.toThrow('late');
});
