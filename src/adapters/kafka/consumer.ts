import { setTimeout as pause } from 'node:timers/promises';
import type { ConsumeOptions, Consumer, ConsumerHandlers, Lag } from '../../ports/broker.js';
import { backoff, brokerFailed, type Kafka, type KafkaSettings, within } from './client.js';
import { type Feed, type FeedRoom, startFeed } from './feed.js';
import { fetching } from './fetcher.js';
import { join, type Member } from './member.js';

/** How often the group is told how far the state is: for operators' eyes, the state itself has the offsets. */
const TELL_MS = 5000;
const LAG_MS = 5000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;
/** A membership that lasted so long was a sound one. */
const SOUND_MS = 30_000;
/** Bytes that may be held, in batches. */
const BATCHES_HELD = 4;
const LEAST_HELD = 8 * 2 ** 20;
const EARLIEST = -2n;

/**
 * A member of a group, for as long as it is not closed: whatever ends its membership, it joins again. Rejects with Problem
 * `broker_failed` when it cannot join at first.
 */
export async function openConsumer(
  kafka: Kafka,
  settings: KafkaSettings,
  { topic, group, batchBytes, batchMs }: ConsumeOptions,
  handlers: ConsumerHandlers,
): Promise<Consumer> {
  const closing = new AbortController();
  const isClosing = (): boolean => closing.signal.aborted;
  const feeds = new Map<number, Feed>();
  let member: Member | undefined;
  let reconciled: Promise<void> = Promise.resolve();
  let partitions = 0;
  let wakers: (() => void)[] = [];

  const room: FeedRoom = {
    handlers,
    batchBytes,
    batchMs,
    most: Math.max(BATCHES_HELD * batchBytes, LEAST_HELD),
    held: 0,
    rebalancing: true,
    earliest: async (partition) => {
      const all = await offsets(current(), [partition], EARLIEST);
      return all.get(partition) ?? 0n;
    },
    confirmed: (stop) => current().confirmed(stop),
    changed() {
      const woken = wakers;
      wakers = [];
      for (const wake of woken) wake();
    },
  };
  const change = (): Promise<void> => new Promise((resolve) => wakers.push(resolve));

  function current(): Member {
    if (member === undefined) throw brokerFailed('a member of the group', new Error('it is joining'));
    return member;
  }

  async function offsets(
    { client }: Member,
    some: readonly number[],
    timestamp: bigint,
  ): Promise<Map<number, bigint>> {
    const asked = client.listOffsets({ topics: [topic], partitions: { [topic]: [...some] }, timestamp });
    const found = await within(LAG_MS, 'offsets of the topic', asked);
    const list = found.get(topic) ?? [];
    return new Map(
      some.flatMap((partition) => (list[partition] === undefined ? [] : [[partition, list[partition]]])),
    );
  }

  async function stop(some: readonly Feed[]): Promise<void> {
    for (const { partition } of some) feeds.delete(partition);
    await Promise.all(some.map((feed) => feed.stop()));
  }

  /** One change of assignments after the other. */
  function reconcile(assigned: readonly number[], kept: boolean): void {
    const goes = ({ partition }: Feed): boolean => !kept || !assigned.includes(partition);
    reconciled = reconciled
      .then(async () => {
        // What stays goes on while the rest ends its work.
        const gone = [...feeds.values()].filter(goes);
        room.rebalancing = false;
        for (const feed of feeds.values()) if (!goes(feed)) feed.wake();
        await stop(gone);
        for (const partition of assigned) {
          if (!feeds.has(partition)) feeds.set(partition, startFeed(partition, room));
        }
        room.changed();
      })
      .catch((error: unknown) => {
        handlers.trouble(error);
      });
  }

  async function enter(): Promise<Member> {
    const entered = await join(
      { kafka, settings, topic, group },
      {
        joined: reconcile,
        rebalancing() {
          room.rebalancing = true;
        },
      },
    );
    partitions = entered.client.currentMetadata?.topics.get(topic)?.partitionsCount ?? 0;
    return entered;
  }

  /** Until the membership is over; resolves with what ended it. */
  async function serve(serving: Member): Promise<unknown> {
    const ended = new AbortController();
    const { signal } = ended;
    const parts = {
      kafka,
      client: serving.client,
      pool: serving.pool,
      topic,
      room,
      feeds: () => feeds.values(),
    };
    const fetched = fetching({ ...parts, change, signal }).catch((error: unknown) => {
      serving.fail(error);
    });
    const telling = setInterval(() => {
      const count = serving.client.currentMetadata?.topics.get(topic)?.partitionsCount ?? partitions;
      if (count !== partitions) {
        partitions = count;
        serving.rejoin();
      }
      void tell(serving);
    }, TELL_MS);
    const error = await serving.over;
    clearInterval(telling);
    ended.abort();
    room.changed();
    await reconciled;
    await stop([...feeds.values()]);
    await tell(serving);
    await serving.leave();
    await fetched;
    // What a late join left behind.
    await reconciled;
    await stop([...feeds.values()]);
    return error;
  }

  const told = new Map<number, bigint>();
  /** For operators: how far the state is. Whether it is heard does not matter. */
  async function tell({ client }: Member): Promise<void> {
    const news = [...feeds.values()].flatMap(({ partition, done }) =>
      done === undefined || told.get(partition) === done ? [] : [{ partition, done }],
    );
    if (news.length === 0) return;
    const commits = news.map(({ partition, done }) => ({ topic, partition, offset: done, leaderEpoch: -1 }));
    try {
      await within(LAG_MS, 'offsets to be told', client.commit({ offsets: commits }));
      for (const { partition, done } of news) told.set(partition, done);
    } catch {
      // The next time.
    }
  }

  async function run(first: Member): Promise<void> {
    let failures = 0;
    for (let serving: Member | undefined = first; serving !== undefined;) {
      const began = performance.now();
      const error = await serve(serving);
      serving = undefined;
      member = undefined;
      room.rebalancing = true;
      if (performance.now() - began > SOUND_MS) failures = 0;
      if (error !== undefined) handlers.trouble(brokerFailed('to stay a member of the group', error));
      while (serving === undefined && !isClosing()) {
        await pause(backoff(failures++, FIRST_PAUSE_MS, LONGEST_PAUSE_MS), undefined, closing).catch(
          () => undefined,
        );
        if (isClosing()) break;
        try {
          serving = await enter();
          member = serving;
        } catch (failure) {
          handlers.trouble(failure);
        }
      }
      if (isClosing()) serving?.fail(undefined);
    }
  }

  member = await enter();
  const running = run(member);

  return {
    async lag() {
      const behind = [...feeds.values()].flatMap(({ partition, done }) =>
        done === undefined ? [] : [{ partition, done }],
      );
      if (behind.length === 0) return [];
      try {
        const ends = await offsets(
          current(),
          behind.map(({ partition }) => partition),
          -1n,
        );
        return behind.map(({ partition, done }): Lag => {
          const records = (ends.get(partition) ?? done) - done;
          return { partition, records: records > 0n ? records : 0n };
        });
      } catch (error) {
        throw brokerFailed('the ends of the topic', error);
      }
    },
    async close() {
      closing.abort();
      member?.fail(undefined);
      await running;
    },
  };
}
