import { Problem } from './problem.js';

/** Types of tensors that are fed and fetched here, by ONNX's names. */
export type TensorType = 'float32' | 'float64' | 'int64' | 'int32' | 'bool' | 'string';

/** What a graph takes or gives. */
export interface TensorFacts {
  readonly name: string;
  readonly type: TensorType;
  /** Sizes; null where any is taken. */
  readonly shape: readonly (number | null)[];
}

/** Values in row-major order. int64 as numbers where they are whole and within 2^53. */
export interface Tensor {
  readonly type: TensorType;
  readonly shape: readonly number[];
  readonly values: Float64Array | Float32Array | Int32Array | Uint8Array | readonly string[];
}

/** A graph that is ready to run. */
export interface OnnxSession {
  readonly inputs: readonly TensorFacts[];
  readonly outputs: readonly TensorFacts[];
  /** Labels of its classifiers, in the order of their probabilities, where the graph names them. */
  readonly classes: readonly (string | number)[] | null;
  /** Versions of the operator sets it uses, by domain. */
  readonly opsets: ReadonlyMap<string, number>;
  /** Version of the runtime. */
  readonly version: string;
  /** Throws Problem `invalid_model` when the graph fails on them. */
  run(feeds: ReadonlyMap<string, Tensor>): Promise<ReadonlyMap<string, Tensor>>;
  release(): Promise<void>;
}

/** Opens ONNX files. Throws Problem `invalid_model` that says what the file lacks. */
export type OpenOnnx = (file: Uint8Array) => Promise<OnnxSession>;

/** The runtime stopped on a model and cannot be used again: the lane it was in is to be replaced. */
export class RuntimeLost extends Problem {
  constructor(detail: string) {
    super('invalid_model', detail, [{ pointer: '', code: 'invalid_model', detail }]);
  }
}
