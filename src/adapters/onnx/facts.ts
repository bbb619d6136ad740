import { Problem } from '../../ports/problem.js';
import { BYTES, Fields, VARINT } from './protobuf.js';

/** An input or output of a graph as the file declares it. */
export interface Declared {
  readonly name: string;
  readonly kind: 'tensor' | 'sequence' | 'map' | 'optional' | 'sparse tensor' | 'value without a type';
  /** `TensorProto.DataType` of a tensor. */
  readonly element: number;
  /** Null where any size is taken; no shape: null. */
  readonly shape: readonly (number | null)[] | null;
}

/** What an ONNX file says of itself, read from its protobuf (onnx/onnx-ml.proto). */
export interface FileFacts {
  readonly irVersion: number;
  /** Versions of operator sets by domain; `ai.onnx` is written out. */
  readonly opsets: ReadonlyMap<string, number>;
  /** Operators by domain, those of subgraphs and functions too. */
  readonly operators: ReadonlyMap<string, ReadonlySet<string>>;
  /** Domains of the functions that the file defines. */
  readonly functions: ReadonlySet<string>;
  readonly inputs: readonly Declared[];
  readonly outputs: readonly Declared[];
  /** Name of the first tensor whose data lies in another file. */
  readonly external: string | undefined;
  /** Labels of the classifiers of ai.onnx.ml, where all have the same. */
  readonly classes: readonly (string | number)[] | null;
}

/** Graphs in nodes of graphs. */
const MOST_NESTED = 16;

interface Gathered {
  irVersion: number;
  graphs: number;
  readonly opsets: Map<string, number>;
  readonly operators: Map<string, Set<string>>;
  readonly functions: Set<string>;
  readonly inputs: Declared[];
  readonly outputs: Declared[];
  readonly initializers: Set<string>;
  readonly labels: (readonly (string | number)[])[];
  external: string | undefined;
}

/** Reads an ONNX file. Throws 422 `invalid_model` for bytes that are none. */
export function readFacts(file: Uint8Array): FileFacts {
  const found: Gathered = {
    irVersion: 0,
    graphs: 0,
    opsets: new Map(),
    operators: new Map(),
    functions: new Set(),
    inputs: [],
    outputs: [],
    initializers: new Set(),
    labels: [],
    external: undefined,
  };
  const model = new Fields(file);
  while (model.next()) {
    if (model.number === 1 && model.wire === VARINT) found.irVersion = model.value;
    if (model.wire !== BYTES) continue;
    if (model.number === 7) {
      found.graphs++;
      graph(model.message(), found, 0);
    }
    if (model.number === 8) opset(model.message(), found);
    if (model.number === 25) localFunction(model.message(), found);
  }
  if (found.graphs !== 1)
    throw Problem.at('', 'invalid_model', `expected an ONNX file with one graph, got ${found.graphs}`);
  const { initializers, labels, inputs, ...facts } = found;
  // Files of before IR 4 name what has a value among the inputs.
  return { ...facts, inputs: inputs.filter(({ name }) => !initializers.has(name)), classes: agreed(labels) };
}

function agreed(labels: readonly (readonly (string | number)[])[]): readonly (string | number)[] | null {
  const [first] = labels;
  if (first === undefined) return null;
  const text = JSON.stringify(first);
  return labels.every((each) => JSON.stringify(each) === text) ? first : null;
}

const domainOf = (domain: string): string => (domain === '' ? 'ai.onnx' : domain);

function opset(fields: Fields, found: Gathered): void {
  let domain = '';
  let version = 0;
  while (fields.next()) {
    if (fields.number === 1 && fields.wire === BYTES) domain = fields.text();
    if (fields.number === 2 && fields.wire === VARINT) version = fields.value;
  }
  found.opsets.set(domainOf(domain), version);
}

function localFunction(fields: Fields, found: Gathered): void {
  let domain = '';
  while (fields.next()) {
    if (fields.wire !== BYTES) continue;
    if (fields.number === 10) domain = fields.text();
    if (fields.number === 7) node(fields.message(), found, 1);
    if (fields.number === 11) attribute(fields.message(), found, 1);
  }
  found.functions.add(domainOf(domain));
}

function graph(fields: Fields, found: Gathered, depth: number): void {
  if (depth > MOST_NESTED) {
    const detail = `expected graphs nested at most ${MOST_NESTED} deep, got deeper ones`;
    throw Problem.at('', 'invalid_model', detail);
  }
  while (fields.next()) {
    if (fields.wire !== BYTES) continue;
    switch (fields.number) {
      case 1:
        node(fields.message(), found, depth);
        break;
      case 5: {
        const name = tensor(fields.message(), found);
        if (depth === 0) found.initializers.add(name);
        break;
      }
      case 15:
        sparseTensor(fields.message(), found);
        break;
      case 11:
        if (depth === 0) found.inputs.push(declared(fields.message()));
        break;
      case 12:
        if (depth === 0) found.outputs.push(declared(fields.message()));
        break;
    }
  }
}

function node(fields: Fields, found: Gathered, depth: number): void {
  let domain = '';
  let operator = '';
  while (fields.next()) {
    if (fields.wire !== BYTES) continue;
    if (fields.number === 4) operator = fields.text();
    if (fields.number === 7) domain = fields.text();
    if (fields.number === 5) attribute(fields.message(), found, depth);
  }
  const known = found.operators.get(domainOf(domain)) ?? new Set();
  found.operators.set(domainOf(domain), known.add(operator));
}

function attribute(fields: Fields, found: Gathered, depth: number): void {
  let name = '';
  const integers: number[] = [];
  const texts: string[] = [];
  while (fields.next()) {
    // Numbers of a tree ensemble come one by one: there may be millions.
    if (fields.number === 8 && name.startsWith('classlabels_')) fields.integers(integers);
    if (fields.wire !== BYTES) continue;
    switch (fields.number) {
      case 1:
        name = fields.text();
        break;
      case 5:
      case 10:
        tensor(fields.message(), found);
        break;
      case 22:
      case 23:
        sparseTensor(fields.message(), found);
        break;
      case 6:
      case 11:
        graph(fields.message(), found, depth + 1);
        break;
      case 9:
        if (name.startsWith('classlabels_')) texts.push(fields.text());
        break;
    }
  }
  const labels = name === 'classlabels_strings' ? texts : integers;
  if (name.startsWith('classlabels_') && labels.length > 0) found.labels.push(labels);
}

/** Its name. Notes that its data lies elsewhere. */
function tensor(fields: Fields, found: Gathered): string {
  let name = '';
  let elsewhere = false;
  while (fields.next()) {
    if (fields.number === 8 && fields.wire === BYTES) name = fields.text();
    if (fields.number === 13) elsewhere = true;
    if (fields.number === 14 && (fields.wire !== VARINT || fields.value !== 0)) elsewhere = true;
  }
  if (elsewhere) found.external ??= name;
  return name;
}

function sparseTensor(fields: Fields, found: Gathered): void {
  while (fields.next())
    if (fields.wire === BYTES && (fields.number === 1 || fields.number === 2))
      tensor(fields.message(), found);
}

function declared(fields: Fields): Declared {
  let name = '';
  let type: Omit<Declared, 'name'> = { kind: 'value without a type', element: 0, shape: null };
  while (fields.next()) {
    if (fields.wire !== BYTES) continue;
    if (fields.number === 1) name = fields.text();
    if (fields.number === 2) type = typeOf(fields.message());
  }
  return { name, ...type };
}

/** By the number of the field of `TypeProto` that is set. */
const KINDS: Readonly<Record<number, Declared['kind']>> = {
  4: 'sequence',
  5: 'map',
  8: 'sparse tensor',
  9: 'optional',
};

function typeOf(fields: Fields): Omit<Declared, 'name'> {
  let type: Omit<Declared, 'name'> = { kind: 'value without a type', element: 0, shape: null };
  while (fields.next()) {
    if (fields.wire !== BYTES) continue;
    const kind = KINDS[fields.number];
    if (fields.number === 1) type = tensorType(fields.message());
    else if (kind !== undefined) type = { kind, element: 0, shape: null };
  }
  return type;
}

function tensorType(fields: Fields): Omit<Declared, 'name'> {
  let element = 0;
  let shape: (number | null)[] | null = null;
  while (fields.next()) {
    if (fields.number === 1 && fields.wire === VARINT) element = fields.value;
    if (fields.number !== 2 || fields.wire !== BYTES) continue;
    shape = [];
    const dims = fields.message();
    while (dims.next()) if (dims.number === 1 && dims.wire === BYTES) shape.push(size(dims.message()));
  }
  return { kind: 'tensor', element, shape };
}

function size(fields: Fields): number | null {
  let value: number | null = null;
  while (fields.next()) if (fields.number === 1 && fields.wire === VARINT) value = fields.value;
  // Some exporters write 0 or −1 for a size that is free.
  return value !== null && value > 0 ? value : null;
}
