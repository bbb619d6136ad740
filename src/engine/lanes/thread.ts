import { Worker } from 'node:worker_threads';
import { MOST_HELPERS } from '../team.js';
import type { LanesOptions } from './options.js';
import { type Failure, failureOf } from '../../ports/log.js';
import type { FromLane, LaneStart } from './protocol.js';

const MiB = 2 ** 20;

/** What a thread tells the one that started it. */
export interface ThreadEvents {
  readonly message: (message: FromLane) => void;
  /** It has ended, whatever ended it; called once. */
  readonly exit: (failure: Failure | undefined) => void;
}

/** Starts the thread of a lane. Throws when the system has none left, or no memory for one. */
export function startThread(options: LanesOptions, { message, exit }: ThreadEvents): Worker {
  const { engine, version, limits, modelBytes, requestBytes, lanes } = options;
  const start: LaneStart = {
    engine: engine.name,
    module: engine.module,
    version,
    limits,
    modelBytes,
    requestBytes,
    lanes: Math.min(lanes, MOST_HELPERS + 1),
    clock: {
      time: performance.timeOrigin + performance.now(),
      at: Number(process.hrtime.bigint()),
    },
  };
  const heapMiB = Math.ceil(options.laneHeapBytes / MiB);
  const worker = new Worker(options.entry, {
    workerData: start,
    stdout: true,
    stderr: true,
    // What a lane makes of objects dies with its request; the columns are not among them.
    resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: heapMiB },
  });
  // Not the process's: what is written there is no line of the log.
  for (const stream of [worker.stdout, worker.stderr])
    stream.on('data', (said: Buffer) => {
      options.onSaid(said.toString());
    });
  let failure: Failure | undefined;
  worker.on('message', message);
  worker.on('error', (error) => {
    failure = failureOf(error);
  });
  // What it answered cannot be known any more, nor to whom.
  worker.on('messageerror', (error) => {
    failure = failureOf(error);
    void worker.terminate();
  });
  worker.on('exit', () => {
    exit(failure);
  });
  return worker;
}
