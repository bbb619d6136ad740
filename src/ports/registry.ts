import type { EngineName } from './engine.js';
import type { Json } from './formats.js';
import type { Cell } from './tables.js';

/** What a model's parameters are written in. */
export type ModelFormat = 'pipeline' | 'onnx';

/** A column that a model takes, by name. */
export interface ModelInput {
  readonly name: string;
  readonly type: 'number' | 'boolean' | 'string' | 'timestamp';
}

/** What a model answers for each row. */
export interface ModelOutput {
  readonly name: string;
  readonly type: 'number' | 'boolean' | 'string' | 'timestamp';
  /** Values of a row: 1, or the classes of probabilities. */
  readonly width: number;
}

/** What is known of a model beside its parameters; plain JSON, read back as it was written. */
export interface ModelCard {
  readonly format: ModelFormat;
  readonly task: 'regression' | 'classification' | 'clustering' | 'outliers' | 'decomposition' | 'inference';
  /** Steps by name, with the parameters they were fitted with, defaults filled in. */
  readonly pipeline: readonly { readonly name: string; readonly [parameter: string]: Json | undefined }[];
  readonly inputs: readonly ModelInput[];
  readonly outputs: readonly ModelOutput[];
  readonly target: {
    readonly name: string;
    readonly type: ModelInput['type'];
    /** Of a classifier, sorted. */
    readonly classes?: readonly Cell[];
  } | null;
  /** By scikit-learn's names; null where not defined. */
  readonly metrics: { readonly [name: string]: number | null };
  /** Which rows the metrics are of. */
  readonly metrics_on: 'test' | 'cross_validation' | 'training' | null;
  /** Rows that it was fitted on. */
  readonly rows: number;
  /** Hash of the names and values of the columns that came with the fit, whatever format they came in. */
  readonly training_sha256: string | null;
  readonly engine: EngineName | 'onnxruntime';
  readonly engine_version: string;
}

/** A stored version of a model. */
export interface ModelVersion {
  readonly name: string;
  /** From 1 on, never given twice, also after a version was removed. */
  readonly version: number;
  /** ISO 8601, UTC. */
  readonly created: string;
  readonly card: ModelCard;
  /** Of the document that holds its parameters. */
  readonly sha256: string;
  readonly bytes: number;
}

/** The models of the service, on disk. What `publish` has answered is there after a kill, whole, or was removed. */
export interface Registry {
  /** Stores a document as the next version of a name. Rejects with Problem `storage_failed`; then nothing is stored. */
  publish(name: string, card: ModelCard, document: Uint8Array): Promise<ModelVersion>;
  /** A version of a name, the newest where none is given. */
  find(name: string, version?: number): Promise<ModelVersion | undefined>;
  /** All versions of a name, newest first. */
  versions(name: string): Promise<readonly ModelVersion[]>;
  /** The newest version of each name, by name. */
  list(): Promise<readonly ModelVersion[]>;
  /** Its parameters, verified by hash; of the last used ones a copy is kept in memory, within a budget. */
  document(version: ModelVersion): Promise<SharedArrayBuffer>;
  /** Removes a version, or all of a name. How many there were. */
  remove(name: string, version?: number): Promise<number>;
}
