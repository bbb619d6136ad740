import type { IncomingMessage } from 'node:http';
import type { Landing, Lanes } from '../../ports/lanes.js';
import { Problem } from '../../ports/problem.js';

/** Bodies up to this size are admitted once they are whole: a slow small client holds no place in the queue. */
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
  const land = (bytes: number): Landing => {
    const made = lanes.land(bytes);
    landing = made;
    for (const part of small) made.write(part);
    return made;
  };
  try {
    await eachChunk(request, (chunk) => {
      received += chunk.length;
      if (received > limit) throw tooLarge('more');
      if (landing === undefined && received <= SMALL) small.push(chunk);
      else (landing ?? land(declared ?? 4 * SMALL)).write(chunk);
    });
    return landing ?? land(received);
  } catch (error) {
    landing?.release();
    throw error;
  }
}

/**
 * Hands every chunk of a body to `take`, and rejects with what it throws. The stream is paused then, not destroyed: the
 * refusal is yet to be sent over the same socket.
 */
function eachChunk(request: IncomingMessage, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    let received = 0;
    const end = (settle: () => void): void => {
      clearInterval(watch);
      request.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken);
      settle();
    };
    const refuse = (error: unknown): void => {
      request.pause();
      // A client that goes on sending breaks its own connection later.
      request.on('error', () => undefined);
      end(() => {
        reject(error instanceof Error ? error : new Error(String(error)));
      });
    };
    const onData = (chunk: Buffer): void => {
      received += chunk.length;
      try {
        take(chunk);
      } catch (error) {
        refuse(error);
      }
    };
    const onEnd = (): void => {
      end(resolve);
    };
    const onBroken = (): void => {
      refuse(new Problem('unreadable_body', 'expected a whole body, got one that broke off'));
    };
    const watch = setInterval(() => {
      const elapsed = performance.now() - started;
      if (elapsed > GRACE_MS && received / (elapsed / 1000) < FLOOR_BYTES_PER_SECOND) {
        const detail = `expected at least ${FLOOR_BYTES_PER_SECOND} bytes a second after ${GRACE_MS / 1000} s, got fewer`;
        refuse(new Problem('slow_request', detail));
      }
    }, LOOK_MS);
    request.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken);
  });
}

function declaredLength({ headers }: IncomingMessage): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}
