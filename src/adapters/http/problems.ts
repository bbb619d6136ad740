import { excerpt, Problem, type ProblemCode } from '../../ports/problem.js';

/** The one table: what status a code has, and its title. */
const TABLE: Readonly<Record<ProblemCode, readonly [status: number, title: string]>> = {
  unreadable_body: [400, 'Unreadable body'],
  invalid_json: [400, 'Invalid JSON'],
  invalid_utf8: [400, 'Invalid UTF-8'],
  too_deep: [400, 'Nested too deep'],
  invalid_arrow: [400, 'Invalid Arrow data'],
  truncated: [400, 'Truncated body'],
  invalid_csv: [400, 'Invalid CSV'],
  invalid_parquet: [400, 'Invalid Parquet data'],
  invalid_encoding: [400, 'Invalid compressed data'],
  invalid_multipart: [400, 'Invalid multipart body'],
  invalid_deadline: [400, 'Invalid deadline'],
  unauthorized: [401, 'Unauthorized'],
  forbidden: [403, 'Forbidden'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'Method not allowed'],
  not_acceptable: [406, 'Not acceptable'],
  slow_request: [408, 'Request too slow'],
  conflict: [409, 'Conflict'],
  too_large: [413, 'Body too large'],
  too_many_rows: [413, 'Too many rows'],
  too_many_cells: [413, 'Too many cells'],
  compression_ratio: [413, 'Compressed too much'],
  out_of_memory: [413, 'Request needs too much memory'],
  unsupported_media_type: [415, 'Unsupported media type'],
  unsupported_charset: [415, 'Unsupported charset'],
  unsupported_encoding: [415, 'Unsupported content encoding'],
  invalid_request: [422, 'Invalid request'],
  invalid_option: [422, 'Invalid option'],
  unknown_option: [422, 'Unknown option'],
  unknown_column: [422, 'Unknown column'],
  duplicate_column: [422, 'Duplicate column'],
  invalid_column_name: [422, 'Invalid column name'],
  too_many_columns: [422, 'Too many columns'],
  unsupported_type: [422, 'Unsupported type'],
  unsupported_value: [422, 'Unsupported value'],
  number_out_of_range: [422, 'Number out of range'],
  missing_values: [422, 'Missing values'],
  no_data: [422, 'No data'],
  missing_column: [422, 'Missing column'],
  invalid_model: [422, 'Invalid model'],
  engine_unavailable: [422, 'Engine unavailable'],
  quota_exceeded: [429, 'Quota exceeded'],
  storage_failed: [507, 'Storage failed'],
  kernel_trap: [500, 'Kernel trap'],
  lane_lost: [500, 'Lane lost'],
  internal_error: [500, 'Internal error'],
  broker_failed: [503, 'Broker failed'],
  access_unavailable: [503, 'Access unavailable'],
  overloaded: [503, 'Overloaded'],
  stopping: [503, 'Stopping'],
  deadline_exceeded: [504, 'Deadline exceeded'],
};

/** At most this many entries of `errors`. */
const MAX_ERRORS = 20;

/** The longest Retry-After, in seconds. */
const LONGEST = 120;

/**
 * Seconds after which a refused client may try again: not before what waits now has had its turn, as it is estimated, and
 * then spread over twice that time and at least three seconds, so that those who were refused together do not come together.
 */
export function retryAfter(waitMs: number, draw: () => number = Math.random): number {
  const soonest = Math.min(LONGEST / 2, Math.max(1, Math.ceil(waitMs / 1000)));
  const spread = Math.min(LONGEST / 2, Math.max(3, 2 * soonest));
  return soonest + Math.floor(draw() * spread);
}

export interface ProblemReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** RFC 9457. Anything that is not a Problem is ours, and says nothing of itself. `waitMs`: until there is room again. */
export function problemReply(error: unknown, requestId: string, waitMs = 0): ProblemReply {
  const problem =
    error instanceof Problem ? error : new Problem('internal_error', 'the service failed on this request');
  return replyOf(problem, requestId, waitMs);
}

/** The same of what is no exception: one takes a stack, and a service that is overloaded has no time for it. */
export function replyOf(
  problem: Pick<Problem, 'code' | 'message' | 'faults'>,
  requestId: string,
  waitMs: number,
): ProblemReply {
  const [status, title] = TABLE[problem.code];
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    'x-request-id': requestId,
  };
  if (status === 503) headers['retry-after'] = String(retryAfter(waitMs));
  const body = JSON.stringify({
    type: 'about:blank',
    title,
    status,
    detail: excerpt(problem.message, 600),
    code: problem.code,
    request_id: requestId,
    errors: problem.faults.slice(0, MAX_ERRORS),
  });
  return { status, headers, body };
}

/** The codes, for OpenAPI. */
export const PROBLEM_CODES = Object.keys(TABLE);
