import type { Tensor as OrtTensor } from 'onnxruntime-web';
import type { Tensor, TensorType } from '../../ports/onnx.js';
import { lacking } from './verify.js';

/** A tensor for the runtime. Values are converted to the tensor's type: float32 is rounded, int64 and int32 must be whole. */
export function toRuntime(Made: typeof OrtTensor, { type, shape, values }: Tensor): OrtTensor {
  if (type === 'string') return new Made('string', texts(values), shape);
  const numbers = numeric(values);
  switch (type) {
    case 'float32':
      return new Made(
        'float32',
        numbers instanceof Float32Array ? numbers : new Float32Array(numbers),
        shape,
      );
    case 'float64':
      return new Made(
        'float64',
        numbers instanceof Float64Array ? numbers : new Float64Array(numbers),
        shape,
      );
    case 'int32':
      return new Made('int32', numbers instanceof Int32Array ? numbers : new Int32Array(numbers), shape);
    case 'bool':
      return new Made('bool', numbers instanceof Uint8Array ? numbers : new Uint8Array(numbers), shape);
    case 'int64': {
      const wide = new BigInt64Array(numbers.length);
      for (let i = 0; i < numbers.length; i++) wide[i] = BigInt(numbers[i]!);
      return new Made('int64', wide, shape);
    }
  }
}

type Numeric = Exclude<Tensor['values'], readonly string[]>;

const isText = (values: Tensor['values']): values is readonly string[] => Array.isArray(values);

function texts(values: Tensor['values']): string[] {
  if (!isText(values)) throw new RangeError('a tensor of strings holds strings');
  return [...values];
}

function numeric(values: Tensor['values']): Numeric {
  if (isText(values)) throw new RangeError('a tensor of numbers holds numbers');
  return values;
}

/** Types of the outputs, by the runtime's names: they are ours. */
const TYPES: ReadonlySet<string> = new Set<TensorType>([
  'float32',
  'float64',
  'int64',
  'int32',
  'bool',
  'string',
]);
const isServed = (type: string): type is TensorType => TYPES.has(type);

/** What the runtime gave, with int64 as numbers. Throws 422 `invalid_model` for values that have none here. */
export function fromRuntime(name: string, tensor: OrtTensor | undefined): Tensor {
  const got = tensor?.type ?? 'nothing';
  if (tensor === undefined || !isServed(tensor.type))
    throw lacking(`output ${JSON.stringify(name)} of ${[...TYPES].join(', ')}`, got);
  const { type, dims: shape, data } = tensor;
  if (data instanceof BigInt64Array) return { type, shape, values: whole(name, data) };
  if (
    data instanceof Float32Array ||
    data instanceof Float64Array ||
    data instanceof Int32Array ||
    data instanceof Uint8Array
  )
    return { type, shape, values: data };
  if (Array.isArray(data)) return { type, shape, values: data.map(String) };
  throw lacking(`output ${JSON.stringify(name)} of ${[...TYPES].join(', ')}`, `a tensor of ${got}`);
}

function whole(name: string, wide: BigInt64Array): Float64Array {
  const values = new Float64Array(wide.length);
  for (let i = 0; i < wide.length; i++) {
    values[i] = Number(wide[i]!);
    if (!Number.isSafeInteger(values[i]))
      throw lacking(`output ${JSON.stringify(name)} within 2^53`, `${wide[i]!}`);
  }
  return values;
}
