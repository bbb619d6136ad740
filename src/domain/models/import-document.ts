import type { FromSchema } from '../../ports/schema.js';
import { Problem } from '../../ports/problem.js';
import { endpoint } from '../endpoint.js';
import { invalid, parseDocument, readModel, writeModel } from './document.js';
import { documentSchema } from './document-schema.js';
import * as own from './options.js';
import { probeModel, verifyModel } from './verify.js';

const options = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: { name: own.name },
} as const;

/** `POST /models?format=document&name=…`: a model that another service exported, stored as a version here. */
export const importDocument = endpoint<FromSchema<typeof options>>({
  name: 'models.import',
  path: '/models',
  summary: 'A model that was exported, stored as a version',
  description: 'Takes the document of `GET /models/{name}/export`; predicts the same, bit for bit.',
  options,
  parts: new Map([['document', documentSchema]]),
  model: 'makes',
  takes: 'model',
  results: { type: 'object' },
  details: { type: 'object' },
  answersArrow: false,
  example: {},
  run({
    document = new Uint8Array(0),
    options: { name },
    part,
    engine,
    space,
    limits,
    notes,
    checkpoint,
    progress,
  }) {
    const text = parseDocument(document);
    try {
      part('document', text, '');
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const faults = error.faults.map((fault) => ({ ...fault, code: 'invalid_model' as const }));
      throw new Problem('invalid_model', error.message, faults);
    }
    const model = readModel(document);
    if (model.card.inputs.length === 0) throw invalid('expected inputs, got none', '/card/inputs');
    verifyModel(model, limits);
    checkpoint();
    probeModel(model, { engine, space, limits, notes, checkpoint, progress });
    const { card } = model;
    return {
      results: { metrics: card.metrics, metrics_on: card.metrics_on },
      details: {},
      columns: card.inputs.length,
      model: { name, card, document: writeModel(model) },
    };
  },
});
