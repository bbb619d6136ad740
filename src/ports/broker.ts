/** Records that flow: what a broker of topics does for the service. */

/** A record as it lies in a topic. */
export interface BrokerRecord {
  /** Its place in the partition. */
  readonly offset: bigint;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** Milliseconds since 1970, as the broker has it. */
  readonly timestamp: number;
  /** W3C `traceparent` of who wrote it. */
  readonly traceparent?: string | undefined;
}

/** Records of one partition that came together, in order. */
export interface RecordBatch {
  readonly partition: number;
  readonly records: readonly BrokerRecord[];
  /** Of keys and values. */
  readonly bytes: number;
}

/** A record to be written. */
export interface NewRecord {
  readonly key: Uint8Array | string | null;
  readonly value: Uint8Array | string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a member of a group does with what it gets. Nothing of it is called twice at a time for one partition. */
export interface ConsumerHandlers {
  /** The partition is this member's from now on. The offset to begin with; null: its first record. */
  assigned(partition: number): Promise<bigint | null>;
  /** It is another's: what is under way is to end before this resolves. */
  revoked(partition: number): Promise<void>;
  /**
   * Records, which are in the state for good when it resolves; the next of the partition come then, and meanwhile fetching
   * pauses beyond a bound of bytes. When it rejects they come again, after a pause, from the offset that `assigned` gives.
   */
  records(batch: RecordBatch): Promise<void>;
  /** Something went wrong; the consumer goes on trying. */
  trouble(error: unknown): void;
}

export interface Lag {
  readonly partition: number;
  /** Records behind the end of the partition. */
  readonly records: bigint;
}

/** One member of a group that reads a topic. */
export interface Consumer {
  lag(): Promise<readonly Lag[]>;
  /** Leaves the group, after what is under way. */
  close(): Promise<void>;
}

export interface ConsumeOptions {
  readonly topic: string;
  readonly group: string;
  /** Bytes of one batch at most, but for a single larger record. */
  readonly batchBytes: number;
  /** How long records wait to become a batch. */
  readonly batchMs: number;
}

export interface Broker {
  /** Joins the group. Rejects with Problem `broker_failed` when there is no such topic or no broker is to be had. */
  consume(options: ConsumeOptions, handlers: ConsumerHandlers): Promise<Consumer>;
  /** Numbers of the partitions of a topic. Rejects with Problem `broker_failed` when there is none of that name. */
  partitions(topic: string): Promise<readonly number[]>;
  /** Resolves when all replicas in sync have them. Rejects with Problem `broker_failed`. */
  produce(topic: string, records: readonly NewRecord[]): Promise<void>;
  close(): Promise<void>;
}
