/** Tensors as the Open Inference Protocol (V2) names them. */

/** Types of elements that are read and written here. */
export const DATATYPES = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
] as const;
export type Datatype = (typeof DATATYPES)[number];

/** What a request says of one of its tensors; its data is in the table. */
export interface TensorHeader {
  readonly name: string;
  readonly datatype: Datatype;
  /** Rows first. */
  readonly shape: readonly number[];
  /** Its columns in the table, in order: its elements behind the first dimension. */
  readonly columns: readonly string[];
}

/** A tensor that a model takes or answers; −1: of any size. */
export interface TensorFacts {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

export interface ModelTensors {
  readonly inputs: readonly TensorFacts[];
  readonly outputs: readonly TensorFacts[];
}

/** A tensor of an answer, row-major. NaN and null: missing, which only JSON and floating point can say. */
export interface OutputTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data:
    | { readonly datatype: 'FP64' | 'FP32' | 'INT64' | 'INT32' | 'BOOL'; readonly values: ArrayLike<number> }
    | { readonly datatype: 'BYTES'; readonly values: readonly (string | null)[] };
  /** Behind the JSON, as bytes. */
  readonly binary: boolean;
}

export interface InferenceAnswer {
  readonly model: string;
  readonly version: number;
  readonly id?: string | undefined;
  readonly outputs: readonly OutputTensor[];
}

/**
 * An answer of the protocol: JSON, and behind it the tensors that are asked for in binary. Throws Problem
 * `too_many_cells` when the JSON would be too long for one text.
 */
export type InferenceWriter = (answer: InferenceAnswer) => {
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
};
