import type { OnnxSession, Tensor } from '../../ports/onnx.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { ModelCard, ModelOutput } from '../../ports/registry.js';
import type { FromSchema } from '../../ports/schema.js';
import type { Cell } from '../../ports/tables.js';
import { endpoint, type Question } from '../endpoint.js';
import { layoutOf, rolesOf, widthOf, type OnnxLayout, type OnnxRoles } from './onnx-layout.js';
import * as own from './options.js';

const options = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: own.name,
    inputs: {
      description:
        'Names of the columns that the graph takes, in its order; without it `x0` … of a single input, the names of the inputs where there are several.',
      type: 'array',
      items: { type: 'string', minLength: 1, maxLength: 200 },
      minItems: 1,
      maxItems: 4096,
      uniqueItems: true,
    },
    classes: {
      description:
        'Labels of the classes in the order of their probabilities, where the graph does not name them.',
      type: 'array',
      items: { anyOf: [{ type: 'number' }, { type: 'string' }] },
      minItems: 2,
      maxItems: 4096,
      uniqueItems: true,
    },
    missing: {
      description:
        'What a row that lacks a value is answered: `null`, or what the graph makes of NaN (`nan`, for graphs that take it, such as those of LightGBM).',
      enum: ['null', 'nan'],
      default: 'null',
    },
  },
} as const;
type Options = FromSchema<typeof options>;

/** `POST /models?format=onnx&name=…`: an ONNX file, looked at, tried with one row, and stored as a version. */
export const importOnnx = endpoint<Options>({
  name: 'models.onnx',
  path: '/models',
  summary: 'A model in ONNX, stored as a version',
  description:
    'Takes exports of scikit-learn (skl2onnx) and LightGBM (onnxmltools) with `zipmap` off, and other graphs whose inputs and outputs are tensors by rows. What is refused, 422 `invalid_model`, says what it lacks.',
  options,
  model: 'makes',
  takes: 'model',
  results: {
    type: 'object',
    required: ['task', 'inputs', 'outputs'],
    properties: {
      task: { enum: ['classification', 'regression', 'outliers', 'inference'] },
      inputs: { type: 'array', items: { type: 'object' } },
      outputs: { type: 'array', items: { type: 'object' } },
      classes: { type: ['array', 'null'], items: { type: ['string', 'number'] } },
    },
  },
  details: {
    type: 'object',
    properties: { opsets: { type: 'object', additionalProperties: { type: 'integer' } } },
  },
  answersArrow: false,
  example: {},
  async run(question) {
    const { document = new Uint8Array(0), openOnnx, options: given } = question;
    if (openOnnx === undefined) throw new Error('the reader of ONNX is not loaded');
    const session = await openOnnx(document);
    try {
      const layout = layoutOf(session.inputs, given.inputs, question.pointer('inputs'));
      refuseDuplicates(layout, question);
      const outputs = await probe(session, layout);
      const card = cardOf(session, layout, outputs, question);
      const { task, inputs, target } = card;
      return {
        results: {
          task,
          inputs: inputs.map((input) => ({ ...input })),
          outputs: outputs.map(({ name, type, width }) => ({ name, type, width })),
          classes: target?.classes ?? null,
        },
        details: { opsets: session.opsets },
        columns: inputs.length,
        model: {
          name: given.name,
          card,
          document: document.slice(),
        },
      };
    } finally {
      await session.release();
    }
  },
});

function refuseDuplicates({ columns }: OnnxLayout, { pointer }: Question<Options>): void {
  const names = columns.map(({ name }) => name);
  if (new Set(names).size === names.length) return;
  const twice = names.find((name, i) => names.indexOf(name) < i)!;
  const detail = `expected columns of different names, got two named ${JSON.stringify(excerpt(twice, 60))}: name them by the option inputs`;
  throw Problem.at(pointer('inputs'), 'invalid_option', detail);
}

/** What the graph answers for two rows of zeros, or one where it takes no more. */
async function probe(
  session: OnnxSession,
  { inputs, single }: OnnxLayout,
): Promise<(ModelOutput & Probed)[]> {
  const rows = single ? 1 : 2;
  const feeds = new Map(
    inputs.map(({ name, type, rank, width }): [string, Tensor] => {
      const length = rows * width;
      const values = type === 'string' ? new Array<string>(length).fill('') : new Float64Array(length);
      return [name, { type, shape: rank === 1 ? [rows] : [rows, width], values }];
    }),
  );
  const answers = await session.run(feeds);
  return [...answers].map(([name, tensor]) => ({
    name,
    type: tensor.type === 'string' ? 'string' : tensor.type === 'bool' ? 'boolean' : 'number',
    width: widthOf(name, tensor, rows),
    first: tensor.values[0]!,
  }));
}

interface Probed {
  /** The first value that it gave. */
  readonly first: string | number;
}

function cardOf(
  { classes, opsets, version }: OnnxSession,
  { columns }: OnnxLayout,
  outputs: readonly (ModelOutput & Probed)[],
  question: Question<Options>,
): ModelCard {
  const { missing } = question.options;
  const roles = rolesOf(outputs);
  const text = outputs.find(({ name, type }) => type === 'string' && name !== roles.label?.name);
  if (text !== undefined) {
    const got = `${JSON.stringify(excerpt(text.name, 60))}, another one of text`;
    throw Problem.at('', 'invalid_model', `expected outputs of numbers beside one label, got ${got}`);
  }
  const known = classesOf(roles, classes, outputs, question);
  const target = roles.label ?? roles.value;
  return {
    format: 'onnx',
    task: roles.task,
    pipeline: [{ name: 'onnx', missing, opsets: [...opsets].map(([domain, at]) => `${domain} ${at}`) }],
    inputs: columns,
    outputs: outputs.map(({ name, type, width }) => ({ name, type, width })),
    target:
      target === undefined || roles.task === 'outliers'
        ? null
        : { name: target.name, type: target.type, ...(known !== null && { classes: known }) },
    metrics: {},
    metrics_on: null,
    rows: 0,
    training_sha256: null,
    engine: 'onnxruntime',
    engine_version: version,
  };
}

/** Labels of the probabilities: as the client names them, as the graph does, else 0, 1 … with a warning. */
function classesOf(
  { task, label, probabilities }: OnnxRoles,
  named: OnnxSession['classes'],
  outputs: readonly (ModelOutput & Probed)[],
  { options: { classes: given }, pointer, notes }: Question<Options>,
): readonly Cell[] | null {
  if (task !== 'classification' || label === undefined || probabilities === undefined) {
    if (given === undefined) return null;
    const detail = 'expected classes for a graph with a label and probabilities of several classes alone';
    throw Problem.at(pointer('classes'), 'invalid_option', `${detail}, got them for another`);
  }
  const { width } = probabilities;
  const first = outputs.find(({ name }) => name === label.name)!.first;
  if (given !== undefined) {
    if (given.length !== width) {
      const detail = `expected the ${width} classes that the graph has probabilities of, got ${given.length}`;
      throw Problem.at(pointer('classes'), 'invalid_option', detail);
    }
    if (!given.includes(first)) {
      const detail = `expected the labels of the graph among classes, got none ${JSON.stringify(first).slice(0, 60)}`;
      throw Problem.at(pointer('classes'), 'invalid_option', detail);
    }
    return given;
  }
  if (named?.length === width && named.includes(first)) return named;
  const detail =
    'the graph does not name its classes: the probabilities are named by their places, 0 …; the option classes names them';
  notes.warn('unnamed_classes', detail);
  return Array.from({ length: width }, (_, place) => place);
}
