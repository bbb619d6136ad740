/** What can go wrong, in words of the service. The HTTP adapter alone decides which status a code has. */
export type ProblemCode =
  | 'unreadable_body'
  | 'invalid_json'
  | 'invalid_utf8'
  | 'too_deep'
  | 'invalid_arrow'
  | 'truncated'
  | 'invalid_csv'
  | 'invalid_parquet'
  | 'invalid_encoding'
  | 'invalid_multipart'
  | 'unauthorized'
  | 'forbidden'
  | 'quota_exceeded'
  | 'access_unavailable'
  | 'not_found'
  | 'method_not_allowed'
  | 'not_acceptable'
  | 'slow_request'
  | 'too_large'
  | 'too_many_rows'
  | 'too_many_cells'
  | 'compression_ratio'
  | 'unsupported_media_type'
  | 'unsupported_charset'
  | 'unsupported_encoding'
  | 'invalid_request'
  | 'invalid_option'
  | 'unknown_option'
  | 'unknown_column'
  | 'duplicate_column'
  | 'invalid_column_name'
  | 'too_many_columns'
  | 'unsupported_type'
  | 'unsupported_value'
  | 'number_out_of_range'
  | 'missing_values'
  | 'no_data'
  | 'missing_column'
  | 'invalid_model'
  | 'engine_unavailable'
  | 'out_of_memory'
  | 'invalid_deadline'
  | 'overloaded'
  | 'stopping'
  | 'storage_failed'
  | 'conflict'
  | 'broker_failed'
  | 'kernel_trap'
  | 'lane_lost'
  | 'internal_error'
  | 'deadline_exceeded';

/** One fault at one place of the request; `pointer` is an RFC 6901 pointer into the body, or `?name` for a query parameter. */
export interface Fault {
  readonly pointer: string;
  readonly code: ProblemCode;
  readonly detail: string;
}

/** A failure with a code that a client can act on. `message` says what was expected and what came. */
export class Problem extends Error {
  /** What was timed until then: spans, as JSON of a list of them. */
  spans: string | undefined;

  constructor(
    readonly code: ProblemCode,
    detail: string,
    readonly faults: readonly Fault[] = [],
  ) {
    super(detail);
    this.name = 'Problem';
  }

  /** A problem at one place of the request. */
  static at(pointer: string, code: ProblemCode, detail: string): Problem {
    return new Problem(code, detail, [{ pointer, code, detail }]);
  }

  /** The same of a part of the request with a name of its own: its pointers begin there, and its words say so. */
  within(part: string): Problem {
    const said = (detail: string): string => `${detail}, in the part "${part}"`;
    const { code, message, faults } = this;
    if (faults.length === 0) return Problem.at(`/${part}`, code, said(message));
    const moved = faults.map((fault) => ({
      ...fault,
      pointer: `/${part}${fault.pointer}`,
      detail: said(fault.detail),
    }));
    return new Problem(code, said(message), moved);
  }
}

/** At most `limit` characters of something a client sent, safe to show back. */
export function excerpt(text: string, limit = 100): string {
  const cut = text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
  return cut.toWellFormed();
}
