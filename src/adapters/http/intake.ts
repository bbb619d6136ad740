import type { IncomingMessage } from 'node:http';
import type { Landing, Lanes } from '../../ports/lanes.js';
import { Problem } from '../../ports/problem.js';

/** Bodies up to this size wait in Buffers: a slow small client holds no arena. */
const SMALL = 64 * 1024;
/** An upload slower than this after the grace is answered 408. */
const FLOOR_BYTES_PER_SECOND = 64 * 1024;
const GRACE_MS = 10_000;
const LOOK_MS = 500;

/**
 * Reads a request's body to where it will be computed on: into an arena as it arrives, or by way of Buffers while it
 * is small. Throws 413 beyond `limit` (at once when declared), 408 for a client that dawdles, 400 when it breaks off.
 */
export async function receive(request: IncomingMessage, lanes: Lanes, limit: number): Promise<Landing> {
  const declared = declaredLength(request);
  const tooLarge = (got: string): Problem =>
    new Problem('too_large', `expected a body of at most ${limit} bytes, got ${got}`);
  if (declared !== undefined && declared > limit) throw tooLarge(`${declared} bytes`);
  let landing: Landing | undefined =
    declared !== undefined && declared > SMALL ? lanes.land(declared) : undefined;
  const small: Buffer[] = [];
  let received = 0;
  const started = performance.now();
  const watch = setInterval(() => {
    const elapsed = performance.now() - started;
    if (elapsed > GRACE_MS && received / (elapsed / 1000) < FLOOR_BYTES_PER_SECOND) {
      const detail = `expected at least ${FLOOR_BYTES_PER_SECOND} bytes a second after ${GRACE_MS / 1000} s, got fewer`;
      request.destroy(new Problem('slow_request', detail));
    }
  }, LOOK_MS);
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      received += chunk.length;
      if (received > limit) throw tooLarge('more');
      if (landing === undefined && received > SMALL) {
        landing = lanes.land(declared ?? 4 * SMALL);
        for (const part of small) landing.write(part);
      }
      if (landing === undefined) small.push(chunk);
      else landing.write(chunk);
    }
    if (landing === undefined) {
      landing = lanes.land(received);
      for (const part of small) landing.write(part);
    }
    return landing;
  } catch (error) {
    landing?.release();
    if (error instanceof Problem) throw error;
    throw new Problem('unreadable_body', 'expected a whole body, got one that broke off');
  } finally {
    clearInterval(watch);
  }
}

function declaredLength({ headers }: IncomingMessage): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}
