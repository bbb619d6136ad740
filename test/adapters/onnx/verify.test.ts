import { readFacts } from '../../../src/adapters/onnx/facts.js';
import { Fields } from '../../../src/adapters/onnx/protobuf.js';
import { verify } from '../../../src/adapters/onnx/verify.js';
import { message } from './deep.js';
import { golden, modelFile } from './thread.js';

const MANY = 2 ** 24;

/** A value's name and its type: a tensor of an element type and sizes, null where one is free. */
const end = (name: string, element: number, sizes: readonly (number | null)[]): Uint8Array =>
  message([
    [1, name],
    [
      2,
      [
        [
          1,
          [
            [1, element],
            [2, sizes.map((size) => [1, size === null ? [] : [[1, size]]] as const)],
          ],
        ],
      ],
    ],
  ]);
const model = (
  inputs: readonly Uint8Array[],
  outputs: readonly Uint8Array[],
  nodes: readonly Uint8Array[] = [],
): Uint8Array =>
  message([
    [1, 8],
    [
      7,
      [
        ...nodes.map((node) => [1, node] as const),
        ...inputs.map((input) => [11, input] as const),
        ...outputs.map((output) => [12, output] as const),
      ],
    ],
  ]);

describe('protobuf', () => {
  test('numbers of one to ten bytes, as int64', () => {
    const bytes = Buffer.from('08ac0208ffffffffffffffffff010880808080808080808001', 'hex');
    const fields = new Fields(bytes);
    const values: number[] = [];
    while (fields.next()) values.push(fields.value);
    expect(values).toEqual([300, -1, -(2 ** 63)]);
  });

  test.each([
    ['a number that is cut off', '08ac'],
    ['a number of more than ten bytes', '08ffffffffffffffffffff01'],
    ['a field that is longer than what holds it', '0a0500'],
    ['a field that is longer than what holds it', '0affffffffffffffffff01'],
    ['a field of wire type 3', '0b'],
    ['a field with the number 0', '00'],
  ])('%s is refused', (words, hex) => {
    const fields = new Fields(Buffer.from(hex, 'hex'));
    expect(() => {
      while (fields.next());
    }).toThrow(`expected an ONNX file (a ModelProto in protobuf), got ${words}`);
  });
});

describe('what a file says of itself', () => {
  test('operators by domain, opsets, inputs, outputs, classes', () => {
    const facts = readFacts(modelFile('columns'));
    expect([...facts.operators.get('ai.onnx.ml')!].sort()).toEqual([
      'LinearClassifier',
      'OneHotEncoder',
      'Scaler',
    ]);
    expect(facts.inputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['age', [null, 1]],
      ['income', [null, 1]],
      ['city', [null, 1]],
    ]);
    expect(facts).toMatchObject({ irVersion: 8, classes: [0, 1], external: undefined });
  });

  test('subgraphs are looked into: operators and data that lie elsewhere', () => {
    const elsewhere = message([
      [8, 'w'],
      [14, 1],
    ]);
    const inner = message([
      [
        1,
        [
          [4, 'Wild'],
          [7, 'com.example'],
        ],
      ],
      [5, elsewhere],
    ]);
    const node = message([
      [4, 'If'],
      [
        5,
        [
          [1, 'then_branch'],
          [6, inner],
        ],
      ],
    ]);
    const facts = readFacts(model([], [], [node]));
    expect(facts.external).toBe('w');
    expect([...facts.operators.keys()]).toEqual(['com.example', 'ai.onnx']);
  });

  test('graphs in graphs end somewhere', () => {
    let nested = message([[1, [[4, 'Identity']]]]);
    for (let depth = 0; depth < 40; depth++)
      nested = message([
        [
          1,
          [
            [4, 'If'],
            [
              5,
              [
                [1, 'b'],
                [6, nested],
              ],
            ],
          ],
        ],
      ]);
    expect(() => readFacts(message([[7, nested]]))).toThrow('expected graphs nested at most 16 deep');
  });

  test('an input that has a value is none', () => {
    const weights = message([[8, 'w']]);
    const inside = message([
      [5, weights],
      [11, end('X', 1, [null, 2])],
      [11, end('w', 1, [2])],
    ]);
    expect(readFacts(message([[7, inside]])).inputs.map(({ name }) => name)).toEqual(['X']);
  });
});

describe('verification', () => {
  const X = end('X', 1, [null, 2]);
  const Y = end('Y', 1, [null, 2]);

  test.each(Object.keys(golden.models))('%s may be given to the runtime', (name) => {
    expect(verify(modelFile(name), MANY).takes.length).toBeGreaterThan(0);
  });

  test.each([
    ['no input', model([], [Y]), 'expected a graph of 1 to 4096 inputs, got one of 0'],
    ['no output', model([X], []), 'expected a graph of 1 to 4096 outputs, got one of 0'],
    [
      'the same name twice',
      model([X, X], [Y]),
      'expected inputs with different names of 1 to 200 characters, got "X"',
    ],
    ['a name that objects have', model([end('__proto__', 1, [])], [Y]), 'got "__proto__"'],
    ['uint8', model([end('X', 2, [null, 2])], [Y]), 'got "X", a tensor of uint8'],
    ['an element type of no name', model([end('X', 99, [])], [Y]), 'got "X", a tensor of element type 99'],
    [
      'a map',
      model(
        [X],
        [
          message([
            [1, 'Y'],
            [2, [[5, []]]],
          ]),
        ],
      ),
      'expected outputs that are tensors, got "Y", a map',
    ],
    [
      'two graphs',
      Buffer.concat([model([X], [Y]), model([X], [Y])]),
      'expected an ONNX file with one graph, got 2',
    ],
    ['another format', Buffer.from('PK\u0003\u0004'), 'expected an ONNX file'],
  ])('%s is refused', (_, file, words) => {
    expect(() => verify(file, MANY)).toThrow(words);
  });

  test('a file beyond the limit is not looked at', () => {
    expect(() => verify(new Uint8Array(11), 10)).toThrow(
      'expected an ONNX file of at most 10 bytes, got 11 bytes',
    );
  });
});
