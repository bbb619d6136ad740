import type { Json } from '../../ports/formats.js';
import type { OnnxSession } from '../../ports/onnx.js';
import type { ModelCard } from '../../ports/registry.js';
import type { State } from './estimator.js';

/** A transformer as it was fitted. */
export interface FittedStep {
  readonly name: string;
  /** Columns that it takes. */
  readonly columns: readonly string[];
  readonly state: Json;
}

/** A pipeline as it was fitted: what its document holds. */
export interface Model {
  readonly card: ModelCard;
  readonly steps: readonly FittedStep[];
  readonly estimator: {
    readonly name: string;
    /** Columns behind the steps, in the order of the fit. */
    readonly features: readonly string[];
    readonly state: State;
  };
}

/** A stored model, ready to be asked. */
export type OpenModel =
  | { readonly kind: 'pipeline'; readonly name: string; readonly version: number; readonly model: Model }
  | {
      readonly kind: 'onnx';
      readonly name: string;
      readonly version: number;
      readonly card: ModelCard;
      readonly session: OnnxSession;
    };
