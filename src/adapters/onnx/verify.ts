import { excerpt, Problem } from '../../ports/problem.js';
import type { TensorFacts, TensorType } from '../../ports/onnx.js';
import { readFacts, type Declared, type FileFacts } from './facts.js';

/** A file that may be given to the runtime. */
export interface Verified extends FileFacts {
  readonly takes: readonly TensorFacts[];
  readonly gives: readonly TensorFacts[];
}

/** By `TensorProto.DataType`. */
const ELEMENTS: Readonly<Record<number, TensorType>> = {
  1: 'float32',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  11: 'float64',
};
const OTHER_ELEMENTS: Readonly<Record<number, string>> = {
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  10: 'float16',
  12: 'uint32',
  13: 'uint64',
  14: 'complex64',
  15: 'complex128',
  16: 'bfloat16',
};

/** Domains whose operators the runtime has. */
const DOMAINS = ['ai.onnx', 'ai.onnx.ml', 'com.microsoft'];
const MOST_ENDS = 4096;
const MOST_NAME = 200;

/**
 * Reads what a file says of itself, and refuses what will not be served: data in other files, operators of other domains,
 * inputs and outputs that are no tensors of the served types. Throws 422 `invalid_model` that says what the file lacks.
 */
export function verify(file: Uint8Array, most: number): Verified {
  if (file.length > most) throw lacking(`an ONNX file of at most ${most} bytes`, `${file.length} bytes`);
  if (file.length === 0) throw lacking('an ONNX file', 'an empty body');
  const facts = readFacts(file);
  if (facts.external !== undefined) {
    const name = quoted(facts.external);
    throw lacking('a file that holds all its data', `tensor ${name} with its data in another file`);
  }
  refuseOperators(facts);
  return {
    ...facts,
    takes: ends(facts.inputs, 'input', facts),
    gives: ends(facts.outputs, 'output', facts),
  };
}

function refuseOperators({ operators, functions }: FileFacts): void {
  for (const [domain, [operator = '']] of operators) {
    if (DOMAINS.includes(domain) || functions.has(domain)) continue;
    throw lacking(
      `operators of ${DOMAINS.join(', ')}`,
      `operator ${excerpt(operator, 60)} of domain ${excerpt(domain, 60)}, which is not supported`,
    );
  }
}

function ends(all: readonly Declared[], what: 'input' | 'output', facts: FileFacts): TensorFacts[] {
  if (all.length < 1 || all.length > MOST_ENDS)
    throw lacking(`a graph of 1 to ${MOST_ENDS} ${what}s`, `one of ${all.length}`);
  const names = new Set<string>();
  return all.map(({ name, kind, element, shape }) => {
    if (name === '' || name.length > MOST_NAME || name === '__proto__' || names.has(name))
      throw lacking(`${what}s with different names of 1 to ${MOST_NAME} characters`, quoted(name));
    names.add(name);
    if (kind !== 'tensor') {
      const zipped = facts.operators.get('ai.onnx.ml')?.has('ZipMap') === true;
      const advice = zipped ? ': export it with zipmap off (`options={"zipmap": False}`)' : '';
      throw lacking(`${what}s that are tensors`, `${quoted(name)}, a ${kind}${advice}`);
    }
    const type = ELEMENTS[element];
    if (type === undefined) {
      const got = OTHER_ELEMENTS[element] ?? `element type ${element}`;
      throw lacking(
        `${what}s of ${Object.values(ELEMENTS).join(', ')}`,
        `${quoted(name)}, a tensor of ${got}`,
      );
    }
    return { name, type, shape: shape ?? [] };
  });
}

const quoted = (name: string): string => JSON.stringify(excerpt(name, 60));

export const lacking = (expected: string, got: string): Problem =>
  Problem.at('', 'invalid_model', `expected ${expected}, got ${got}`);
