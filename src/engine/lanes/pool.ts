import { Worker } from 'node:worker_threads';
import type { BodyFormat } from '../../ports/formats.js';
import type { Answer, Job, Landing, Lanes } from '../../ports/lanes.js';
import { Problem } from '../../ports/problem.js';
import { MOST_HELPERS } from '../team.js';
import { Admission } from './admission.js';
import { ArenaPool, WaitingBody } from './arenas.js';
import { collector } from './collect.js';
import { Helping, idle, left, rest } from './helping.js';
import type { Lane, Ticket } from './lane.js';
import type { LanesOptions } from './options.js';
import type { FromLane, LaneStart, ToLane } from './protocol.js';
import { stateOf, withWait } from './state.js';

/** The memory of dropped arenas from this size on is not left to the next garbage collection. */
const LARGE = 64 * 2 ** 20;
/** Bytes of a body whose Buffers are collected together: a millisecond, and no more garbage than this. */
const SWEEP = 8 * 2 ** 20;
/** Formats whose decoders wait for a body that is still arriving. */
const EAGER: ReadonlySet<BodyFormat> = new Set<BodyFormat>(['json', 'ndjson']);
/** A body from this size on makes a large request: it may hold a lane for long. */
const LARGE_BODY = 2 ** 20;
/** Until a lane that was told to stop computing is ended: kernels look up between blocks, JavaScript does not. */
const STOP_MS = 40;

/** A body that no ticket has taken over yet, or whose ticket reads it as it arrives. */
interface Landed {
  readonly body: WaitingBody;
  readonly settle: () => void;
  ticket: Ticket | undefined;
}

/** Worker threads that run requests, one at a time each, over shared arenas; the calling thread never computes. */
export function startLanes(options: LanesOptions): Lanes {
  const lanes = new Set<Lane>();
  const waiting: Ticket[] = [];
  const landed = new Map<Landing, Landed>();
  const admission = new Admission(options.queue + options.lanes, options.queue, options.memoryBudget);
  let nextId = 1;
  let closing = false;
  let lost = 0;

  const collect = collector();
  const helping = new Helping(lanes);
  // Bytes of dropped arenas that no collection has been for; whether one more is to follow.
  let dropped = 0;
  let sweeping = false;
  const sweep = (): unknown => setImmediate(collect, 'major');
  const arenas = new ArenaPool(options.base, options.memoryBudget / 4, ({ id, bytes }) => {
    dropped += bytes;
    const large = dropped > LARGE;
    if (large) dropped = 0;
    for (const lane of lanes)
      if (lane.arenas.delete(id) || large) post(lane, { type: 'forget', arena: id, collect: large });
    // Once nothing here refers to it any more: a lane that helped still does until it is back.
    if (large) {
      sweeping = [...lanes].some(({ helping: helped }) => helped !== undefined);
      sweep();
    }
  });

  const post = (lane: Lane, message: ToLane): void => {
    lane.worker.postMessage(message);
  };

  const spawn = (reserve = false): void => {
    const alike = [...lanes].filter((lane) => lane.reserve === reserve).length;
    if (closing || alike >= (reserve ? 1 : options.lanes)) return;
    const start: LaneStart = {
      engine: options.engine.name,
      module: options.engine.module,
      version: options.version,
      limits: options.limits,
      modelBytes: options.modelBytes,
      requestBytes: Math.min(2 ** 32, Math.floor(options.memoryBudget / Math.min(options.lanes, 2))),
      lanes: Math.min(options.lanes, MOST_HELPERS + 1),
    };
    const worker = new Worker(options.entry, {
      workerData: start,
      // What a lane makes of objects dies with its request; the columns are not among them.
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    const lane: Lane = {
      worker,
      reserve,
      arenas: new Set(),
      ready: false,
      ticket: undefined,
      wantsHelp: false,
      helpers: new Set(),
      helping: undefined,
      restedFrom: 0,
      stopped: undefined,
    };
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
      // What it was at is not finished: who leads cannot go on.
      lane.helping?.arena.control.fail();
      left(lane);
      const { ticket } = lane;
      if (ticket !== undefined) {
        ticket.body.place().control.close();
        ticket.body.drop();
        ticket.reject(
          new Problem('lane_lost', 'the lane that computed this request ended; other requests go on'),
        );
        ticket.settle();
      }
      if (closing) return;
      lost++;
      options.onLaneLost(lane.stopped ?? reason);
      // A lane that dies before it was ever ready would die again at once.
      setTimeout(spawn, lane.ready ? 0 : 1000).unref();
    });
  };

  const receive = (lane: Lane, message: FromLane): void => {
    if (message.type === 'wants') {
      if (lane.ticket?.id !== message.id) return;
      lane.wantsHelp = true;
      helping.assign();
      if (lane.helpers.size === 0) spawn();
      return;
    }
    if (message.type === 'ready') lane.ready = true;
    else if (message.type === 'left') {
      left(lane);
      if (sweeping) sweep();
      sweeping = false;
    } else finish(lane, message);
    if (message.type === 'problem' && message.ended === true) {
      lane.stopped = message.detail;
      void lane.worker.terminate();
      return;
    }
    next(lane);
    if (message.type === 'ready') spawnForWaiting();
  };

  /** A lane has done what it can for its ticket. */
  const finish = (lane: Lane, message: Exclude<FromLane, { type: 'ready' | 'left' | 'wants' }>): void => {
    const { ticket } = lane;
    lane.ticket = undefined;
    lane.wantsHelp = false;
    rest(lane);
    if (ticket?.id !== message.id) return;
    if (message.type === 'starved') {
      if (ticket.arriving) ticket.parked = true;
      else waiting.unshift(ticket);
      return;
    }
    if (message.type === 'problem' && message.trapped) ticket.body.drop();
    else ticket.body.give();
    ticket.settle();
    if (message.type === 'answer') ticket.resolve(message.answer);
    else if (message.type === 'problem')
      ticket.reject(
        Object.assign(new Problem(message.code, message.detail, message.faults), { spans: message.spans }),
      );
  };

  const isLarge = ({ body }: Ticket): boolean => Math.max(body.length, body.expectedBytes) >= LARGE_BODY;

  /** The first ticket that a lane may take. */
  const takeFor = ({ reserve }: Lane): Ticket | undefined => {
    const place = reserve ? waiting.findIndex((ticket) => !isLarge(ticket)) : 0;
    return place < 0 ? undefined : waiting.splice(place, 1)[0];
  };

  const next = (lane: Lane, begun?: Ticket): void => {
    if (begun === undefined && !idle(lane)) return;
    const ticket = begun ?? takeFor(lane);
    if (ticket === undefined) {
      helping.assign();
      return;
    }
    const { id, job } = ticket;
    try {
      const arena = ticket.body.place();
      const known = lane.arenas.has(arena.id);
      lane.arenas.add(arena.id);
      lane.ticket = ticket;
      ticket.generation = arena.control.open();
      ticket.waitedMs ??= ticket.arriving ? 0 : performance.now() - ticket.since;
      const message = {
        type: 'job',
        id,
        arena: arena.id,
        start: arena.start,
        length: ticket.arriving ? ticket.body.expectedBytes : arena.length,
        ...(ticket.arriving && { watch: arena.watch() }),
        job: { ...job, waitMs: ticket.waitedMs },
      } as const;
      post(lane, known ? message : { ...message, memory: arena.memory });
    } catch (error) {
      lane.ticket = undefined;
      ticket.body.give();
      ticket.settle();
      ticket.reject(error instanceof Error ? error : new Error(String(error)));
      next(lane);
    }
  };

  /** One that may take a ticket, rather one that is there for all. */
  const idleLane = (large: boolean): Lane | undefined => {
    const free = [...lanes].filter((lane) => idle(lane) && !(lane.reserve && large));
    return free.find(({ reserve }) => !reserve) ?? free[0];
  };

  const enqueue = (ticket: Ticket): void => {
    waiting.push(ticket);
    const lane = idleLane(isLarge(ticket));
    if (lane !== undefined) next(lane);
    else {
      helping.callOff(waiting.length);
      spawnForWaiting();
    }
  };

  /** Lanes are started when there is work for them: an idle one takes 20 MB. One at a time, to be there sooner. */
  const spawnForWaiting = (): void => {
    if (waiting.length === 0 || [...lanes].some(({ ready }) => !ready)) return;
    spawn();
    // Large ones must not starve the small: these have a lane of their own when the others have all it.
    const taken = [...lanes].every(({ ticket }) => ticket !== undefined && isLarge(ticket));
    if (taken && waiting.some((ticket) => !isLarge(ticket))) spawn(true);
  };

  /** Ends a ticket from outside: unqueued, or its lane told to stop, and replaced when it does not. */
  const cancel = (ticket: Ticket, why: string): void => {
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
      ticket.body.place().control.cancel();
      // What it has said by then is heard first.
      const end = (): void => {
        if (lane.ticket !== ticket) return;
        lane.stopped = why;
        void lane.worker.terminate();
      };
      setTimeout(() => setImmediate(end), STOP_MS);
    }
  };

  const waitingBody = (expectedBytes: number, settle: () => void): WaitingBody => {
    try {
      return new WaitingBody(arenas, expectedBytes);
    } catch (error) {
      settle();
      throw error;
    }
  };

  const land = (expectedBytes: number): Landing => {
    if (closing)
      throw new Problem('stopping', 'expected a service that accepts requests, got one that stops');
    const share = admission.admit(expectedBytes);
    const { settle } = share;
    const body = waitingBody(expectedBytes, settle);
    const landing: Landing = {
      get length() {
        return body.length;
      },
      write(bytes) {
        body.write(bytes);
        if (Math.floor(body.length / SWEEP) > Math.floor((body.length - bytes.length) / SWEEP))
          collect('minor');
        if (own.ticket !== undefined && body.length >= expectedBytes) arrived(own.ticket);
        share.grow(body.length);
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
    cancel(ticket, 'its body broke off');
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
    let ticket: Ticket | undefined;
    try {
      return await new Promise<Answer>((resolve, reject) => {
        const made: Ticket = {
          id: nextId++,
          body: own.body,
          job,
          since: performance.now(),
          arriving: lane !== undefined,
          waitedMs: undefined,
          parked: false,
          generation: undefined,
          resolve,
          reject,
          settle: own.settle,
        };
        ticket = made;
        const timer = setTimeout(() => {
          cancel(made, `the deadline of request ${job.requestId} passed`);
          const detail = 'expected an answer before the deadline of the request, got none';
          reject(new Problem('deadline_exceeded', detail));
        }, deadlineMs);
        const gone = (): void => {
          cancel(made, `the client of request ${job.requestId} left`);
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
          enqueue(made);
        } else {
          own.ticket = made;
          next(lane, made);
        }
      });
    } catch (error) {
      throw withWait(error, ticket);
    } finally {
      end();
      // What a lane is still at counts until it is not.
      if (![...lanes].some((busy) => busy.ticket !== undefined && busy.ticket === ticket)) own.settle();
    }
  };

  spawn();

  return {
    engine: { name: options.engine.name, reason: options.engine.reason },
    land,
    run: (landing, job, deadlineMs, signal) => run(landing, job, deadlineMs, signal),
    begin(landing, job, deadlineMs, signal) {
      const lane = idleLane(true);
      const reads = options.engine.module !== undefined && EAGER.has(job.format);
      return lane !== undefined && reads ? run(landing, job, deadlineMs, signal, lane) : undefined;
    },
    state: () => stateOf({ lanes, waiting, arenas, admission, lost }),
    async close() {
      closing = true;
      await Promise.all([...lanes].map(({ worker }) => worker.terminate()));
    },
  };
}
