/** Protobuf as ONNX writes it, for models that no exporter makes. */
type Field = readonly [number: number, value: number | string | Uint8Array | readonly Field[]];

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
}

/** A message of numbers (varints), texts, bytes and messages. */
export function message(fields: readonly Field[]): Uint8Array {
  return Buffer.concat(
    fields.map(([number, value]) => {
      if (typeof value === 'number') return Buffer.from([...varint(number * 8), ...varint(value)]);
      const bytes =
        typeof value === 'string' ? Buffer.from(value) : value instanceof Uint8Array ? value : message(value);
      return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes]);
    }),
  );
}

const FLOATS = 6;
const INTEGERS = 7;
const STRINGS = 8;

const integers = (name: string, values: readonly number[]): Field => [
  5,
  [[1, name], ...values.map((value): Field => [8, value]), [20, INTEGERS]],
];
const texts = (name: string, values: readonly string[]): Field => [
  5,
  [[1, name], ...values.map((value): Field => [9, value]), [20, STRINGS]],
];
const floats = (name: string, values: readonly number[]): Field => [
  5,
  [
    [1, name],
    [7, new Uint8Array(Float32Array.from(values).buffer)],
    [20, FLOATS],
  ],
];
const tensor = (name: string, width: number): readonly Field[] => [
  [1, name],
  [
    2,
    [
      [
        1,
        [
          [1, 1],
          [
            2,
            [
              [1, [[2, 'n']]],
              [1, [[1, width]]],
            ],
          ],
        ],
      ],
    ],
  ],
];

/** A regression tree that goes down to the left alone: reading it takes as many calls as it is deep. */
export function deepTree(depth: number): Uint8Array {
  const all = Array.from({ length: 2 * depth + 1 }, (_, id) => id);
  const zeros = all.map(() => 0);
  const inner = all.slice(0, depth);
  const leaves = all.slice(depth).map(() => 0);
  const node: readonly Field[] = [
    [1, 'X'],
    [2, 'variable'],
    [4, 'TreeEnsembleRegressor'],
    [7, 'ai.onnx.ml'],
    integers('nodes_treeids', zeros),
    integers('nodes_nodeids', all),
    integers('nodes_featureids', zeros),
    texts(
      'nodes_modes',
      all.map((id) => (id < depth ? 'BRANCH_LEQ' : 'LEAF')),
    ),
    floats(
      'nodes_values',
      all.map((id) => (id < depth ? depth - id : 0)),
    ),
    integers('nodes_truenodeids', [...inner.map((id) => id + 1), ...leaves]),
    integers('nodes_falsenodeids', [...inner.map((id) => depth + 1 + id), ...leaves]),
    integers('target_treeids', [0]),
    integers('target_nodeids', [depth]),
    integers('target_ids', [0]),
    floats('target_weights', [1]),
    [
      5,
      [
        [1, 'n_targets'],
        [3, 1],
        [20, 2],
      ],
    ],
  ];
  return message([
    [1, 8],
    [
      7,
      [
        [1, node],
        [2, 'deep'],
        [11, tensor('X', 2)],
        [12, tensor('variable', 1)],
      ],
    ],
    [
      8,
      [
        [1, ''],
        [2, 15],
      ],
    ],
    [
      8,
      [
        [1, 'ai.onnx.ml'],
        [2, 1],
      ],
    ],
  ]);
}
