import { Worker } from 'node:worker_threads';
import type { Format } from '../../ports/formats.js';
import type { Answer, Job, Landing, Lanes } from '../../ports/lanes.js';
import type { TableLimits } from '../../ports/limits.js';
import { Problem } from '../../ports/problem.js';
import type { EngineChoice } from '../choose.js';
import { ArenaPool, WaitingBody } from './arenas.js';
import { collector } from './collect.js';
import type { FromLane, LaneStart, ToLane } from './protocol.js';

export interface LanesOptions {
  /** Compiled entry of a lane's thread. */
  readonly entry: string;
  readonly engine: EngineChoice;
  /** First byte of a memory that kernels leave free; undefined without WebAssembly. */
  readonly base: number | undefined;
  readonly lanes: number;
  /** Requests admitted at once beyond those that run. */
  readonly queue: number;
  /** Bytes that the bodies of admitted requests, and what is made of them, may take. */
  readonly memoryBudget: number;
  readonly version: string;
  readonly limits: TableLimits;
  readonly onLaneLost: (reason: string) => void;
}

/** The memory of a dropped arena from this size on is not left to the next garbage collection. */
const LARGE = 64 * 2 ** 20;
/** Bytes of a body whose Buffers are collected together: a millisecond, and no more garbage than this. */
const SWEEP = 8 * 2 ** 20;
/** Formats whose decoders wait for a body that is still arriving. */
const EAGER: ReadonlySet<Format> = new Set<Format>(['json', 'ndjson']);
/** A decoded body and its columns take about this many times the body. */
const GROWTH = 3;

interface Ticket {
  readonly id: number;
  readonly body: WaitingBody;
  readonly job: Job;
  /** Whether the body is still on its way. */
  arriving: boolean;
  /** Whether it waits for the rest of its body, without a lane. */
  parked: boolean;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (problem: Error) => void;
}

/** A body that no ticket has taken over yet, or whose ticket reads it as it arrives. */
interface Landed {
  readonly body: WaitingBody;
  readonly settle: () => void;
  ticket: Ticket | undefined;
}

interface Lane {
  readonly worker: Worker;
  readonly arenas: Set<number>;
  ready: boolean;
  ticket: Ticket | undefined;
  /** Why it was stopped from here. */
  stopped: string | undefined;
}

/** Worker threads that run requests, one at a time each, over shared arenas; the calling thread never computes. */
export function startLanes(options: LanesOptions): Lanes {
  const lanes = new Set<Lane>();
  const waiting: Ticket[] = [];
  const landed = new Map<Landing, Landed>();
  let admitted = 0;
  let reserved = 0;
  let nextId = 1;
  let closing = false;

  const collect = collector();
  const arenas = new ArenaPool(options.base, options.lanes + 1, ({ id, bytes }) => {
    const large = bytes > LARGE;
    for (const lane of lanes)
      if (lane.arenas.delete(id)) post(lane, { type: 'forget', arena: id, collect: large });
    // Once nothing here refers to it any more.
    if (large)
      setImmediate(() => {
        collect('major');
      });
  });

  const post = (lane: Lane, message: ToLane): void => {
    lane.worker.postMessage(message);
  };

  const spawn = (): void => {
    if (closing || lanes.size >= options.lanes) return;
    const start: LaneStart = {
      engine: options.engine.name,
      module: options.engine.module,
      version: options.version,
      limits: options.limits,
      requestBytes: Math.min(2 ** 32, Math.floor(options.memoryBudget / Math.min(options.lanes, 2))),
    };
    const worker = new Worker(options.entry, {
      workerData: start,
      // What a lane makes of objects dies with its request; the columns are not among them.
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    const lane: Lane = { worker, arenas: new Set(), ready: false, ticket: undefined, stopped: undefined };
    lanes.add(lane);
    worker.on('message', (message: FromLane) => {
      receive(lane, message);
    });
    let reason = 'its thread ended';
    worker.on('error', (error) => {
      reason = error.message;
    });
    worker.on('exit', () => {
      lanes.delete(lane);
      const { ticket } = lane;
      if (ticket !== undefined) {
        ticket.body.drop();
        ticket.reject(
          new Problem('lane_lost', 'the lane that computed this request ended; other requests go on'),
        );
      }
      if (closing) return;
      options.onLaneLost(lane.stopped ?? reason);
      // A lane that dies before it was ever ready would die again at once.
      setTimeout(spawn, lane.ready ? 0 : 1000).unref();
    });
  };

  const receive = (lane: Lane, message: FromLane): void => {
    if (message.type === 'ready') {
      lane.ready = true;
      next(lane);
      spawnForWaiting();
      return;
    }
    const { ticket } = lane;
    lane.ticket = undefined;
    if (ticket?.id === message.id) {
      if (message.type === 'starved') {
        if (ticket.arriving) ticket.parked = true;
        else waiting.unshift(ticket);
      } else if (message.type === 'answer') {
        ticket.body.give();
        ticket.resolve(message.answer);
      } else {
        if (message.trapped) ticket.body.drop();
        else ticket.body.give();
        ticket.reject(new Problem(message.code, message.detail, message.faults));
      }
    }
    next(lane);
  };

  const next = (lane: Lane, ticket = waiting.shift()): void => {
    if (ticket === undefined) return;
    const { id, job } = ticket;
    try {
      const arena = ticket.body.place();
      const known = lane.arenas.has(arena.id);
      lane.arenas.add(arena.id);
      lane.ticket = ticket;
      const message = {
        type: 'job',
        id,
        arena: arena.id,
        start: arena.start,
        length: ticket.arriving ? ticket.body.expectedBytes : arena.length,
        ...(ticket.arriving && { watch: arena.watch() }),
        job,
      } as const;
      post(lane, known ? message : { ...message, memory: arena.memory });
    } catch (error) {
      ticket.body.give();
      ticket.reject(error instanceof Error ? error : new Error(String(error)));
      next(lane);
    }
  };

  const idleLane = (): Lane | undefined =>
    [...lanes].find(({ ready, ticket }) => ready && ticket === undefined);

  const enqueue = (ticket: Ticket): void => {
    waiting.push(ticket);
    const lane = idleLane();
    if (lane === undefined) spawnForWaiting();
    else next(lane);
  };

  /** Lanes are started when there is work for them: an idle one takes 20 MB. One at a time, to be there sooner. */
  const spawnForWaiting = (): void => {
    const starting = [...lanes].some(({ ready }) => !ready);
    if (waiting.length > 0 && !starting) spawn();
  };

  /** Ends a ticket from outside: unqueued, or its lane stopped and replaced. */
  const cancel = (ticket: Ticket): void => {
    const place = waiting.indexOf(ticket);
    if (place >= 0) {
      waiting.splice(place, 1);
      ticket.body.give();
      return;
    }
    if (ticket.parked) {
      ticket.parked = false;
      ticket.body.give();
      return;
    }
    for (const lane of lanes) {
      if (lane.ticket !== ticket) continue;
      lane.stopped = `the deadline of request ${ticket.job.requestId} passed`;
      void lane.worker.terminate();
    }
  };

  const overBudget = (): Problem =>
    new Problem(
      'overloaded',
      `expected requests within MEMORY_BUDGET (${options.memoryBudget} bytes), got more`,
    );

  const land = (expectedBytes: number): Landing => {
    if (closing)
      throw new Problem('stopping', 'expected a service that accepts requests, got one that stops');
    if (admitted >= options.queue + options.lanes) {
      throw new Problem('overloaded', `expected at most ${options.queue} requests waiting, got one more`);
    }
    const share = Math.max(expectedBytes * GROWTH, 1 << 20);
    if (admitted > 0 && reserved + share > options.memoryBudget) throw overBudget();
    const body = new WaitingBody(arenas, expectedBytes);
    admitted++;
    reserved += share;
    let held = share;
    const settle = (): void => {
      admitted--;
      reserved -= held;
    };
    const landing: Landing = {
      get length() {
        return body.length;
      },
      write(bytes) {
        body.write(bytes);
        if (Math.floor(body.length / SWEEP) > Math.floor((body.length - bytes.length) / SWEEP))
          collect('minor');
        if (own.ticket !== undefined && body.length >= expectedBytes) arrived(own.ticket);
        const more = body.length * GROWTH - held;
        if (more <= 0) return;
        held += more;
        reserved += more;
        if (reserved > options.memoryBudget && admitted > 1) throw overBudget();
      },
      release() {
        if (!landed.delete(landing)) return;
        if (own.ticket !== undefined) {
          breakOff(own.ticket);
          return;
        }
        body.give();
        settle();
      },
    };
    const own: Landed = { body, settle, ticket: undefined };
    const arrived = (ticket: Ticket): void => {
      landed.delete(landing);
      ticket.arriving = false;
      if (!ticket.parked) return;
      ticket.parked = false;
      enqueue(ticket);
    };
    landed.set(landing, own);
    return landing;
  };

  /** The rest of a body that is read as it arrives will not come. */
  const breakOff = (ticket: Ticket): void => {
    ticket.body.breakOff();
    if (!ticket.parked) return;
    cancel(ticket);
    ticket.reject(new Problem('unreadable_body', 'expected a whole body, got one that broke off'));
  };

  const run = async (
    landing: Landing,
    job: Job,
    deadlineMs: number,
    signal: AbortSignal,
    lane?: Lane,
  ): Promise<Answer> => {
    const own = landed.get(landing);
    if (own?.ticket !== undefined || own === undefined) throw new RangeError('a landing is run once');
    if (lane === undefined) landed.delete(landing);
    let end = (): void => undefined;
    try {
      return await new Promise<Answer>((resolve, reject) => {
        const ticket: Ticket = {
          id: nextId++,
          body: own.body,
          job,
          arriving: lane !== undefined,
          parked: false,
          resolve,
          reject,
        };
        const timer = setTimeout(() => {
          cancel(ticket);
          const detail = 'expected an answer before the deadline of the request, got none';
          reject(new Problem('deadline_exceeded', detail));
        }, deadlineMs);
        const gone = (): void => {
          // A running job is left to its deadline: its lane is worth more than its answer.
          if (waiting.includes(ticket)) cancel(ticket);
          reject(
            new Problem('slow_request', 'expected a client that waits for its answer, got one that left'),
          );
        };
        signal.addEventListener('abort', gone);
        end = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', gone);
        };
        if (signal.aborted) {
          own.body.give();
          gone();
        } else if (lane === undefined) {
          enqueue(ticket);
        } else {
          own.ticket = ticket;
          next(lane, ticket);
        }
      });
    } finally {
      end();
      own.settle();
    }
  };

  spawn();

  return {
    engine: { name: options.engine.name, reason: options.engine.reason },
    land,
    run: (landing, job, deadlineMs, signal) => run(landing, job, deadlineMs, signal),
    begin(landing, job, deadlineMs, signal) {
      const lane = idleLane();
      const reads = options.engine.module !== undefined && EAGER.has(job.format);
      return lane !== undefined && reads ? run(landing, job, deadlineMs, signal, lane) : undefined;
    },
    async close() {
      closing = true;
      await Promise.all([...lanes].map(({ worker }) => worker.terminate()));
    },
  };
}
