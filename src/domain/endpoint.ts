import type { Engine } from '../ports/engine.js';
import type { CheckedOptions, Json } from '../ports/formats.js';
import type { TableLimits } from '../ports/limits.js';
import type { Profile } from '../ports/profile.js';
import type { JSONSchema } from '../ports/schema.js';
import type { Space } from '../ports/space.js';
import type { Table } from '../ports/tables.js';
import type { Notes } from './notes.js';

/** What an endpoint is given: a decoded table and validated options. */
export interface Question<Options> {
  readonly table: Table;
  /** The part `reference`, where the endpoint takes one and it came. */
  readonly reference?: Table | undefined;
  readonly options: Options;
  readonly pointer: CheckedOptions['pointer'];
  /** Validates an element of an option that is a list, by the schema of that name in the endpoint's `parts`. */
  readonly part: (name: string, value: unknown, at: string) => CheckedOptions;
  readonly engine: Engine;
  /** Room for columns of its own, where kernels run over them in place. */
  readonly space: Space;
  /** What a table may have, also one that is made here. */
  readonly limits: TableLimits;
  readonly notes: Notes;
}

export interface Result {
  readonly results: Json;
  readonly details: Json;
  /** How many columns took part. */
  readonly columns: number;
  /** For clients that accept Arrow: the column to append to their table. */
  readonly appended?: { readonly name: string; readonly values: Int32Array };
  /** A table as the answer: in JSON its columns are `results.columns`; Arrow is the table, with `results` as metadata. */
  readonly table?: Table;
  /** For clients that accept HTML: what the page shows. */
  readonly page?: Profile;
}

/** One analysis: a path, the schema its options are validated with, and its story. A new one costs one file. */
export interface Endpoint {
  readonly name: string;
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  readonly options: JSONSchema;
  /** Options that may also stand at the top of a JSON body, beside the data. */
  readonly beside?: readonly string[];
  /** Schemas of what an option that is a list holds, by name. */
  readonly parts?: ReadonlyMap<string, JSONSchema>;
  /** Schema of `results`, for OpenAPI. */
  readonly results: JSONSchema;
  readonly details: JSONSchema;
  /** Whether an Arrow table can be the answer. */
  readonly answersArrow: boolean;
  /** Whether a page can be the answer. */
  readonly answersHtml?: boolean;
  /** Whether it takes a second table, as part `reference` of a multipart body. */
  readonly takesReference?: boolean;
  /** A JSON body that it answers with 200, for the documents; a test sends it. */
  readonly example: { readonly [member: string]: unknown };
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
