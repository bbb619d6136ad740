import { write, writeSync } from 'node:fs';

/** Characters of lines that may wait for their reader: some ten thousand lines. One more is dropped. */
const MOST = 4 * 2 ** 20;
/** Characters that are written at a time. */
const BLOCK = 64 * 1024;
/** Until a pipe that was full, and a disk that was, are tried again. */
const FULL_MS = 20;
const FAILED_MS = 1000;
/** Until what waits when the process exits is given up. */
const FLUSH_MS = 1000;
const PAUSE_MS = 5;

/** Where lines go, each with its end. */
export interface Destination {
  write(line: string): void;
}

/**
 * Lines to a file descriptor, behind the event loop. A reader that stalls, or a disk that is full, stops nobody: lines wait
 * up to a bound, then they are dropped, and `onDropped` is told how many when there is room again. After its reader has
 * gone nothing is written. What waits when the process exits is written then, for a second at most. pino's own destination
 * does not end at an exit while its disk is full.
 */
export function destination(fd: number, onDropped: (lines: number) => void): Destination {
  // A pipe that blocks would hold a thread of libuv's pool, and with it the exit, until it is read: asked for its stream, Node
  // makes it one that does not.
  if (fd === 1) process.stdout.on('error', () => undefined);
  const blocks: string[] = [];
  let waiting = 0;
  let dropped = 0;
  let gone = false;
  /** The block that is being written, and how much of it was. */
  let chunk: Buffer | undefined;
  let at = 0;
  /** A write is with the system, or waits to be tried again. */
  let state: 'idle' | 'writing' | 'waiting' = 'idle';

  const next = (): Buffer | undefined => {
    if (chunk !== undefined) return chunk;
    if (blocks.length === 0 && dropped > 0) {
      const lines = dropped;
      dropped = 0;
      onDropped(lines);
    }
    const block = blocks.shift();
    if (block === undefined) return undefined;
    waiting -= block.length;
    at = 0;
    chunk = Buffer.from(block);
    return chunk;
  };
  const wrote = (bytes: number): void => {
    at += bytes;
    if (chunk !== undefined && at >= chunk.length) chunk = undefined;
  };
  const go = (): void => {
    if (state !== 'idle') return;
    // Taking the next block may write a line.
    state = 'writing';
    const bytes = next();
    if (bytes === undefined) {
      state = 'idle';
      return;
    }
    write(fd, bytes, at, bytes.length - at, null, (error, written) => {
      if (error === null) {
        state = 'idle';
        wrote(written);
        go();
        return;
      }
      gone = error.code === 'EPIPE';
      if (gone) {
        blocks.length = 0;
        chunk = undefined;
        return;
      }
      state = 'waiting';
      const again = (): void => {
        state = 'idle';
        go();
      };
      setTimeout(again, error.code === 'EAGAIN' ? FULL_MS : FAILED_MS).unref();
    });
  };
  process.on('exit', () => {
    // What the system has already been given it writes.
    if (state === 'writing') chunk = undefined;
    const until = performance.now() + FLUSH_MS;
    while (!gone && performance.now() < until) {
      const bytes = next();
      if (bytes === undefined) return;
      try {
        wrote(writeSync(fd, bytes, at, bytes.length - at));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
      }
    }
  });
  return {
    write(line) {
      if (gone) return;
      if (waiting + line.length > MOST) {
        dropped++;
        return;
      }
      waiting += line.length;
      const last = blocks.at(-1);
      if (last !== undefined && last.length < BLOCK) blocks[blocks.length - 1] = last + line;
      else blocks.push(line);
      go();
    },
  };
}
