import type { JobCounts, Jobs, JobsState, JobStore, Lease, StoredJob } from '../../ports/jobs.js';
import { type Run, runJob, type RunOptions } from './run.js';

export interface JobsOptions extends RunOptions {
  /** Names this process in the catalog. */
  readonly owner: string;
  /** Jobs that run here at a time; 0: others run them. */
  readonly atATime: number;
  /** Jobs that may wait. */
  readonly most: number;
  readonly keepMs: number;
  /** Told how many jobs were put back whose process gave no sign of life. */
  readonly onExpired?: (jobs: number) => void;
  /** Whether work is taken: false while the process stops. */
  readonly accepting: () => boolean;
}

export interface JobService extends Jobs {
  /** Takes no more, and gives back what runs. */
  close(): Promise<void>;
}

/** Until the first look at the queue, behind the start of the process. */
const FIRST_MS = 1500;
/** Between two looks at a queue that others write to, too. */
const LOOK_MS = 1000;
const PURGE_MS = 60_000;
/** Processes that may end over a job. */
const ATTEMPTS = 5;
/** How long who cancels a job waits for its end. */
const CANCEL_MS = 1500;
const CANCEL_LOOK_MS = 100;

/** Runs the jobs of the queue, in its order, a few at a time, and tells of them. */
export function startJobs(options: JobsOptions): JobService {
  const { store, owner, atATime, most, leaseMs, keepMs, accepting, onFault } = options;
  const runs = new Map<string, Run>();
  const listeners = new Map<string, Set<() => void>>();
  let closing = false;
  let first = true;
  let counts: JobCounts = { queued: 0, running: 0, oldest: undefined };

  const tell = (id: string): void => {
    for (const news of listeners.get(id) ?? []) news();
  };
  const told: JobStore = tellingStore(store, tell);
  const fault = (what: string) => (error: unknown) => {
    onFault(what, 'none', error);
  };

  const start = (lease: Lease): void => {
    const run = runJob(lease, { ...options, store: told });
    runs.set(lease.job.id, run);
    void run.over.then(() => {
      runs.delete(lease.job.id);
      wake();
    });
  };
  const take = async (): Promise<void> => {
    if (atATime > 0 && (first || store.shared)) {
      // Who alone has the catalog knows that nobody runs what it did not begin.
      const all = first && !store.shared;
      const expired = await store.requeue(ATTEMPTS, all);
      for (const id of expired) tell(id);
      if (expired.length > 0) options.onExpired?.(expired.length);
      first = false;
    }
    while (runs.size < atATime && !closing && accepting()) {
      const lease = await told.claim(owner, leaseMs);
      if (lease === undefined) break;
      if (stopped()) await told.release(lease);
      else start(lease);
    }
    counts = await store.counts();
  };
  const stopped = (): boolean => closing;

  let looking: Promise<void> | undefined;
  let again = false;
  const wake = (): void => {
    if (closing) return;
    if (looking !== undefined) {
      again = true;
      return;
    }
    again = false;
    looking = take()
      .catch(fault('the queue of jobs was not looked at'))
      .finally(() => {
        looking = undefined;
        if (again) wake();
      });
  };
  // A catalog of one process has news only from here; it is looked at now and then all the same, should a look have failed.
  const timers = [
    setTimeout(wake, FIRST_MS),
    setInterval(wake, store.shared ? LOOK_MS : 30 * LOOK_MS),
    setInterval(() => {
      store.purge(keepMs).catch(fault('old jobs were not removed'));
    }, PURGE_MS),
  ];
  for (const timer of timers) timer.unref();

  const onNews: Jobs['onNews'] = (id, news) => {
    const all = listeners.get(id) ?? new Set();
    listeners.set(id, all.add(news));
    return () => {
      all.delete(news);
      if (all.size === 0 && listeners.get(id) === all) listeners.delete(id);
    };
  };
  const state = (): JobsState => ({
    queued: counts.queued,
    running: counts.running,
    oldestQueuedMs: counts.oldest === undefined ? 0 : Math.max(0, Date.now() - counts.oldest),
  });
  return {
    async submit(submission) {
      const submitted = await told.submit(submission, most);
      if (submitted.isNew) wake();
      return submitted;
    },
    find: (...of) => store.find(...of),
    position: (...of) => store.position(...of),
    list: (...of) => store.list(...of),
    events: (...of) => store.events(...of),
    result: (...of) => store.result(...of),
    async cancel(id) {
      const asked = await told.cancel(id);
      if (asked === undefined || !isOpen(asked)) return asked;
      runs.get(id)?.cancel();
      return ended(id, asked, store, onNews);
    },
    onNews,
    state,
    async close() {
      closing = true;
      for (const timer of timers) clearTimeout(timer);
      await looking;
      for (const run of runs.values()) run.giveBack();
      await Promise.all([...runs.values()].map(({ over }) => over));
    },
  };
}

const isOpen = ({ state }: StoredJob): boolean => state === 'queued' || state === 'running';

/** A job that was told to end, when it has or a moment has passed. */
async function ended(
  id: string,
  asked: StoredJob,
  store: JobStore,
  onNews: Jobs['onNews'],
): Promise<StoredJob | undefined> {
  const late = performance.now() + CANCEL_MS;
  let job: StoredJob | undefined = asked;
  while (job !== undefined && isOpen(job) && performance.now() < late) {
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        stop();
        resolve();
      };
      const timer = setTimeout(settle, CANCEL_LOOK_MS);
      const stop = onNews(id, settle);
    });
    job = await store.find(id);
  }
  return job;
}

/** The same store; whoever listens is told of what this process has changed. */
function tellingStore(store: JobStore, tell: (id: string) => void): JobStore {
  const behind =
    <T>(id: string) =>
    (value: T): T => {
      tell(id);
      return value;
    };
  return {
    ...store,
    cancel: (id) => store.cancel(id).then(behind(id)),
    claim: async (...of) => {
      const lease = await store.claim(...of);
      if (lease !== undefined) tell(lease.job.id);
      return lease;
    },
    progress: (lease, progress) => store.progress(lease, progress).then(behind(lease.job.id)),
    finish: (lease, ...of) => store.finish(lease, ...of).then(behind(lease.job.id)),
    release: (lease) => store.release(lease).then(behind(lease.job.id)),
  };
}
