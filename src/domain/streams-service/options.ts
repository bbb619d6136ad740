import type { Broker } from '../../ports/broker.js';
import type { Datasets } from '../../ports/datasets.js';
import type { DistributionsKernel } from '../../ports/distributions.js';
import type { JsonWriter } from '../../ports/formats.js';
import type { Lanes } from '../../ports/lanes.js';
import type { Failure, Fields } from '../../ports/log.js';
import type { ObserveKept } from '../../ports/observe-kept.js';
import type { StreamStore } from '../../ports/streams.js';
import type { Tracing } from '../../ports/trace.js';

export interface StreamsOptions {
  readonly store: StreamStore;
  readonly lanes: Lanes;
  readonly datasets: Datasets;
  /** Where records flow beside HTTP; undefined: nowhere. */
  readonly broker: Broker | undefined;
  /** Begin of the names of consumer groups. */
  readonly group: string;
  /** Streams. */
  readonly most: number;
  /** Open windows of a stream in each partition, and closed ones whose results are kept. */
  readonly maxWindows: number;
  readonly windowsKept: number;
  readonly batchBytes: number;
  readonly batchMs: number;
  readonly idleMs: number;
  /** Bytes of batches that may wait in a stream. */
  readonly queueBytes: number;
  /** Until a batch is folded. */
  readonly deadlineMs: number;
  /** Folds of a partition at a time. */
  readonly folds: number;
  /** Whether other processes may make and remove streams. */
  readonly shared: boolean;
  readonly distributions: () => Promise<DistributionsKernel>;
  readonly writeJson: JsonWriter;
  readonly tracing: Tracing | undefined;
  readonly observe: Pick<ObserveKept, 'batch' | 'closed'>;
  readonly log: (
    level: 'info' | 'warn' | 'error',
    message: string,
    fields?: Fields,
    failure?: Failure,
  ) => void;
}
