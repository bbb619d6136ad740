import { layoutOf, rolesOf, widthOf } from '../../src/domain/models/onnx-layout.js';
import type { TensorFacts } from '../../src/ports/onnx.js';
import type { ModelOutput } from '../../src/ports/registry.js';

const input = (
  name: string,
  shape: readonly (number | null)[],
  type: TensorFacts['type'] = 'float32',
): TensorFacts => ({ name, type, shape });
const output = (name: string, width = 1, type: ModelOutput['type'] = 'number'): ModelOutput => ({
  name,
  type,
  width,
});
const namesOf = (inputs: readonly TensorFacts[], names?: readonly string[]): readonly string[] =>
  layoutOf(inputs, names, '?inputs').columns.map(({ name }) => name);

describe('columns of a graph', () => {
  test('are x0 … of one input, named by the inputs where there are several', () => {
    expect(namesOf([input('X', [null, 3])])).toEqual(['x0', 'x1', 'x2']);
    expect(namesOf([input('age', [null, 1]), input('city', [null, 1], 'string')])).toEqual(['age', 'city']);
    expect(namesOf([input('age', [null]), input('rest', [null, 2])])).toEqual(['age', 'rest_0', 'rest_1']);
    expect(namesOf([input('X', [null, null])], ['a', 'b'])).toEqual(['a', 'b']);
  });

  test('have the types that the tensors hold', () => {
    const { columns, inputs, single } = layoutOf(
      [input('a', [1, 2], 'int64'), input('b', [1], 'bool'), input('c', [1, 1], 'string')],
      undefined,
      '',
    );
    expect(columns.map(({ type }) => type)).toEqual(['number', 'number', 'boolean', 'string']);
    expect(inputs.map(({ from, width, rank }) => [from, width, rank])).toEqual([
      [0, 2, 2],
      [2, 1, 1],
      [3, 1, 2],
    ]);
    expect(single).toBe(true);
  });

  test.each([
    [[input('X', [null, 3, 8])], '"X" of [any, 3, 8]'],
    [[input('X', [])], '"X" of []'],
    [[input('X', [32, 2])], '"X" of [32, 2]'],
    [[input('X', [null, 1]), input('Y', [1, 1])], '"X" of [any, 1]'],
    [[input('X', [null, 5000])], '"X" of [any, 5000]'],
  ])('of other shapes are refused: %#', (inputs, words) => {
    expect(() => layoutOf(inputs, undefined, '')).toThrow(words);
  });
});

describe('outputs', () => {
  test.each([
    ['classification', [output('label'), output('probabilities', 3)]],
    ['classification', [output('output_label'), output('output_probability', 2)]],
    ['classification', [output('label', 1, 'string')]],
    ['outliers', [output('label'), output('scores')]],
    ['regression', [output('variable')]],
    ['inference', [output('label'), output('scores', 8)]],
    ['inference', [output('variable', 2)]],
    ['inference', [output('dense_2')]],
  ] as const)('mean %s by their names: %#', (task, outputs) => {
    expect(rolesOf(outputs).task).toBe(task);
  });

  test('have as many values for every row', () => {
    const tensor = (shape: number[], length: number) =>
      ({ type: 'float32', shape, values: new Float32Array(length) }) as const;
    expect(widthOf('y', tensor([4], 4), 4)).toBe(1);
    expect(widthOf('y', tensor([4, 3], 12), 4)).toBe(3);
    for (const [shape, length] of [
      [[], 1],
      [[1], 1],
      [[4, 0], 0],
      [[2, 4], 8],
    ] as const)
      expect(() => widthOf('y', tensor([...shape], length), 4)).toThrow(
        'same number of values for every row',
      );
  });
});
