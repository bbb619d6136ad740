import type { Engine } from '../ports/engine.js';
import type { CheckedOptions, Json } from '../ports/formats.js';
import type { JSONSchema } from '../ports/schema.js';
import type { Table } from '../ports/tables.js';
import type { Notes } from './notes.js';

/** What an endpoint is given: a decoded table and validated options. */
export interface Question<Options> {
  readonly table: Table;
  readonly options: Options;
  readonly pointer: CheckedOptions['pointer'];
  readonly engine: Engine;
  readonly notes: Notes;
}

export interface Result {
  readonly results: Json;
  readonly details: Json;
  /** How many columns took part. */
  readonly columns: number;
  /** For clients that accept Arrow: the column to append to their table. */
  readonly appended?: { readonly name: string; readonly values: Int32Array };
}

/** One analysis: a path, the schema its options are validated with, and its story. A new one costs one file. */
export interface Endpoint {
  readonly name: string;
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  readonly options: JSONSchema;
  /** Schema of `results`, for OpenAPI. */
  readonly results: JSONSchema;
  readonly details: JSONSchema;
  /** Whether an Arrow table can be the answer. */
  readonly answersArrow: boolean;
  readonly run: (question: Question<unknown>) => Result;
}

/** Ties a story to the type of its options: give `FromSchema<typeof options>`, the type of the schema they are validated with. */
export function endpoint<Options>(
  definition: Omit<Endpoint, 'run'> & { readonly run: (question: Question<Options>) => Result },
): Endpoint {
  return {
    ...definition,
    // The options were validated with `definition.options` before: this is where schema and type meet.
    run: (question) => definition.run({ ...question, options: question.options as Options }),
  };
}
