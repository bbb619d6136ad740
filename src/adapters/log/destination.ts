import { pino } from 'pino';

/** Bytes of lines that may wait for their reader: some ten thousand lines. One more is dropped. */
const MOST_BYTES = 4 * 2 ** 20;
/** Until what waits at the end of the process is given up. */
const FLUSH_MS = 1000;

/** Standard output, written to behind the event loop. */
export interface Destination {
  write(line: string): void;
  /** Writes what waits, for a second at most. */
  flushSync(): void;
}

/**
 * Lines to a file descriptor. A reader that stalls stops nobody: lines wait up to a bound, then they are dropped, and
 * `onDropped` is told how many when there is room again. After its reader has gone nothing is written. What waits when the
 * process exits is written then.
 */
export function destination(fd: number, onDropped: (lines: number) => void): Destination {
  // A pipe that blocks would hold a thread of libuv's pool, and with it the exit, until it is read: Node makes it one that
  // does not when its stream is first asked for.
  if (fd === 1) process.stdout.on('error', () => undefined);
  let dropped = 0;
  let gone = false;
  let until = Infinity;
  const stream = pino.destination({
    dest: fd,
    sync: false,
    maxLength: MOST_BYTES,
    retryEAGAIN: () => performance.now() < until,
  });
  stream.on('error', ({ code }: NodeJS.ErrnoException) => {
    // Anything else, such as a full disk, may pass: what waits is tried again with the next line.
    if (code === 'EPIPE') gone = true;
  });
  stream.on('drop', () => {
    dropped++;
  });
  const tell = (): void => {
    if (dropped === 0) return;
    const lines = dropped;
    dropped = 0;
    onDropped(lines);
  };
  stream.on('drain', tell);
  const flush = stream.flushSync.bind(stream);
  // pino's own flush at the exit comes here, too.
  stream.flushSync = () => {
    if (gone) return;
    until = performance.now() + FLUSH_MS;
    try {
      flush();
    } catch {
      // Its reader does not read, or the disk is full: there is nowhere to say so.
    }
    until = Infinity;
  };
  return {
    write(line) {
      if (!gone) stream.write(line);
    },
    flushSync() {
      stream.flushSync();
    },
  };
}
