import type { Consumer as Client, ConnectionPool } from '@platformatic/kafka' with {
  'resolution-mode': 'import',
};
import { once } from 'node:events';
import { assign, ownership, readOwnership } from './assign.js';
import { brokerFailed, closed, connecting, guard, type Kafka, type KafkaSettings, within } from './client.js';

const HEARTBEAT_MS = 1000;
/** How long members may take to come to a rebalance. */
const REBALANCE_MS = 30_000;
const JOIN_MS = REBALANCE_MS + 15_000;
const LEAVE_MS = 3000;
const FETCH_MS = 15_000;
const RETRIES = 2;

export interface MemberOptions {
  readonly kafka: Kafka;
  readonly settings: KafkaSettings;
  readonly topic: string;
  readonly group: string;
}

export interface MemberEvents {
  /** These are its partitions; `kept`: those of them that it had before without a break may go on. */
  joined(partitions: readonly number[], kept: boolean): void;
  /** The members are sorting out who has what. */
  rebalancing(): void;
}

/** One membership: a client that joined a group once. It is over with the first thing that it cannot mend itself. */
export interface Member {
  readonly client: Client;
  /** For fetches alone: one that waits holds up what is behind it on its connection. */
  readonly pool: ConnectionPool;
  /** Resolves with what ended it. */
  readonly over: Promise<unknown>;
  /** Ends it. */
  fail(error: unknown): void;
  /** Resolves with the next sign that the group still has it. */
  confirmed(stop: AbortSignal): Promise<void>;
  /** Asks for a rebalance, as when a topic has more partitions than before. */
  rejoin(): void;
  /** Leaves the group when that can be had, and closes every connection. */
  leave(): Promise<void>;
}

/**
 * Joins. Rejects with Problem `broker_failed` when the topic does not exist or the group cannot be had.
 *
 * The protocol is Kafka's classic one, with assignments that leave partitions where they are; a rebalance does not wait for
 * the work of those that lose one, since the store fences what they commit too late.
 */
export async function join(
  { kafka, settings, topic, group }: MemberOptions,
  events: MemberEvents,
): Promise<Member> {
  const { sessionMs } = settings;
  const heartbeatMs = Math.min(HEARTBEAT_MS, Math.floor(sessionMs / 4));
  let assigned: readonly number[] = [];
  let generation = -1;
  let id: string | null = null;
  let since = performance.now();
  let isJoining = true;
  let end: (error: unknown) => void = () => undefined;
  const over = new Promise<unknown>((resolve) => {
    end = resolve;
  });

  const client: Client = new kafka.Consumer({
    ...connecting(settings, JOIN_MS),
    retries: RETRIES,
    groupId: group,
    autocommit: false,
    sessionTimeout: sessionMs,
    rebalanceTimeout: REBALANCE_MS,
    heartbeatInterval: heartbeatMs,
    protocols: [
      {
        name: 'analytics-sticky',
        version: 0,
        // Read at each rebalance.
        get metadata() {
          return ownership(generation, assigned);
        },
      },
    ],
    partitionAssigner: (_current, members, _topics, metadata) => {
      const count = metadata.topics.get(topic)?.partitionsCount ?? 0;
      const candidates = [...members.values()].map((member) =>
        readOwnership(member.memberId, member.metadata),
      );
      return [...assign(candidates, count)].map(([memberId, partitions]) => ({
        memberId,
        assignments: new Map([[topic, { topic, partitions }]]),
      }));
    },
  });
  guard(kafka, client.connections);
  const pool = guard(kafka, new kafka.ConnectionPool('analytics-service', connecting(settings, FETCH_MS)));

  client.on('error', end);
  client.on('consumer:group:rebalance', () => {
    if (!isJoining) since = performance.now();
    isJoining = true;
    events.rebalancing();
  });
  client.on('consumer:group:join', (payload) => {
    const kept = payload.memberId === id && payload.generationId === generation + 1;
    id = payload.memberId;
    generation = payload.generationId ?? 0;
    assigned = payload.assignments?.find((one) => one.topic === topic)?.partitions ?? [];
    isJoining = false;
    since = performance.now();
    events.joined(assigned, kept);
  });
  const watch = setInterval(() => {
    const seen = Math.max(since, sinceEpoch(client.lastHeartbeat));
    const most = isJoining ? JOIN_MS + sessionMs : sessionMs;
    if (performance.now() - seen > most) end(new Error(`the group was silent for ${String(most)} ms`));
  }, heartbeatMs);

  const leave = async (): Promise<void> => {
    clearInterval(watch);
    end(undefined);
    await within(LEAVE_MS, 'the group to let the member go', closed(client)).catch(() => undefined);
    await Promise.allSettled([
      within(LEAVE_MS, 'connections to close', client.connections.close()),
      within(LEAVE_MS, 'connections to close', pool.close()),
    ]);
  };
  const who = `Kafka at ${settings.brokers.join(', ')}`;
  try {
    await within(JOIN_MS, `${who} to know the topic ${topic}`, client.metadata({ topics: [topic] }));
    client.topics.track(topic);
    await within(JOIN_MS, `${who} to let a member into the group`, client.joinGroup({}));
  } catch (error) {
    await leave();
    throw brokerFailed(`${who} to answer`, error);
  }
  return {
    client,
    pool,
    over,
    fail: end,
    async confirmed(stop) {
      await once(client, 'consumer:heartbeat:end', { signal: stop });
    },
    rejoin() {
      client.joinGroup({}).catch(end);
    },
    leave,
  };
}

/** On the clock of `performance.now()`. */
const sinceEpoch = (date: Date | null): number =>
  date === null ? -Infinity : date.getTime() - performance.timeOrigin;
