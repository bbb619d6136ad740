import type { fetchV17, RecordsBatch } from '@platformatic/kafka' with { 'resolution-mode': 'import' };
import type { BrokerRecord } from '../../ports/broker.js';

const TRANSACTIONAL = 1 << 4;
const CONTROL = 1 << 5;
/** Bit of a batch whose timestamps are those of the broker. */
const APPEND_TIME = 1 << 3;

/** What a fetch brought of one partition. */
export interface Fetched {
  readonly records: readonly BrokerRecord[];
  /** Of keys and values. */
  readonly bytes: number;
  /** Where to go on. */
  readonly next: bigint;
}

/**
 * The records of a partition's answer from `offset` on, without control records and without those of aborted transactions:
 * Kafka's own algorithm (KafkaConsumer's CompletedFetch), as the package lets records of a transaction through whose abort
 * lies in a later answer. Keys and values stay where they are.
 */
export function recordsOf(answer: fetchV17.FetchResponsePartition, offset: bigint): Fetched {
  const aborted = [...answer.abortedTransactions].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  const aborting = new Set<bigint>();
  const records: BrokerRecord[] = [];
  let bytes = 0;
  let next = offset;
  for (const batch of answer.records ?? []) {
    const last = batch.firstOffset + BigInt(batch.lastOffsetDelta);
    if (last + 1n > next) next = last + 1n;
    while (aborted[0] !== undefined && aborted[0].firstOffset <= last) {
      aborting.add(aborted[0].producerId);
      aborted.shift();
    }
    if ((batch.attributes & CONTROL) !== 0) {
      if (isAbort(batch)) aborting.delete(batch.producerId);
      continue;
    }
    if ((batch.attributes & TRANSACTIONAL) !== 0 && aborting.has(batch.producerId)) continue;
    const appended = (batch.attributes & APPEND_TIME) !== 0 ? Number(batch.maxTimestamp) : undefined;
    const first = Number(batch.firstTimestamp);
    for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
      const at = batch.firstOffset + BigInt(offsetDelta);
      // A batch begins before the offset that was asked for when that is within it.
      if (at < offset) continue;
      bytes += (key?.length ?? 0) + (value?.length ?? 0);
      records.push({
        offset: at,
        key,
        value,
        timestamp: appended ?? first + Number(timestampDelta),
        ...(headers.length > 0 && { traceparent: traceparentOf(headers) }),
      });
    }
  }
  return { records, bytes, next };
}

/** The key of a control record: its version, then its kind, 0 for an abort. */
function isAbort({ records }: RecordsBatch): boolean {
  const key = records[0]?.key;
  return key !== undefined && key !== null && key.length >= 4 && key.readInt16BE(2) === 0;
}

function traceparentOf(headers: readonly (readonly [Buffer | null, Buffer | null])[]): string | undefined {
  const found = headers.find(([name]) => name?.toString() === 'traceparent')?.[1];
  // 00-trace-span-flags, 55 characters; a later version may have more.
  return found !== undefined && found !== null && found.length >= 55 && found.length <= 128
    ? found.toString()
    : undefined;
}
