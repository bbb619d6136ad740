/**
 * Predictions as tensors of the Open Inference Protocol, under the names that MLServer's scikit-learn runtime gives them; those
 * of a graph in ONNX under its own, as Triton has them.
 */
import type { Datatype, ModelTensors, OutputTensor, TensorFacts } from '../../ports/inference.js';
import type { ModelCard, ModelInput } from '../../ports/registry.js';
import type { Cell } from '../../ports/tables.js';
import type { Predictions, Values } from './answers.js';
import { rolesOf } from './onnx-layout.js';

/** A tensor of an answer before it is known how it is wanted. */
export type Output = Omit<OutputTensor, 'binary'>;

interface Names {
  readonly predict: string;
  readonly proba: string;
  readonly scores: string;
}

function namesOf({ format, outputs }: ModelCard): Names {
  const { label, value, probabilities, scores } = format === 'onnx' ? rolesOf(outputs) : { label: undefined };
  return {
    predict: (label ?? value)?.name ?? 'predict',
    proba: probabilities?.name ?? 'predict_proba',
    scores: scores?.name ?? 'decision_function',
  };
}

/** `predict`, of classifiers `predict_proba`, of outlier detectors `decision_function`; of decompositions `transform`. */
export function outputsOf(predictions: Predictions, card: ModelCard): readonly Output[] {
  const { rows, values, probabilities, scores } = predictions;
  const names = namesOf(card);
  const outputs: Output[] = [];
  if (values.kind === 'columns') outputs.push(...columnOutputs(values.columns, rows, card));
  else
    outputs.push({
      name: names.predict,
      shape: [rows, 1],
      // Made where it is wanted: labels are a text a row.
      get data() {
        return valuesData(values, card);
      },
    });
  if (probabilities !== undefined) {
    const shape = [rows, probabilities.classes.length];
    outputs.push({ name: names.proba, shape, data: { datatype: 'FP64', values: probabilities.values } });
  }
  if (scores !== undefined)
    outputs.push({ name: names.scores, shape: [rows, 1], data: { datatype: 'FP64', values: scores } });
  return outputs;
}

/** Components side by side; the outputs of a graph each by its name. */
function columnOutputs(
  columns: ReadonlyMap<string, Float64Array>,
  rows: number,
  { format, outputs }: ModelCard,
): readonly Output[] {
  const all = [...columns.values()];
  const sizes = format === 'onnx' ? outputs : [{ name: 'transform', width: all.length }];
  let from = 0;
  return sizes.map(({ name, width }): Output => {
    const own = all.slice(from, (from += width));
    const values = new Float64Array(rows * width);
    for (const [j, column] of own.entries())
      for (let row = 0; row < rows; row++) values[row * width + j] = column[row]!;
    return { name, shape: [rows, width], data: { datatype: 'FP64', values } };
  });
}

function valuesData(values: Exclude<Values, { kind: 'columns' }>, { task }: ModelCard): Output['data'] {
  if (values.kind === 'numbers')
    return { datatype: isLabelled(task) ? 'INT64' : 'FP64', values: values.numbers };
  const { codes, classes } = values;
  const datatype = datatypeOf(classes);
  if (datatype === 'BYTES') {
    const texts = classes.map(String);
    return { datatype, values: Array.from(codes, (code) => (code < 0 ? null : texts[code]!)) };
  }
  const numbers = Float64Array.from(classes, Number);
  return { datatype, values: Float64Array.from(codes, (code) => (code < 0 ? NaN : numbers[code]!)) };
}

/** Whether the predictions of a task that has no classes are numbers of clusters, or 1 and −1. */
const isLabelled = (task: ModelCard['task']): boolean => task === 'clustering' || task === 'outliers';

/** Of labels, at least one: whole numbers are INT64, others FP64. */
function datatypeOf(classes: readonly Cell[]): 'BOOL' | 'INT64' | 'FP64' | 'BYTES' {
  if (classes.every((value) => typeof value === 'boolean')) return 'BOOL';
  if (classes.every((value) => typeof value === 'number'))
    return classes.every((value) => Number.isSafeInteger(value)) ? 'INT64' : 'FP64';
  return 'BYTES';
}

/** The tensors that a model takes, one for each column, and those that it answers. Rows come first: any number, −1. */
export function modelTensors(card: ModelCard): ModelTensors {
  return {
    inputs: card.inputs.map(({ name, type }) => ({ name, datatype: TYPES[type], shape: [-1, 1] })),
    outputs: answered(card),
  };
}

const TYPES: Readonly<Record<ModelInput['type'], Datatype>> = {
  number: 'FP64',
  boolean: 'BOOL',
  string: 'BYTES',
  timestamp: 'BYTES',
};

function answered(card: ModelCard): readonly TensorFacts[] {
  const { task, format, outputs, target } = card;
  const names = namesOf(card);
  const predict = (datatype: Datatype): TensorFacts => ({ name: names.predict, datatype, shape: [-1, 1] });
  switch (task) {
    case 'regression':
      return [predict('FP64')];
    case 'clustering':
      return [predict('INT64')];
    case 'outliers':
      return [predict('INT64'), { name: names.scores, datatype: 'FP64', shape: [-1, 1] }];
    case 'decomposition':
      return [{ name: 'transform', datatype: 'FP64', shape: [-1, -1] }];
    case 'inference':
      return outputs.map(({ name, width }) => ({ name, datatype: 'FP64', shape: [-1, width] }));
    case 'classification': {
      const { classes = [] } = target ?? {};
      const type = outputs.find(({ width }) => width === 1)?.type ?? 'number';
      const labels = classes.length > 0 ? datatypeOf(classes) : type === 'number' ? 'INT64' : TYPES[type];
      const chances =
        format === 'onnx'
          ? rolesOf(outputs).probabilities
          : outputs.find(({ name }) => name === 'probabilities');
      if (chances === undefined) return [predict(labels)];
      return [predict(labels), { name: names.proba, datatype: 'FP64', shape: [-1, chances.width] }];
    }
  }
}
