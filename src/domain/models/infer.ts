import type { TensorHeader } from '../../ports/inference.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import { type ModelCard } from '../../ports/registry.js';
import type { Table } from '../../ports/tables.js';
import { endpoint, type Result } from '../endpoint.js';
import type { OpenModel } from './model.js';
import { type Output, outputsOf } from './output-tensors.js';
import { byPlace } from './places.js';
import { modelOf, predictionsFor } from './predict.js';

const parameters = {
  description: 'Of the protocol and of clients; those that have no meaning here are not looked at.',
  type: 'object',
  additionalProperties: true,
} as const;
const options = {
  type: 'object',
  additionalProperties: false,
  required: ['inputs'],
  properties: {
    id: { description: 'Given back with the answer.', type: 'string' },
    parameters: {
      ...parameters,
      description:
        '`binary_data_output`: whether tensors are answered in binary unless their own parameters say.',
    },
    inputs: {
      description: 'Tensors.',
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'datatype', 'shape', 'columns'],
        properties: {
          name: { type: 'string' },
          datatype: { type: 'string' },
          shape: { type: 'array', items: { type: 'integer' } },
          columns: { type: 'array', items: { type: 'string' } },
        },
      },
    },
    outputs: {
      description: 'Tensors that are wanted, in this order; all where none are named.',
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name'],
        properties: {
          name: { type: 'string' },
          parameters: { ...parameters, description: '`binary_data`: whether it is answered in binary.' },
        },
      },
    },
  },
} as const;
type Options = FromSchema<typeof options>;

/** `POST /v2/models/{name}/infer`: a stored model's predictions by the Open Inference Protocol. */
export const infer = endpoint<Options>({
  name: 'models.infer',
  path: '/v2/models/{name}/infer',
  summary: 'Predictions of a stored model by the Open Inference Protocol (V2)',
  description:
    'Tensors of one value a row are columns by their names; one tensor with a value for each column of the fit is the columns in order. In JSON, flat or nested, or in binary (`Inference-Header-Content-Length`).',
  options,
  beside: ['id', 'parameters', 'inputs', 'outputs'],
  model: 'uses',
  takes: 'inference',
  results: { type: 'object' },
  details: { type: 'object' },
  answersArrow: false,
  example: {
    inputs: [
      { name: 'sepal_length', shape: [2, 1], datatype: 'FP64', data: [5, 6.2] },
      { name: 'petal_length', shape: [2, 1], datatype: 'FP64', data: [1.4, 5.4] },
    ],
  },
  async run(question) {
    const { options: given, writeInference } = question;
    if (writeInference === undefined) throw new Error('the writer of tensors is not loaded');
    const opened = modelOf(question);
    const card = cardOf(opened);
    // The schema's strings are the reader's datatypes.
    const table = columnsFor(card, question.table, given.inputs as readonly TensorHeader[]);
    const asked = { ...question, options: { nan_policy: 'omit', probabilities: true } as const };
    const predictions = await predictionsFor(opened, table, asked);
    const outputs = wanted(outputsOf(predictions, card), given);
    const { name: model, version } = opened;
    const reply = writeInference({ model, version, id: given.id, outputs });
    return { results: {}, details: {}, columns: table.names.length, reply } satisfies Result;
  },
});

export const cardOf = (opened: OpenModel): ModelCard =>
  opened.kind === 'onnx' ? opened.card : opened.model.card;

/** The tensors as the columns of the fit: by name, or the places of a single one. */
function columnsFor({ inputs }: ModelCard, table: Table, tensors: readonly TensorHeader[]): Table {
  const known = new Set(inputs.map(({ name }) => name));
  const [only] = tensors;
  const isNamed = table.names.some((name) => known.has(name));
  if (tensors.length === 1 && only !== undefined && !isNamed)
    return byPlace(table, inputs, '/inputs/0/shape');
  for (const [i, { name, columns }] of tensors.entries()) {
    if (columns.every((column) => known.has(column))) continue;
    const names = excerpt(inputs.map((input) => JSON.stringify(input.name)).join(', '));
    const detail = `expected tensors named ${names}, or a single one of ${inputs.length} values in a row, got ${JSON.stringify(excerpt(name))}`;
    throw Problem.at(`/inputs/${i}/name`, 'unknown_column', detail);
  }
  return table;
}

/** Those that are asked for, each as it is asked for. */
function wanted(
  all: readonly Output[],
  { outputs: asked, parameters: given = {} }: Pick<Options, 'outputs' | 'parameters'>,
): readonly (Output & { readonly binary: boolean })[] {
  const binary = flag(given, 'binary_data_output', '/parameters') ?? false;
  if (asked === undefined || asked.length === 0)
    return all.map((output) => inBinary(output, binary, '/parameters/binary_data_output'));
  const seen = new Set<string>();
  return asked.map(({ name, parameters: own = {} }, i) => {
    const at = `/outputs/${i}`;
    const output = all.find((one) => one.name === name);
    if (output === undefined || seen.has(name)) {
      const names = all.map((one) => one.name).join(', ');
      const expected = output === undefined ? `one of the outputs ${names}` : 'an output once';
      const detail = `expected ${expected}, got ${JSON.stringify(excerpt(name))}${output === undefined ? '' : ' twice'}`;
      throw Problem.at(`${at}/name`, 'invalid_option', detail);
    }
    seen.add(name);
    for (const foreign of ['classification', 'shared_memory_region']) {
      if (!Object.hasOwn(own, foreign)) continue;
      const detail = `expected an output as it is, got the parameter "${foreign}", which is not known here`;
      throw Problem.at(`${at}/parameters/${foreign}`, 'unknown_option', detail);
    }
    const chosen = flag(own, 'binary_data', `${at}/parameters`) ?? binary;
    return inBinary(output, chosen, `${at}/parameters/binary_data`);
  });
}

function flag(parameters: object, name: string, at: string): boolean | undefined {
  const value: unknown = Object.hasOwn(parameters, name) ? Reflect.get(parameters, name) : undefined;
  if (value === undefined || value === null || typeof value === 'boolean') return value ?? undefined;
  throw Problem.at(
    `${at}/${name}`,
    'invalid_option',
    `expected ${name} to be a boolean, got a ${typeof value}`,
  );
}

/** Labels have no bytes for a row without one. */
function inBinary(output: Output, binary: boolean, at: string): Output & { readonly binary: boolean } {
  const { name, data } = output;
  if (!binary || data.datatype === 'FP64') return { ...output, binary };
  const row = Array.prototype.findIndex.call(
    data.values,
    (value: string | number | null) => value === null || value !== value,
  );
  if (row === -1) return { ...output, binary };
  const detail = `expected rows without missing values for ${name} in binary, got none in row ${row}: in JSON it is null`;
  throw Problem.at(at, 'missing_values', detail);
}
