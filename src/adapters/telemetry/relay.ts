import { Worker } from 'node:worker_threads';

/** Requests, each as JSON, on their way to the thread that exports them. */
export interface Relay {
  add(entry: string): void;
  /** Sends what is left, and ends the thread. */
  close(): Promise<void>;
}

export type ToExporter = { readonly type: 'spans'; readonly text: string } | { readonly type: 'close' };
export type FromExporter =
  | { readonly type: 'taken'; readonly bytes: number }
  | { readonly type: 'trouble'; readonly reason: string }
  | { readonly type: 'closed' };

/** A message wakes a thread, which costs more than the spans of a request: they go together. */
const BATCH_BYTES = 64 * 1024;
const BATCH_MS = 200;
/** What the exporting thread has not taken yet; more is dropped. */
const MOST_BYTES = 4 * 2 ** 20;

/** What the thread may have, all that waits in it included: it ends if it needs more, and spans with it, nothing else. */
const HEAP = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 96 };

/** Starts the thread. `trouble` is told why spans are not delivered. */
export function startRelay(entry: string, trouble: (reason: string) => void): Relay {
  const worker = new Worker(entry, { resourceLimits: HEAP });
  let waiting: string[] = [];
  let bytes = 0;
  let untaken = 0;
  let gone = false;
  let timer: NodeJS.Timeout | undefined;
  const closed = new Promise<void>((resolve) => {
    const over = (): void => {
      gone = true;
      waiting = [];
      resolve();
    };
    worker.on('message', (message: FromExporter) => {
      if (message.type === 'taken') untaken -= message.bytes;
      else if (message.type === 'trouble') trouble(message.reason);
      else over();
    });
    worker.on('error', (error) => {
      trouble(`the thread that exports spans ended: ${error.name}`);
    });
    worker.on('exit', over);
  });
  // It holds no process that is to end; a message of it is heard all the same.
  worker.unref();
  const post = (message: ToExporter): void => {
    worker.postMessage(message);
  };
  const send = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0 || gone) return;
    const text = `[${waiting.join(',')}]`;
    waiting = [];
    bytes = 0;
    untaken += text.length;
    post({ type: 'spans', text });
  };
  return {
    add(entry) {
      if (gone) return;
      if (untaken + bytes + entry.length > MOST_BYTES) {
        trouble('the thread that exports spans does not keep up');
        return;
      }
      waiting.push(entry);
      bytes += entry.length;
      if (bytes >= BATCH_BYTES) send();
      else timer ??= setTimeout(send, BATCH_MS).unref();
    },
    async close() {
      send();
      if (!gone) post({ type: 'close' });
      await closed;
      await worker.terminate();
    },
  };
}
