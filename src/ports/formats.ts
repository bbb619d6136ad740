import type { Engine, EngineName } from './engine.js';
import type { TableLimits } from './limits.js';
import type { Space } from './space.js';
import type { Profile } from './profile.js';
import type { ColumnType, Table, Warning } from './tables.js';

/** Formats a body can have. */
export const FORMATS = ['json', 'ndjson', 'csv', 'arrow', 'parquet'] as const;
export type Format = (typeof FORMATS)[number];
/** What else a body can be: a model's document, tensors of the Open Inference Protocol, MLflow's JSON. */
export const OTHER_FORMATS = ['model', 'inference', 'invocations'] as const;
export type BodyFormat = Format | (typeof OTHER_FORMATS)[number];

/** A compressed frame is not what it should be; `message` says what was expected and what came. */
export class FrameFault extends Error {}

/** Fills `out` with the one frame in `frame`. Throws FrameFault unless it holds exactly that many bytes. */
export type FrameDecoder = (frame: Uint8Array, out: Uint8Array) => void;
export type FrameEncoder = (bytes: Uint8Array) => Uint8Array;

/** Codecs that formats use inside: LZ4 frames and Zstandard frames. */
export interface Codecs {
  readonly lz4: { readonly decode: FrameDecoder; readonly encode: FrameEncoder };
  readonly zstd: { readonly decode: FrameDecoder };
}

/** What a decoder may use: room for columns that are not in the body as float64, the kernels that make them, the limits. */
export interface DecodeTools {
  readonly space: Space;
  readonly engine: Engine;
  readonly limits: TableLimits;
  readonly codecs: Codecs;
  /** Bytes of the JSON header of a body of tensors. */
  readonly headerBytes?: number | undefined;
  /**
   * Whether what fields of Arrow say of themselves beyond its types, in this service's words, is believed: it is a file of a
   * dataset; or as far as the cells bear it out: it may have been one. Else it is passed over.
   */
  readonly fieldNotes?: 'true' | 'checked' | undefined;
}

export interface Decoded {
  readonly table: Table;
  /** Options that the body carried, not validated; undefined where the format has none. */
  readonly options: unknown;
  /** Other members that stood beside the data in a JSON document, by name, not validated. */
  readonly beside?: ReadonlyMap<string, unknown>;
}

/** Body bytes to a table. Throws Problem with a 400, 413 or 422 code. `body` stays where it is. */
export type Decoder = (body: Uint8Array, tools: DecodeTools) => Decoded | Promise<Decoded>;

/**
 * A table as an Arrow IPC stream, with one more int32 column, null where negative, or as it is; `metadata` goes into the
 * schema. What lies behind nulls is zeros. `lz4`: buffers as LZ4 frames (LZ4_FRAME), raw where that does not make them
 * smaller.
 */
export type TableWriter = (
  table: Table,
  extra: { readonly name: string; readonly values: Int32Array } | null,
  metadata: ReadonlyMap<string, string>,
  lz4?: FrameEncoder,
) => Uint8Array;

/**
 * A table as the file of a dataset: an Arrow IPC stream of one batch whose bytes are the same for the same columns, whatever
 * format and batches they came in. Numbers are float64, booleans bits, timestamps the coarsest unit that holds them, in UTC,
 * strings utf8; cells of several types are JSON text in utf8, which the field says, as it says how many integers were
 * rounded. `lz4`: buffers as LZ4 frames. Throws Problem `out_of_memory`, `too_many_columns` for more names than a file holds.
 */
export type DatasetWriter = (
  table: Table,
  lz4?: FrameEncoder,
) => {
  readonly document: Uint8Array;
  /** In the order of the table. */
  readonly columns: readonly WrittenColumn[];
};

export interface WrittenColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly missing: number;
  /** When it is read again. */
  readonly decodedBytes: number;
}

/** Rows of a table as text, in pieces: a line for each. */
export type RowsWriter = (table: Table) => Iterable<string>;

/** JSON text that was written before, to stand in a value as it is. */
export class WrittenJson {
  constructor(readonly text: string) {}
}

/** What a page says of the answer that it shows. */
export interface PageFacts {
  readonly warnings: readonly Warning[];
  readonly engine: EngineName;
  readonly version: string;
  readonly requestId: string;
  readonly resultSha256: string;
}

/** A profile as one HTML page that needs nothing else: styles and plots in it, no script. */
export type PageWriter = (profile: Profile, facts: PageFacts) => string;

/** JSON of the service: objects whose keys come from clients are Maps, so that no name can touch a prototype. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | Int32Array
  | Float64Array
  | WrittenJson
  | ReadonlyMap<string, Json>
  | { readonly [key: string]: Json | undefined };

/** JSON text; `canonical` sorts keys (RFC 8785). Non-finite numbers become null. */
export type JsonWriter = (value: Json, canonical?: boolean) => string;

/** Validated options, and where in the request each came from. */
export interface CheckedOptions {
  readonly values: unknown;
  /** Pointer to an option for an error: `/options/columns/0`, or `?columns` for a query parameter. */
  readonly pointer: (option: string, index?: number) => string;
}

/** Validates with the JSON Schemas of the endpoints, and fills defaults. Throws Problem with 422 codes. */
export interface OptionsCheck {
  /** An endpoint's options: from the body, from beside its data, from the query. */
  readonly options: (
    endpoint: string,
    from: {
      readonly body: unknown;
      readonly beside: ReadonlyMap<string, unknown>;
      readonly query: readonly (readonly [string, string])[];
      /** How deep JSON may be nested. */
      readonly depth: number;
    },
  ) => CheckedOptions;
  /** An element of one of its lists, by the schema that `name` has among the endpoint's parts; `at` points to the element. */
  readonly part: (endpoint: string, name: string, value: unknown, at: string) => CheckedOptions;
  /** Makes ready for one more kind of request, where there is time for it; false when all are. */
  readonly prepare: () => boolean;
}

/**
 * Validates a JSON document that is a request as a whole by the schema of that name, and fills defaults. Throws Problem with
 * 422 codes and pointers into the document.
 */
export type RequestCheck = (name: string, value: unknown) => unknown;
