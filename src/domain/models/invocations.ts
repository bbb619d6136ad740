import { Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import { endpoint, type Result } from '../endpoint.js';
import { MOST_JSON_CELLS } from '../tables.js';
import { predictionsJson } from './answers.js';
import { cardOf } from './infer.js';
import { byPlace } from './places.js';
import { modelOf, predictionsFor } from './predict.js';

const options = {
  type: 'object',
  additionalProperties: false,
  required: [],
  properties: {
    params: {
      description: "MLflow's parameters of inference: the models here have none.",
      type: 'object',
      maxProperties: 0,
    },
    positional: {
      description:
        'Whether columns are those of the fit by their places, whatever their names are: so are rows that are arrays.',
      type: 'boolean',
      default: false,
    },
  },
} as const;
type Options = FromSchema<typeof options>;

/** `POST /models/{name}/invocations`: a stored model's predictions as MLflow's scoring server answers them. */
export const invocations = endpoint<Options>({
  name: 'models.invocations',
  path: '/models/{name}/invocations',
  summary: "Predictions of a stored model by MLflow's scoring protocol",
  description:
    'Takes `dataframe_split`, `dataframe_records`, `instances` or `inputs` in JSON, CSV, and any other table. Answers `{"predictions": […]}`.',
  options,
  beside: ['params', 'positional'],
  model: 'uses',
  takes: 'invocations',
  results: { type: 'object' },
  details: { type: 'object' },
  answersArrow: false,
  example: {
    dataframe_split: {
      columns: ['sepal_length', 'petal_length'],
      data: [
        [5, 1.4],
        [6.2, 5.4],
      ],
    },
  },
  async run(question) {
    const { options: given, writeJson } = question;
    const opened = modelOf(question);
    const table = given.positional ? byPlace(question.table, cardOf(opened).inputs, '') : question.table;
    const asked = { ...question, options: { nan_policy: 'omit', probabilities: false } as const };
    const answered = await predictionsFor(opened, table, asked);
    const { values, rows } = answered;
    const cells = values.kind === 'columns' ? rows * values.columns.size : rows;
    if (cells > MOST_JSON_CELLS) {
      const detail = `expected at most ${MOST_JSON_CELLS} values in a JSON answer, got ${cells}`;
      throw new Problem('too_many_cells', detail);
    }
    const { predictions } = predictionsJson(answered);
    const reply = {
      contentType: 'application/json',
      body: new TextEncoder().encode(writeJson({ predictions })),
    };
    return { results: {}, details: {}, columns: table.names.length, reply } satisfies Result;
  },
});
