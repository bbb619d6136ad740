import { setTimeout as pause } from 'node:timers/promises';
import type { BrokerRecord, ConsumerHandlers } from '../../ports/broker.js';
import { backoff } from './client.js';
import type { Fetched } from './records.js';

/** What feeds of a consumer share. */
export interface FeedRoom {
  readonly handlers: ConsumerHandlers;
  readonly batchBytes: number;
  readonly batchMs: number;
  /** Bytes that all feeds may hold together. */
  readonly most: number;
  /** Bytes that they hold. */
  held: number;
  /** While members of the group are sorting out who has what: nothing new is handed out. */
  rebalancing: boolean;
  /** Of a partition without an offset: where its first record is. */
  earliest(partition: number): Promise<bigint>;
  /** Resolves when the group has said again that this is a member. */
  confirmed(stop: AbortSignal): Promise<void>;
  /** Something may be fetched now that could not. */
  changed(): void;
}

/** A partition of this member: what was fetched of it, handed out batch by batch. */
export interface Feed {
  readonly partition: number;
  /** Where to fetch from; undefined while nothing may be fetched. */
  readonly wanted: bigint | undefined;
  /** Before this everything is in the state. */
  readonly done: bigint | undefined;
  /** Milliseconds that what waits has to wait still; undefined when nothing does. */
  pending(): number | undefined;
  /** What was fetched from `offset` on; forgotten when something else is wanted meanwhile. */
  take(offset: bigint, fetched: Fetched): void;
  /** Goes on at `to`, when `offset` is still what is wanted. */
  skip(offset: bigint, to: bigint): void;
  /** Wants nothing for so long. */
  rest(ms: number): void;
  /** Looks again whether a batch may be handed out. */
  wake(): void;
  /** Hands out no more; resolves after what is under way and `revoked`. */
  stop(): Promise<void>;
}

/** Of a record beside its key and value, in memory. */
const RECORD_BYTES = 128;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

const weight = ({ key, value }: BrokerRecord): number =>
  RECORD_BYTES + (key?.length ?? 0) + (value?.length ?? 0);

export function startFeed(partition: number, room: FeedRoom): Feed {
  const { handlers, batchBytes, batchMs } = room;
  const stopped = new AbortController();
  const { signal } = stopped;
  const isStopped = (): boolean => signal.aborted;
  let next: bigint | undefined;
  let done: bigint | undefined;
  let waiting: BrokerRecord[] = [];
  let weighs = 0;
  let since = 0;
  let look: (() => void) | undefined;
  let resting: NodeJS.Timeout | undefined;

  const drop = (): void => {
    room.held -= weighs;
    waiting = [];
    weighs = 0;
    next = undefined;
  };

  /** Whether what waits is a batch; else after how many milliseconds it will be. */
  const due = (): number => {
    if (waiting.length === 0 || room.rebalancing) return Infinity;
    return weighs >= batchBytes || room.held >= room.most
      ? 0
      : Math.max(0, since + batchMs - performance.now());
  };

  /** Resolves when there is a batch to be handed out, or the feed is stopped. */
  const untilDue = async (): Promise<void> => {
    for (let ms = due(); ms > 0 && !isStopped(); ms = due()) {
      await new Promise<void>((resolve) => {
        const timer = ms === Infinity ? undefined : setTimeout(resolve, Math.ceil(ms));
        look = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      look = undefined;
    }
  };

  const cut = (): { records: readonly BrokerRecord[]; bytes: number; weighed: number } => {
    let weighed = 0;
    let count = 0;
    for (const record of waiting) {
      const more = weight(record);
      if (count > 0 && weighed + more > batchBytes) break;
      weighed += more;
      count++;
    }
    const records = count === waiting.length ? waiting : waiting.slice(0, count);
    waiting = count === waiting.length ? [] : waiting.slice(count);
    weighs -= weighed;
    since = performance.now();
    return { records, bytes: weighed - count * RECORD_BYTES, weighed };
  };

  const flow = async (): Promise<void> => {
    const offset = (await handlers.assigned(partition)) ?? (await room.earliest(partition));
    if (isStopped()) return;
    next = offset;
    done = offset;
    room.changed();
    for (;;) {
      await untilDue();
      if (isStopped()) return;
      const { records, bytes, weighed } = cut();
      // There is room for the next while this one is worked on.
      room.changed();
      try {
        await handlers.records({ partition, records, bytes });
      } finally {
        room.held -= weighed;
      }
      failures = 0;
      const last = records[records.length - 1];
      // Behind the last record there may be marks of transactions.
      done = waiting.length === 0 ? next : last === undefined ? done : last.offset + 1n;
      room.changed();
    }
  };

  let failures = 0;
  const run = async (): Promise<void> => {
    while (!isStopped()) {
      try {
        await flow();
      } catch (error) {
        drop();
        handlers.trouble(error);
        // A member that the group has given up must not take the partition back from the next.
        const again = backoff(failures++, FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
        await pause(again, undefined, { signal }).catch(() => undefined);
        await room.confirmed(signal).catch(() => undefined);
      }
    }
    drop();
    room.changed();
    await handlers.revoked(partition).catch((error: unknown) => {
      handlers.trouble(error);
    });
  };
  const running = run();

  return {
    partition,
    get wanted() {
      return weighs >= 2 * batchBytes || resting !== undefined ? undefined : next;
    },
    get done() {
      return done;
    },
    pending: () => (waiting.length === 0 ? undefined : Math.max(0, since + batchMs - performance.now())),
    take(offset, fetched) {
      if (next !== offset || isStopped()) return;
      next = fetched.next;
      if (fetched.records.length === 0) {
        if (waiting.length === 0 && done === offset) done = next;
        return;
      }
      if (waiting.length === 0) since = performance.now();
      const weighed = fetched.bytes + fetched.records.length * RECORD_BYTES;
      waiting = waiting.length === 0 ? [...fetched.records] : waiting.concat(fetched.records);
      weighs += weighed;
      room.held += weighed;
      look?.();
    },
    skip(offset, to) {
      if (next !== offset || isStopped()) return;
      next = to;
      if (waiting.length === 0 && done === offset) done = to;
    },
    rest(ms) {
      if (isStopped()) return;
      clearTimeout(resting);
      resting = setTimeout(() => {
        resting = undefined;
        room.changed();
      }, ms);
    },
    wake: () => look?.(),
    async stop() {
      clearTimeout(resting);
      stopped.abort();
      look?.();
      await running;
    },
  };
}
