import type { Endpoint } from '../../domain/endpoint.js';
import type { Datasets } from '../../ports/datasets.js';
import type { OptionsCheck, RequestCheck } from '../../ports/formats.js';
import type { Jobs } from '../../ports/jobs.js';
import type { Registry } from '../../ports/registry.js';
import type { OpenEvents } from './events.js';
import type { SmallJsonOptions } from './small-json.js';

/** What jobs need beside what others do. */
export interface JobsParts {
  readonly jobs: Jobs;
  /** Endpoints that a job may be, by the name of the operation. */
  readonly operations: ReadonlyMap<string, Endpoint>;
  /** Loaded when the first job comes. */
  readonly checks: () => Promise<JobChecks>;
}

export interface JobsOptions extends SmallJsonOptions, JobsParts {
  readonly datasets: Pick<Datasets, 'find'>;
  readonly registry: Pick<Registry, 'find'>;
  /** How deep JSON may be nested. */
  readonly depth: number;
  readonly openEvents: OpenEvents;
  readonly accepting: () => boolean;
}

export interface JobChecks {
  /** Knows the schema of `jobs.submit`. */
  readonly request: RequestCheck;
  readonly options: OptionsCheck;
}
