import type { JobFailure, JobProgress, JobStore, Lease, Outcome } from '../../ports/jobs.js';
import type { Answer, Asked, Job, JobModel, Landing, Lanes } from '../../ports/lanes.js';
import type { JobSeen } from '../../ports/observe-kept.js';
import { Problem } from '../../ports/problem.js';
import type { ProgressStep } from '../../ports/progress.js';
import type { Registry } from '../../ports/registry.js';
import type { TaskTrace, Tracing } from '../../ports/trace.js';
import { within } from '../trace.js';
import { progressKeeper } from './progress.js';

/** Datasets where they will be computed on, and the parts of a lane's job that say where. */
export type Land = (
  of: { readonly dataset: string; readonly reference: string | undefined },
  due: Pick<Asked, 'endpoint' | 'deadlineMs'>,
) => Promise<{ readonly landing: Landing } & Pick<Job, 'format' | 'stored' | 'extent' | 'reference'>>;

export interface RunOptions {
  readonly store: JobStore;
  readonly lanes: Lanes;
  readonly land: Land;
  readonly registry: Registry;
  readonly tracing: Tracing;
  readonly deadlineMs: number;
  readonly leaseMs: number;
  /** Told of jobs that have ended here. */
  readonly observe?: (seen: JobSeen) => void;
  /** Something failed that is no client's doing. */
  readonly onFault: (what: string, jobId: string, error: unknown) => void;
}

/** A job under way here. */
export interface Run {
  /** It is to end: softly, and a moment later by force. */
  cancel(): void;
  /** It goes back to the queue. */
  giveBack(): void;
  /** Resolves when nothing of it is left here. */
  readonly over: Promise<void>;
}

/** What a job that is to end has for its last step. Lanes give it up by themselves some 100 ms later. */
const SOFT_MS = 300;
/** Between two looks at whether somebody wants it to end who asked another process. */
const LOOK_MS = 100;
/** Between two attempts to keep an end, while the catalog cannot be had. */
const AGAIN_MS = 1000;
const KEEP_MS = 60_000;
/** Requests come before jobs, but not for ever. */
const YIELD_MS = 30_000;

/** Computes a claimed job and keeps its end. Its lease is renewed until then; whoever loses it keeps nothing. */
export function runJob(lease: Lease, options: RunOptions): Run {
  const { store, leaseMs, onFault } = options;
  const { id, request, created } = lease.job;
  const soft = new AbortController();
  const hard = new AbortController();
  let ending = false;
  let givenBack = false;
  let lost = false;
  const cancel = (): void => {
    if (ending) return;
    ending = true;
    soft.abort();
    setTimeout(() => {
      hard.abort();
    }, SOFT_MS).unref();
  };
  const lose = (): void => {
    lost = true;
    hard.abort();
  };
  const failed = (what: string) => (error: unknown) => {
    onFault(what, id, error);
  };
  const renewing = every(leaseMs / 3, () =>
    store.renew(lease, leaseMs).then((own) => {
      if (!own) lose();
    }, failed('a lease was not renewed')),
  );
  const looking = store.shared
    ? every(LOOK_MS, () =>
        store.isCancelling(lease).then((asked) => {
          if (asked === true) cancel();
          else if (asked === undefined) lose();
        }, failed('a job was not looked at')),
      )
    : undefined;
  const began = Date.now();
  const waitMs = Math.max(0, began - created);
  const trace = options.tracing.task({
    name: `job ${request.operation.split('/')[0] ?? ''}`,
    kind: 'internal',
    links: [request.traceparent],
    attributes: {
      'analytics.job.id': id,
      'analytics.job.attempt': lease.job.attempts,
      'analytics.job.wait_ms': waitMs,
      'analytics.operation': request.operation,
      'analytics.request_id': request.requestId,
    },
  });
  const keeper = progressKeeper((progress) =>
    store.progress(lease, progress).catch(failed('progress was not kept')),
  );
  const watch = {
    stop: soft.signal,
    progress: (step: ProgressStep) => {
      keeper.told(step);
    },
  };
  const work = async (): Promise<void> => {
    const outcome = await computed(lease, options, hard.signal, watch, trace).then(
      (answer) => outcomeOf(answer, ending),
      (error: unknown): Outcome => {
        if ((hard.signal.aborted || ending) && isEnd(error)) return { state: 'cancelled' };
        return {
          state: 'failed',
          failure: failureOf(error, (fault) => {
            onFault('a job failed', id, fault);
          }),
        };
      },
    );
    let state: string = outcome.state;
    const progress = await keeper.rest();
    looking?.();
    if (givenBack && !ending && outcome.state !== 'succeeded') {
      state = 'queued';
      await store.release(lease).catch(failed('a job was not given back'));
    } else if (lost) {
      state = 'lost';
    } else {
      await within(trace, 'store', {}, () =>
        kept(store, lease, outcome, progress, () => lost || givenBack, failed('an end was not kept')),
      );
      options.observe?.({ outcome: outcome.state, waitMs, runMs: Date.now() - began });
    }
    trace?.end({
      ...(outcome.state === 'failed' && { error: outcome.failure.code }),
      attributes: { 'analytics.job.state': state },
    });
  };
  const over = work()
    .catch(failed('a job was left'))
    .finally(() => {
      renewing();
      looking?.();
    });
  return {
    cancel,
    giveBack() {
      givenBack = true;
      hard.abort();
    },
    over,
  };
}

/** Calls again and again, never twice at a time. Returns how to stop that. */
function every(ms: number, act: () => Promise<unknown>): () => void {
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    void act().finally(() => {
      busy = false;
    });
  }, ms).unref();
  return () => {
    clearInterval(timer);
  };
}

/** Lands what a job is about and takes it to a lane, at a moment when no request is kept waiting by it. */
async function computed(
  { job: { request } }: Lease,
  { lanes, land, registry, deadlineMs }: RunOptions,
  signal: AbortSignal,
  watch: NonNullable<Parameters<Lanes['run']>[4]>,
  trace: TaskTrace | undefined,
): Promise<Answer> {
  const due = performance.now() + deadlineMs;
  const left = (): number => due - performance.now();
  const { endpoint, dataset, reference } = request;
  const model = request.model && (await jobModel(registry, request.model));
  const began = performance.now();
  while (lanes.state().waiting > 0 && performance.now() - began < YIELD_MS) await pause(100, signal);
  for (;;) {
    try {
      const { landing, ...landed } = await within(trace, 'land', {}, () =>
        land({ dataset, reference }, { endpoint, deadlineMs: left() }),
      );
      if (signal.aborted) landing.release();
      signal.throwIfAborted();
      const job: Job = {
        ...landed,
        endpoint,
        query: [],
        accept: request.accept,
        ...(request.arrowCompression !== undefined && { arrowCompression: request.arrowCompression }),
        ...(request.beside !== undefined && { beside: request.beside }),
        ...(model !== undefined && { model }),
        requestId: request.requestId,
        receiveMs: performance.now() - began,
        waitMs: 0,
        ...(trace?.sampled === true && { traced: true }),
        progress: true,
      };
      const answer = await lanes.run(landing, job, left(), signal, watch);
      if (answer.spans !== undefined) trace?.record(answer.spans);
      return answer;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.spans !== undefined) trace?.record(error.spans);
      if (error.code !== 'overloaded' || left() <= 0) throw error;
      await pause(Math.min(1000, Math.max(100, lanes.waitMs())), signal);
    }
  }
}

async function jobModel(
  registry: Registry,
  asked: { readonly name: string; readonly version: number },
): Promise<JobModel> {
  const found = await registry.find(asked.name, asked.version);
  if (found === undefined)
    throw new Problem('not_found', 'expected a stored model, got one that was removed');
  const { name, version, card, sha256 } = found;
  const stored = { name, version, sha256, document: await registry.document(found) };
  return card.format === 'onnx' ? { ...stored, format: 'onnx', card } : { ...stored, format: 'pipeline' };
}

/** A model of which only a part was fitted is no version. */
function outcomeOf(answer: Answer, ending: boolean): Outcome {
  if (answer.partial === true) return { state: ending ? 'cancelled' : 'succeeded', answer };
  return { state: 'succeeded', answer, ...(answer.model !== undefined && { model: answer.model }) };
}

/** Whether it is what a job that was told to end ends with. */
function isEnd(error: unknown): boolean {
  return error instanceof Problem
    ? error.code === 'slow_request' || error.code === 'stopping'
    : error instanceof DOMException && error.name === 'AbortError';
}

function failureOf(error: unknown, onFault: (error: unknown) => void): JobFailure {
  if (error instanceof Problem) return { code: error.code, detail: error.message, faults: error.faults };
  onFault(error);
  return { code: 'internal_error', detail: 'the service failed on this job', faults: [] };
}

/**
 * Keeps an end, again and again while the catalog cannot be had. What cannot be kept for a minute has failed for that; where
 * that cannot be kept either, the lease runs out, and the job is begun anew.
 */
async function kept(
  store: JobStore,
  lease: Lease,
  outcome: Outcome,
  progress: JobProgress | undefined,
  inVain: () => boolean,
  failed: (error: unknown) => void,
): Promise<void> {
  const late = performance.now() + KEEP_MS;
  for (;;) {
    try {
      await store.finish(lease, outcome, progress);
      return;
    } catch (error) {
      failed(error);
      if (inVain()) return;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      if (performance.now() < late) continue;
      const detail = 'expected room for the result of the job, got none';
      const failure = { code: 'storage_failed', detail, faults: [] } as const;
      await store.finish(lease, { state: 'failed', failure }).catch(failed);
      return;
    }
  }
}

/** Rejects with an AbortError when `signal` is given. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const gone = (): void => {
      clearTimeout(timer);
      reject(new DOMException('given up', 'AbortError'));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', gone);
      resolve();
    }, ms);
    signal.addEventListener('abort', gone, { once: true });
  });
}
