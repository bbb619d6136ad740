import type { Log } from '../../ports/log.js';
import type { Observe, RequestSeen } from '../../ports/observe.js';

/** Asked all the time by machines, and of interest to nobody while they answer. */
const QUIET = /^(\/v2)?\/(health\/|metrics$|ping$)/u;
const THOUSANDTHS = 1000;

/** Writes a line for each request that is over. */
export function logRequests(log: Log): Observe {
  return (seen) => {
    const { work } = seen;
    log[levelOf(seen)]('request', {
      request_id: seen.requestId,
      trace_id: seen.traceId,
      span_id: seen.spanId,
      method: seen.method,
      route: seen.route,
      status: seen.status,
      code: seen.code,
      duration_ms: ms(seen.durationMs),
      bytes_in: seen.bytesIn,
      bytes_out: seen.bytesOut,
      caller: seen.caller,
      model: seen.model,
      ...(work !== undefined && {
        format: work.format,
        engine: work.engine,
        rows: work.rows,
        wait_ms: ms(work.waitMs),
        decode_ms: ms(work.decodeMs),
        compute_ms: ms(work.computeMs),
        encode_ms: ms(work.encodeMs),
      }),
    });
  };
}

/** A failure of ours is an error, too much load a warning; what a client did wrong, or a client that left, is neither. */
function levelOf({ route, status }: RequestSeen): 'debug' | 'info' | 'warn' | 'error' {
  if (status === 500 || status === 507) return 'error';
  if (QUIET.test(route)) return 'debug';
  return status > 500 ? 'warn' : 'info';
}

const ms = (time: number): number => Math.round(time * THOUSANDTHS) / THOUSANDTHS;
