import type { IncomingMessage } from 'node:http';
import { Problem } from '../../ports/problem.js';
import { tooLarge } from './body.js';
import type { ByteLimit, Stage, Upstream } from './flow.js';

/** The slowest upload that is taken. */
export interface Pace {
  /** Milliseconds that any upload has, and over which its speed is measured. */
  readonly graceMs: number;
  readonly bytesPerSecond: number;
}

const LOOK_MS = 250;

/**
 * Pushes the bytes of a request into the stage that `build` makes, and settles with it. Rejects with 413 beyond `limit`,
 * with 408 for a client that dawdles, with 400 when the body breaks off or the client leaves (`signal`, whose reason it is
 * where that is a Problem).
 */
export function pump(
  request: IncomingMessage,
  limit: ByteLimit,
  pace: Pace,
  signal: AbortSignal,
  build: (wire: Upstream) => Stage,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const speed = new Speed(pace);
    let stage: Stage | undefined;
    let whole = false;
    let settled = false;
    const settle = (end: () => void): void => {
      if (settled) return;
      settled = true;
      clearInterval(watch);
      request.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken);
      signal.removeEventListener('abort', onGone);
      end();
    };
    const fail = (error: unknown): void => {
      settle(() => {
        // Paused, not destroyed: the refusal is yet to be sent over the same socket.
        request.pause();
        // A client that goes on sending breaks its own connection later.
        request.on('error', () => undefined);
        stage?.close();
        reject(error instanceof Error ? error : new Error(String(error)));
      });
    };
    const attempt = (step: () => void): void => {
      try {
        step();
      } catch (error) {
        fail(error);
      }
    };
    const onData = (chunk: Buffer): void => {
      speed.add(chunk.length);
      if (speed.received > limit.bytes) fail(tooLarge(limit, 'more'));
      else attempt(() => stage?.write(chunk));
    };
    const onEnd = (): void => {
      whole = true;
      clearInterval(watch);
      attempt(() => stage?.end());
    };
    const onBroken = (): void => {
      if (!whole) fail(new Problem('unreadable_body', 'expected a whole body, got one that broke off'));
    };
    const onGone = (): void => {
      const left = 'expected a client that waits for its answer, got one that left';
      const reason: unknown = signal.reason;
      fail(reason instanceof Problem ? reason : new Problem('unreadable_body', left));
    };
    const watch = setInterval(() => {
      const slow = speed.look();
      if (slow !== undefined) fail(slow);
    }, LOOK_MS);
    const wire: Upstream = {
      pause() {
        speed.pause();
        request.pause();
      },
      resume() {
        if (settled) return;
        speed.resume();
        request.resume();
      },
      fail,
      finished() {
        settle(resolve);
      },
    };
    if (signal.aborted) {
      onGone();
      return;
    }
    signal.addEventListener('abort', onGone);
    // Nothing flows before the next tick.
    request.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken);
    attempt(() => {
      stage = build(wire);
    });
  });
}

/** Speed of an upload over the last `graceMs`, on a clock that stands still while the service itself is busy. */
class Speed {
  received = 0;
  readonly #samples: { readonly at: number; readonly received: number }[] = [{ at: 0, received: 0 }];
  readonly #started = performance.now();
  #paused: number | undefined;
  #pausedMs = 0;

  constructor(readonly pace: Pace) {}

  add(bytes: number): void {
    this.received += bytes;
  }

  pause(): void {
    this.#paused ??= performance.now();
  }

  resume(): void {
    if (this.#paused !== undefined) this.#pausedMs += performance.now() - this.#paused;
    this.#paused = undefined;
  }

  /** A Problem when it is too slow. Also a fast start is no credit: what counts is the last `graceMs`. */
  look(): Problem | undefined {
    if (this.#paused !== undefined) return undefined;
    const { graceMs, bytesPerSecond } = this.pace;
    const at = performance.now() - this.#started - this.#pausedMs;
    const samples = this.#samples;
    samples.push({ at, received: this.received });
    while ((samples[1]?.at ?? Infinity) <= at - graceMs) samples.shift();
    const [first] = samples;
    if (first === undefined || at - first.at < graceMs) return undefined;
    if (this.received - first.received >= ((at - first.at) / 1000) * bytesPerSecond) return undefined;
    const detail = `expected at least ${bytesPerSecond} bytes a second (UPLOAD_FLOOR) after ${graceMs / 1000} s (UPLOAD_GRACE_MS), got fewer`;
    return new Problem('slow_request', detail);
  }
}
