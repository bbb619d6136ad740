import type { Json } from '../../ports/formats.js';
import { refuseDepth } from '../../ports/limits.js';
import { Problem } from '../../ports/problem.js';
import type { ModelCard } from '../../ports/registry.js';
import type { FittedStep, Model } from './model.js';
import { decodeState, encodeState } from './state-text.js';

/** What a document says it is. */
export const DOCUMENT_FORMAT = 'analytics-service/model';
/** Of how documents are written; one that is read differently has a greater one. */
export const DOCUMENT_VERSION = 1;

/** A model as a JSON document: what is stored, exported and imported. `readModel` makes the same model of it, bit for bit. */
export function writeModel({ card, steps, estimator }: Model): Uint8Array {
  const text = encodeState({
    format: DOCUMENT_FORMAT,
    format_version: DOCUMENT_VERSION,
    card: card as unknown as Json,
    steps: steps.map(({ name, columns, state }) => ({ name, columns, state })),
    estimator: { ...estimator },
  });
  return new TextEncoder().encode(text);
}

/**
 * The model of a document. It was either written here, which its hash says, or is looked at further by `verifyModel`.
 * Throws 422 `invalid_model` for what is no such document.
 */
export function readModel(document: Uint8Array): Model {
  const { format, format_version, card, steps, estimator } = parsed(document);
  if (format !== DOCUMENT_FORMAT || format_version !== DOCUMENT_VERSION)
    throw invalid(
      `expected a document of format "${DOCUMENT_FORMAT}", format_version ${DOCUMENT_VERSION}, got another`,
    );
  return {
    card: card as unknown as ModelCard,
    steps: steps as unknown as readonly FittedStep[],
    estimator: estimator as unknown as Model['estimator'],
  };
}

/** More than any document of a fit: what is deeper than the stack would end its validation. */
const DOCUMENT_DEPTH = 64;

/** A document as JSON has it. Throws 422 `invalid_model`. */
export function parseDocument(document: Uint8Array): unknown {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(document));
  } catch {
    throw invalid('expected a document in JSON, got other bytes');
  }
  try {
    refuseDepth(value, 1, DOCUMENT_DEPTH);
  } catch {
    throw invalid(`expected a document nested at most ${DOCUMENT_DEPTH} deep, got one nested deeper`);
  }
  return value;
}

function parsed(document: Uint8Array): ReturnType<typeof decodeState> {
  try {
    return decodeState(new TextDecoder('utf-8', { fatal: true }).decode(document));
  } catch (error) {
    throw invalid(error instanceof TypeError ? error.message : 'expected a document in JSON, got other text');
  }
}

export const invalid = (detail: string, pointer = ''): Problem =>
  Problem.at(pointer, 'invalid_model', detail);
