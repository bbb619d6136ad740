import type { StreamStatus } from '../../domain/streams-service/service.js';

/** An event time: ISO 8601, or ms where ECMAScript has no such instant. */
const instant = (ms: number | null): string | number | null =>
  ms === null ? null : Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : ms;

/** A stream as clients see it. */
export function shown({ stored, definition, state, reason, partitions, watermark }: StreamStatus): object {
  const sum = (of: (one: StreamStatus['partitions'][number]) => number): number =>
    partitions.reduce((total, one) => total + of(one), 0);
  const known = partitions.map(({ lag }) => lag).filter((lag) => lag !== null);
  return {
    name: stored.name,
    created: stored.created,
    definition,
    state,
    ...(reason !== undefined && { reason }),
    watermark: instant(watermark),
    closed_before: instant(stored.closedBefore),
    windows: { open: sum(({ open }) => open), closed: stored.lastSeq },
    records: {
      accepted: sum(({ accepted }) => accepted),
      late: sum(({ late }) => late),
      rejected: sum(({ rejected }) => rejected),
      duplicates: sum(({ duplicates }) => duplicates),
    },
    rate: round(sum(({ rate }) => rate)),
    lag: known.length === 0 ? null : known.reduce((a, b) => a + b, 0),
    partitions: partitions.map((one) => ({
      partition: one.partition,
      // Offsets go beyond what a number of JSON holds.
      offset: one.nextOffset,
      lag: one.lag,
      watermark: instant(one.watermark),
      idle: one.idle,
      rate: round(one.rate),
      windows: one.open,
      last_record: instant(one.seen),
    })),
  };
}

const round = (rate: number): number => Math.round(rate * 1000) / 1000;
