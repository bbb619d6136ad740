import type { BatchSeen, StreamSight } from '../../ports/observe-kept.js';
import type { Point, Reading } from './readings.js';

/** Streams with series of their own: those that were there first. What the others do counts for `other`. */
export const MOST_STREAMS = 20;
export const OTHER = 'other';

/** What becomes of records; those that went to the dead-letter topic were rejected, too. */
export const RECORDS = ['accepted', 'late', 'rejected', 'duplicate', 'dead_lettered'] as const;

interface Counts {
  readonly records: Record<(typeof RECORDS)[number], number>;
  closed: number;
}

export interface StreamTally {
  readonly batch: (seen: BatchSeen) => void;
  readonly closed: (stream: string, windows: number) => void;
  readonly readings: readonly Reading[];
}

/**
 * Counts what streams do, by their names: the first ones, for as long as the process lives, for who collects metrics forgets no
 * series. `now`: the streams there are.
 */
export function streamCounts(now: () => readonly StreamSight[]): StreamTally {
  const counts = new Map<string, Counts>();

  const labelOf = (stream: string): string => {
    const own = counts.size - (counts.has(OTHER) ? 1 : 0);
    return counts.has(stream) || own < MOST_STREAMS ? stream : OTHER;
  };
  const countsOf = (stream: string): Counts => {
    const label = labelOf(stream);
    const known = counts.get(label);
    if (known !== undefined) return known;
    const records = { accepted: 0, late: 0, rejected: 0, duplicate: 0, dead_lettered: 0 };
    const made: Counts = { records, closed: 0 };
    counts.set(label, made);
    return made;
  };
  const sight = (): readonly StreamSight[] => {
    const streams = now();
    for (const { name } of streams) countsOf(name);
    return streams;
  };
  /** One point a label: what the streams of it come to together; 0 for those that are gone. */
  const points = (
    valueOf: (stream: StreamSight) => number,
    together: (a: number, b: number) => number,
  ): readonly Point[] => {
    const streams = sight();
    const values = new Map([...counts.keys()].map((label) => [label, 0]));
    for (const stream of streams) {
      const label = labelOf(stream.name);
      values.set(label, together(values.get(label) ?? 0, valueOf(stream)));
    }
    return [...values].map(([stream, value]) => [value, { stream }]);
  };
  const sum = (a: number, b: number): number => a + b;

  return {
    batch({ stream, accepted, late, rejected, duplicates, deadLettered }) {
      const { records } = countsOf(stream);
      records.accepted += accepted;
      records.late += late;
      records.rejected += rejected;
      records.duplicate += duplicates;
      records.dead_lettered += deadLettered;
    },
    closed(stream, windows) {
      countsOf(stream).closed += windows;
    },
    readings: [
      {
        kind: 'gauge',
        name: 'analytics.streams.lag',
        unit: '{record}',
        description: 'Records that wait in the partitions which this process has, of all streams.',
        read: () => [[now().reduce((all, { lag }) => all + lag, 0)]],
      },
      {
        kind: 'gauge',
        name: 'analytics.stream.lag',
        unit: '{record}',
        description: 'The same, by stream.',
        read: () => points(({ lag }) => lag, sum),
      },
      {
        kind: 'gauge',
        name: 'analytics.stream.watermark.delay',
        unit: 's',
        description: 'How far the watermark is behind the clock, by stream; 0 while there is none.',
        read: () =>
          points(
            ({ watermarkDelayMs }) =>
              watermarkDelayMs === undefined ? 0 : Math.max(0, watermarkDelayMs / 1000),
            Math.max,
          ),
      },
      {
        kind: 'gauge',
        name: 'analytics.stream.windows',
        unit: '{window}',
        description: 'Open windows of the partitions which this process has, by stream.',
        read: () => points(({ openWindows }) => openWindows, sum),
      },
      {
        kind: 'counter',
        name: 'analytics.stream.closed',
        unit: '{window}',
        description: 'Windows that this process closed, by stream.',
        read: () => {
          sight();
          return [...counts].map(([stream, { closed }]) => [closed, { stream }]);
        },
      },
      {
        kind: 'counter',
        name: 'analytics.stream.records',
        unit: '{record}',
        description: 'Records that this process took in, by stream and by what became of them.',
        read: () => {
          sight();
          return [...counts].flatMap(([stream, { records }]) =>
            RECORDS.map((outcome): Point => [records[outcome], { stream, outcome }]),
          );
        },
      },
    ],
  };
}
