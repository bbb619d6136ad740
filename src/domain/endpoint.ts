import type { Engine } from '../ports/engine.js';
import type {
  BodyFormat,
  CheckedOptions,
  DatasetWriter,
  Format,
  Json,
  JsonWriter,
  RowsWriter,
} from '../ports/formats.js';
import type { InferenceWriter } from '../ports/inference.js';
import type { TableLimits } from '../ports/limits.js';
import type { Profile } from '../ports/profile.js';
import type { JSONSchema } from '../ports/schema.js';
import type { Space } from '../ports/space.js';
import type { Table } from '../ports/tables.js';
import type { Job, MadeDataset, MadeModel } from '../ports/lanes.js';
import type { OpenOnnx } from '../ports/onnx.js';
import type { OpenModel } from './models/model.js';
import type { Notes } from './notes.js';
import type { Progress } from './progress.js';
import type { Trace } from './trace.js';

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
  /** Throws when the request was cancelled: called between the steps of long work. */
  readonly checkpoint: () => void;
  /** Told how far long work has come, and asked whether to end it with what it has. */
  readonly progress: Progress;
  /** Stretches of the work that are worth a span of their own. */
  readonly trace: Trace;
  /** Of the parts, one behind the other, in hexadecimal. */
  readonly sha256: (parts: Iterable<string | Uint8Array>) => string;
  readonly version: string;
  /** What the client wants: an answer of another form need not be made. */
  readonly accept: Job['accept'];
  /** The stored model that it asks, where the endpoint uses one. */
  readonly model?: OpenModel | undefined;
  /** The body as it came, where the endpoint takes a model's document; its table is empty then. */
  readonly document?: Uint8Array | undefined;
  /** Loaded for documents in ONNX. */
  readonly openOnnx?: OpenOnnx | undefined;
  /** For answers of other protocols. */
  readonly writeJson: JsonWriter;
  /** Loaded for requests of tensors. */
  readonly writeInference?: InferenceWriter | undefined;
  /** For tables that are stored or given back. */
  readonly tables?: TableWriters | undefined;
  /** Whether the client reads LZ4 frames in Arrow. */
  readonly compresses?: boolean;
}

/** Tables as bytes and text. */
export interface TableWriters {
  /** As the file of a dataset; `compress`: as it is stored. */
  readonly dataset: (table: Table, compress: boolean) => ReturnType<DatasetWriter>;
  readonly csv: RowsWriter;
  readonly ndjson: RowsWriter;
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
  /** To be stored under its name, where the endpoint makes models. */
  readonly model?: MadeModel;
  /** To be stored under its hash, where the endpoint makes datasets. */
  readonly dataset?: MadeDataset;
  /** The answer as it is, in a form of its own: no envelope is put around it. */
  readonly reply?: Reply;
}

/** An answer of another protocol. */
export interface Reply {
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
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
  /** Whether rows in CSV or NDJSON can be the answer. */
  readonly answersRows?: boolean;
  /** Whether its table is stored as it is. */
  readonly keeps?: boolean;
  /** Whether it takes a second table, as part `reference` of a multipart body. */
  readonly takesReference?: boolean;
  /** `makes` a model, which is stored under the name it gives; `uses` the one that the path names, `{name}` in it. */
  readonly model?: 'makes' | 'uses';
  /** What its body is, where it is no table. */
  readonly takes?: Exclude<BodyFormat, Format>;
  /** A JSON body that it answers with 200, for the documents; a test sends it. */
  readonly example: { readonly [member: string]: unknown };
  readonly run: (question: Question<unknown>) => Result | Promise<Result>;
}

/** Ties a story to the type of its options: give `FromSchema<typeof options>`, the type of the schema they are validated with. */
export function endpoint<Options>(
  definition: Omit<Endpoint, 'run'> & {
    readonly run: (question: Question<Options>) => Result | Promise<Result>;
  },
): Endpoint {
  return {
    ...definition,
    // The options were validated with `definition.options` before: this is where schema and type meet.
    run: (question) => definition.run({ ...question, options: question.options as Options }),
  };
}
