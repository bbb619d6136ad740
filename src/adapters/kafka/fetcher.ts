import type {
  API,
  ClusterMetadata,
  Connection,
  ConnectionPool,
  Consumer,
  fetchV17,
} from '@platformatic/kafka' with { 'resolution-mode': 'import' };
import { setTimeout as pause } from 'node:timers/promises';
import { Problem } from '../../ports/problem.js';
import { backoff, type Kafka } from './client.js';
import type { Feed, FeedRoom } from './feed.js';
import { recordsOf } from './records.js';

/** Of an answer, softly: parsing one must not hold up the requests of clients for long. */
const ANSWER_BYTES = 2 * 2 ** 20;
const PARTITION_BYTES = 2 ** 20;
/** How long the broker waits for records when nothing else is to be done. */
const LONG_POLL_MS = 250;
/** While another partition may become free for fetching. */
const SHORT_POLL_MS = 20;
/** With records that wait for others: of so many more the broker tells at once. */
const WORTH_BYTES = 2 ** 16;
const READ_COMMITTED = 1;
const REFUSED_MS = 2000;
/** In a row, of one broker; then the member begins anew. */
const MOST_FAILURES = 4;

type FetchResponse = fetchV17.FetchResponse;

export interface FetcherParts {
  readonly kafka: Kafka;
  readonly client: Consumer;
  /** Of its own: a fetch that waits holds up what is behind it on the connection. */
  readonly pool: ConnectionPool;
  readonly topic: string;
  readonly room: FeedRoom;
  readonly feeds: () => Iterable<Feed>;
  /** Resolves when something has changed, or the signal says stop. */
  readonly change: () => Promise<void>;
  readonly signal: AbortSignal;
}

interface Asked {
  readonly feed: Feed;
  readonly offset: bigint;
}

/**
 * Fetches for the feeds that want something, one request at a time of each leader, as long as they hold less than they may.
 * Ends with the signal; rejects when brokers cannot be asked.
 */
export async function fetching(parts: FetcherParts): Promise<void> {
  const { client, topic, room, signal } = parts;
  const under = new Map<number, Promise<void>>();
  const failures = new Map<number, number>();
  let failed: { readonly error: unknown } | undefined;
  let turn = 0;
  while (!signal.aborted && failed === undefined) {
    const changed = parts.change();
    const feeds = [...parts.feeds()];
    const asked = feeds.flatMap((feed) => (feed.wanted === undefined ? [] : [{ feed, offset: feed.wanted }]));
    if (asked.length > 0 && room.held < room.most) {
      const metadata = await client.metadata({ topics: [topic] });
      for (const [leader, some] of byLeader(asked, metadata, topic)) {
        if (under.has(leader)) continue;
        // Who was last comes first: an answer is filled in the order of the request.
        const start = turn++ % some.length;
        const turned = [...some.slice(start), ...some.slice(0, start)];
        const fetched = fetchOnce(parts, metadata, leader, turned, waitOf(feeds, some))
          .then(
            () => {
              failures.delete(leader);
            },
            async (error: unknown) => {
              const count = (failures.get(leader) ?? 0) + 1;
              failures.set(leader, count);
              client.clearMetadata();
              if (count > MOST_FAILURES) failed = { error };
              else await pause(backoff(count, 50, 1000), undefined, { signal }).catch(() => undefined);
            },
          )
          .finally(() => {
            under.delete(leader);
            room.changed();
          });
        under.set(leader, fetched);
      }
    }
    await changed;
  }
  await Promise.allSettled(under.values());
  if (failed !== undefined && !signal.aborted) throw failed.error;
}

function byLeader(asked: readonly Asked[], metadata: ClusterMetadata, topic: string): Map<number, Asked[]> {
  const leaders = new Map<number, Asked[]>();
  for (const one of asked) {
    const leader = metadata.topics.get(topic)?.partitions[one.feed.partition]?.leader ?? -1;
    leaders.set(leader, [...(leaders.get(leader) ?? []), one]);
  }
  return leaders;
}

/** How long the broker may wait, and for how much. */
function waitOf(
  feeds: readonly Feed[],
  asked: readonly Asked[],
): { readonly ms: number; readonly bytes: number } {
  const pending = feeds.map((feed) => feed.pending() ?? Infinity);
  const soonest = Math.min(...pending);
  if (feeds.length > asked.length) return { ms: SHORT_POLL_MS, bytes: 1 };
  if (soonest === Infinity) return { ms: LONG_POLL_MS, bytes: 1 };
  return { ms: Math.max(1, Math.min(LONG_POLL_MS, Math.ceil(soonest))), bytes: WORTH_BYTES };
}

async function fetchOnce(
  { kafka, client, pool, topic, room }: FetcherParts,
  metadata: ClusterMetadata,
  leader: number,
  asked: readonly Asked[],
  wait: { readonly ms: number; readonly bytes: number },
): Promise<void> {
  const broker = metadata.brokers.get(leader);
  const topicId = metadata.topics.get(topic)?.id;
  if (broker === undefined || topicId === undefined) {
    // Partitions without a leader, for now.
    client.clearMetadata();
    for (const { feed } of asked) feed.rest(LONG_POLL_MS);
    return;
  }
  const request = [
    {
      topicId,
      partitions: asked.map(({ feed, offset }) => ({
        partition: feed.partition,
        currentLeaderEpoch: -1,
        fetchOffset: offset,
        lastFetchedEpoch: -1,
        partitionMaxBytes: PARTITION_BYTES,
      })),
    },
  ];
  const response = await ask(kafka, client, await pool.get(broker), [
    wait.ms,
    wait.bytes,
    ANSWER_BYTES,
    READ_COMMITTED,
    0,
    0,
    request,
    [],
    '',
  ]);
  const byPartition = new Map(asked.map((one) => [one.feed.partition, one]));
  for (const answer of response.responses.flatMap(({ partitions }) => partitions)) {
    const one = byPartition.get(answer.partitionIndex);
    if (one === undefined) continue;
    if (answer.errorCode === 0) one.feed.take(one.offset, recordsOf(answer, one.offset));
    else await refused(kafka, client, room, one, answer);
  }
}

type FetchArguments = [
  maxWaitMs: number,
  minBytes: number,
  maxBytes: number,
  isolationLevel: number,
  sessionId: number,
  sessionEpoch: number,
  topics: fetchV17.FetchRequestTopic[],
  forgotten: [],
  rack: string,
];

/** One answer, also one that refuses some partitions. */
async function ask(
  kafka: Kafka,
  client: Consumer,
  connection: Connection,
  request: FetchArguments,
): Promise<FetchResponse> {
  const api = await new Promise<API<FetchArguments, FetchResponse>>((resolve, reject) => {
    client[kafka.kGetApi]<FetchArguments, FetchResponse>('Fetch', (error, found) => {
      if (found === undefined) reject(error ?? new Error('the broker has no Fetch'));
      else resolve(found);
    });
  });
  try {
    return await api.async(connection, ...request);
  } catch (error) {
    if (error instanceof kafka.ResponseError) return error['response'] as FetchResponse;
    // After an answer that came too late the package takes the next for another.
    connection.close(() => undefined);
    throw error;
  }
}

/** What a broker says when it does not lead the partition, or not yet. */
const ELSEWHERE = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
  'REPLICA_NOT_AVAILABLE',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'UNKNOWN_TOPIC_ID',
  'INCONSISTENT_TOPIC_ID',
]);

async function refused(
  kafka: Kafka,
  client: Consumer,
  room: FeedRoom,
  { feed, offset }: Asked,
  { errorCode }: fetchV17.FetchResponsePartition,
): Promise<void> {
  const id = kafka.protocolErrorsCodesById[errorCode] ?? `error ${String(errorCode)}`;
  if (ELSEWHERE.has(id)) {
    client.clearMetadata();
    feed.rest(LONG_POLL_MS);
    return;
  }
  feed.rest(REFUSED_MS);
  const what = `partition ${String(feed.partition)}`;
  if (id !== 'OFFSET_OUT_OF_RANGE') {
    room.handlers.trouble(new Problem('broker_failed', `expected records of ${what}, got ${id}`));
    return;
  }
  const first = await room.earliest(feed.partition);
  const asked = `expected records of ${what} from offset ${String(offset)} on, got`;
  if (offset < first) {
    feed.skip(offset, first);
    const gone = `${asked} ${String(first)} as the first: those before are no longer in the topic, and are not counted`;
    room.handlers.trouble(new Problem('broker_failed', gone));
  } else {
    // Perhaps a broker that is behind. To begin at the first again would count records twice.
    room.handlers.trouble(new Problem('broker_failed', `${asked} an end before that`));
  }
}
