import type { Worker } from 'node:worker_threads';
import type { BodyFormat } from '../../ports/formats.js';
import type { Answer, Asked, Job, Landing, Lanes } from '../../ports/lanes.js';
import { type Failure, failureOf } from '../../ports/log.js';
import { Problem } from '../../ports/problem.js';
import type { Watch } from '../../ports/progress.js';
import { Admission } from './admission.js';
import { ArenaPool } from './arenas.js';
import { collector } from './collect.js';
import { endingsOf, gaveNothing } from './endings.js';
import { Estimates } from './estimate.js';
import { dismiss, Helping, idle, left, rest } from './helping.js';
import { Landings } from './landings.js';
import { type Lane, laneOf, requestOf, type Ticket } from './lane.js';
import type { LanesOptions } from './options.js';
import type { FromLane, ToLane } from './protocol.js';
import { isLarge, Queue } from './queue.js';
import { Revival } from './revival.js';
import { stateOf, withWait } from './state.js';
import { startThread } from './thread.js';

/** The memory of dropped arenas from this size on is not left to the next garbage collection. */
const LARGE = 64 * 2 ** 20;
/** Formats whose decoders wait for a body that is still arriving. */
const EAGER: ReadonlySet<BodyFormat> = new Set<BodyFormat>(['json', 'ndjson']);
/**
 * Until a lane that was told to stop computing is ended: kernels look up between blocks, JavaScript does not. Another in its
 * place takes as long to be there, so waiting less gains nothing where the lane was about to stop.
 */
const STOP_MS = 100;

/** Worker threads that run requests, one at a time each, over shared arenas; the calling thread never computes. */
export function startLanes(options: LanesOptions): Lanes {
  const lanes = new Set<Lane>();
  const waiting = new Queue();
  const estimates = new Estimates();
  const admission = new Admission(options, estimates);
  let nextId = 1;
  let closing = false;
  let lost = 0;

  const revival = new Revival();
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
    if (closing || revival.pausing || alike >= (reserve ? 1 : options.lanes)) return;
    let worker: Worker;
    try {
      worker = startThread(options, {
        message: (message) => {
          receive(lane, message);
        },
        exit: (failure) => {
          bury(lane, failure);
        },
      });
    } catch (error) {
      lost++;
      options.onLaneLost('its thread was not started', undefined, failureOf(error));
      revival.ended(false, spawn);
      return;
    }
    const lane = laneOf(worker, reserve);
    lanes.add(lane);
  };

  /** A lane's thread has ended: what it was at fails, and nothing else. */
  const bury = (lane: Lane, failure: Failure | undefined): void => {
    lanes.delete(lane);
    const request = requestOf(lane);
    // What it helped with is not finished: who leads cannot go on.
    lane.helping?.arena.control.fail(lane.helping.generation);
    left(lane);
    dismiss(lane);
    const { ticket } = lane;
    if (ticket !== undefined) {
      ticket.body.drop();
      const detail = 'the lane that computed this request ended; other requests go on';
      ticket.reject(new Problem('lane_lost', detail));
      ticket.share.settle();
    }
    if (closing) return;
    lost++;
    const reason = failure === undefined ? 'its thread ended' : 'its thread failed';
    options.onLaneLost(lane.stopped ?? reason, request, failure);
    revival.ended(lane.ready, spawn);
  };

  const receive = (lane: Lane, message: FromLane): void => {
    if (message.type === 'fault') {
      options.onFault(message.what, requestOf(lane), message.failure);
      return;
    }
    if (message.type === 'wants') {
      if (lane.ticket?.id !== message.id) return;
      lane.wantsHelp = true;
      helping.assign();
      if (lane.helpers.size === 0) spawn();
      return;
    }
    if (message.type === 'progress') {
      if (lane.ticket?.id === message.id) lane.ticket.progress?.(message.step);
      return;
    }
    if (message.type === 'ready') {
      lane.ready = true;
      revival.started();
    } else if (message.type === 'left') {
      left(lane);
      if (sweeping) sweep();
      sweeping = false;
    } else finish(lane, message);
    if (message.type === 'problem' && message.ended === true) {
      lane.stopped = 'a model stopped the runtime of ONNX';
      void lane.worker.terminate();
      return;
    }
    next(lane);
    if (message.type === 'ready') spawnForWaiting();
  };

  /** A lane has done what it can for its ticket. */
  const finish = (
    lane: Lane,
    message: Exclude<FromLane, { type: 'ready' | 'left' | 'wants' | 'fault' | 'progress' }>,
  ): void => {
    const { ticket } = lane;
    lane.ticket = undefined;
    lane.wantsHelp = false;
    rest(lane);
    if (ticket?.id !== message.id) return;
    if (message.type === 'starved') {
      ticket.share.pause();
      if (ticket.arriving) ticket.parked = true;
      else waiting.putBack(ticket);
      return;
    }
    if (message.type !== 'cancelled') learn(ticket);
    if (message.type === 'problem' && message.trapped) {
      dismiss(lane, ticket);
      ticket.body.drop();
    } else ticket.body.give();
    revival.finished();
    ticket.share.settle();
    if (message.type === 'answer') ticket.resolve(message.answer);
    else if (message.type === 'cancelled') ticket.reject(gaveNothing());
    else
      ticket.reject(
        Object.assign(new Problem(message.code, message.detail, message.faults), { spans: message.spans }),
      );
  };

  const learn = ({ job, share, began }: Ticket): void => {
    if (began !== undefined) estimates.learn(job.endpoint, share.weight, performance.now() - began);
  };

  /** The first ticket that a lane may take. */
  const takeFor = ({ reserve }: Lane): Ticket | undefined =>
    waiting.take((ticket) => !(reserve && isLarge(ticket)));

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
      ticket.began = ticket.arriving ? undefined : performance.now();
      ticket.share.begin();
      ticket.waitedMs ??= ticket.arriving ? 0 : performance.now() - ticket.since;
      const message = {
        type: 'job',
        id,
        arena: arena.id,
        start: arena.start,
        length: ticket.arriving ? ticket.body.expectedBytes : arena.length,
        ...(ticket.arriving && { watch: arena.watch() }),
        job: {
          ...job,
          waitMs: ticket.waitedMs,
          ...(ticket.progress !== undefined && { progress: true as const }),
        },
      } as const;
      post(lane, known ? message : { ...message, memory: arena.memory });
    } catch (error) {
      lane.ticket = undefined;
      ticket.body.give();
      ticket.share.settle();
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
      helping.callOff(waiting.size);
      spawnForWaiting();
    }
  };

  /** Lanes are started when there is work for them: an idle one takes 20 MB. One at a time, to be there sooner. */
  const spawnForWaiting = (): void => {
    if (waiting.size === 0 || [...lanes].some(({ ready }) => !ready)) return;
    spawn();
    // Large ones must not starve the small: these have a lane of their own when the others have all it.
    const taken = [...lanes].every(({ ticket }) => ticket !== undefined && isLarge(ticket));
    if (taken && waiting.hasSmall) spawn(true);
  };

  /** Ends a ticket with what there is of it, if there is any when it is to end; whether it is under way. */
  const stop = (ticket: Ticket): boolean => {
    const leads = [...lanes].some((lane) => lane.ticket === ticket);
    if (leads) ticket.body.place().control.stop();
    return leads;
  };

  /** Ends a ticket from outside: unqueued, or its lane told to stop, and replaced when it does not. */
  const cancel = (ticket: Ticket, why: string): void => {
    if (waiting.remove(ticket)) {
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

  const landings = new Landings(
    arenas,
    admission,
    () => {
      collect('minor');
    },
    {
      whole(ticket) {
        ticket.arriving = false;
        ticket.began = performance.now();
        if (!ticket.parked) return;
        ticket.parked = false;
        enqueue(ticket);
      },
      brokenOff(ticket) {
        ticket.body.breakOff();
        if (!ticket.parked) return;
        cancel(ticket, 'its body broke off');
        ticket.reject(new Problem('unreadable_body', 'expected a whole body, got one that broke off'));
      },
    },
  );

  const land = (asked: Asked): Landing => {
    if (closing)
      throw new Problem('stopping', 'expected a service that accepts requests, got one that stops');
    return landings.land(asked);
  };

  const run = async (
    landing: Landing,
    job: Job,
    deadlineMs: number,
    signal: AbortSignal,
    lane?: Lane,
    watch?: Watch,
  ): Promise<Answer> => {
    const own = landings.take(landing, lane !== undefined);
    let ticket: Ticket | undefined;
    const endings = endingsOf(() => ticket!, { deadlineMs, signal, watch }, cancel, stop);
    try {
      return await new Promise<Answer>((resolve, reject) => {
        const since = performance.now();
        const made: Ticket = {
          id: nextId++,
          body: own.body,
          job,
          since,
          due: since + deadlineMs,
          began: undefined,
          arriving: lane !== undefined,
          waitedMs: undefined,
          parked: false,
          generation: undefined,
          resolve,
          reject,
          progress: watch?.progress.bind(watch),
          expire: endings.expire,
          share: own.share,
        };
        ticket = made;
        endings.begin();
        if (signal.aborted || watch?.stop.aborted === true) {
          own.body.give();
          if (signal.aborted) endings.leave();
          else endings.stop();
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
      endings.forget();
      // What a lane is still at counts until it is not.
      if (![...lanes].some((busy) => busy.ticket !== undefined && busy.ticket === ticket)) own.share.settle();
    }
  };

  spawn();

  return {
    engine: { name: options.engine.name, reason: options.engine.reason },
    land,
    refusal: (asked) => admission.refusal(asked),
    waitMs: () => admission.waitMs,
    run: (landing, job, deadlineMs, signal, watch) => run(landing, job, deadlineMs, signal, undefined, watch),
    begin(landing, job, deadlineMs, signal) {
      const lane = idleLane(true);
      const reads = options.engine.module !== undefined && EAGER.has(job.format);
      return lane !== undefined && reads ? run(landing, job, deadlineMs, signal, lane) : undefined;
    },
    state: () => stateOf({ lanes, waiting, arenas, admission, lost, revival }),
    async close() {
      closing = true;
      await Promise.all([...lanes].map(({ worker }) => worker.terminate()));
    },
  };
}
