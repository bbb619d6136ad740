import costs from './costs.json';
import { Stopped } from '../../ports/progress.js';
import { CONTROL_BYTES, type TeamControl } from '../team.js';
import type { Arena } from './arena.js';
import type { Kernels } from './exports.js';

/** Order is the wasm ABI: assembly/team.ts. */
export const OPERATIONS = [
  'moments',
  'sample',
  'filter',
  'ranks',
  'keys',
  'groups',
  'widen',
  'comoments',
  'singles',
  'closest',
  'potentials',
  'gains',
  'take',
  'assign',
  'sift',
  'inertia',
  'cells',
  'tally',
  'deal',
  'order',
  'digits',
  'exchange',
  'inversions',
  'silhouette',
  'distances',
  'differences',
  'chiSquares',
  'gaps',
  'scale',
  'multiply',
  'project',
  'places',
  'logarithms',
  'powers',
  'shifted',
  'rolling',
  'extremes',
  'faded',
  'fading',
  'traverse',
  'grow',
  'logistic',
  'probabilities',
  'plant',
  'nearest',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** The request was cancelled while kernels ran. */
export class Cancelled extends Error {}

/** A helping lane failed in this request. */
export class HelperFault extends Error {}

/** What a kernel of a team says: assembly/team.ts. */
const [OVER, STALE, WAITING] = [0, 1, 4];

const FAILED = 'a lane that helped failed';

/** Helps the team of a control block until it closes or the lane is called off. */
export function help(kernels: Kernels, control: TeamControl, pointer: number, helper: number): void {
  for (;;) {
    const state = kernels.team_help(pointer, helper);
    if (state === OVER) return;
    if (state !== STALE) control.awaitTask(helper);
  }
}

export interface TeamOptions {
  /** Where the control block lies. */
  readonly pointer: number;
  readonly control: TeamControl;
  /** Lanes that may take part, the leader included. */
  readonly lanes: number;
  /** Called when there is work for more than one lane, the first time. */
  readonly ask: () => void;
  /** Nanoseconds of work, as estimated, from which a task is shared. */
  readonly sharedFrom?: number;
}

/**
 * Runs the tasks of one request: alone, or with the lanes that have come to help. Units of a task may run in any order
 * and on any lane; they write to places of their own, and scratch is by lane.
 */
export class Team {
  readonly lanes: number;
  readonly #kernels: Kernels;
  readonly #arena: Arena;
  readonly #options: TeamOptions | undefined;
  readonly #sharedFrom: number;
  #asked = false;

  /** Without options: alone. */
  constructor(kernels: Kernels, arena: Arena, options?: TeamOptions) {
    this.#kernels = kernels;
    this.#arena = arena;
    this.#options = options;
    this.lanes = options?.lanes ?? 1;
    this.#sharedFrom = options?.sharedFrom ?? costs.sharedFromNs;
  }

  /**
   * Runs the units of a task. `values` is about how many values they touch (of what kind, costs.json says): little work
   * is not shared. Throws Cancelled, HelperFault, and Stopped inside `breakable`.
   */
  run(operation: Operation, units: number, values: number, args: readonly number[]): void {
    if (units === 0) return;
    const shared = this.lanes > 1 && units > 1 && values * costs.nsPerValue[operation] >= this.#sharedFrom;
    if (shared && !this.#asked) {
      this.#asked = true;
      this.#options?.ask();
    }
    const stopped =
      this.#options === undefined
        ? this.#arena.scratch(() => this.#lead(this.#ownControl(), operation, units, args, false))
        : this.#lead(this.#options.pointer, operation, units, args, shared);
    if ((stopped & 2) !== 0) throw new HelperFault(FAILED);
    if ((stopped & 1) !== 0) throw new Cancelled('the request was cancelled');
    if (stopped !== 0) throw new Stopped('the request was stopped');
  }

  /** Runs work whose tasks end early where the request is stopped softly: undefined when they did. */
  breakable<T>(work: () => T): T | undefined {
    const control = this.#options?.control;
    if (control === undefined) return work();
    control.breakable = true;
    try {
      return work();
    } catch (error) {
      if (error instanceof Stopped) return undefined;
      throw error;
    } finally {
      control.breakable = false;
    }
  }

  #ownControl(): number {
    const pointer = this.#arena.take(CONTROL_BYTES);
    this.#arena.int32At(pointer, CONTROL_BYTES / 4).fill(0);
    return pointer;
  }

  #lead(
    pointer: number,
    operation: Operation,
    units: number,
    args: readonly number[],
    shared: boolean,
  ): number {
    const kernels = this.#kernels;
    const control = this.#options?.control;
    this.#clear(pointer);
    const task = this.#arena.int32At(pointer + TASK, TASK_WORDS);
    task[0] = OPERATIONS.indexOf(operation);
    task[1] = units;
    for (let i = 0; i < args.length; i++) task[ARGUMENTS + i] = args[i]!;
    let state = kernels.team_lead(pointer, shared ? 1 : 0);
    while (state === WAITING) {
      control?.awaitUnits(units);
      state = kernels.team_wait(pointer);
    }
    if (state !== 0) this.#clear(pointer);
    return state;
  }

  /** Waits until nobody is at the task any more. Throws HelperFault: who failed inside it never leaves. */
  #clear(pointer: number): void {
    const control = this.#options?.control;
    while (this.#kernels.team_clear(pointer) !== 0) {
      if (control?.failed === true) throw new HelperFault(FAILED);
      control?.awaitHelpers();
    }
  }
}

/** The task within the control block; its words, and where the arguments begin. */
const TASK = 576;
const TASK_WORDS = 32;
const ARGUMENTS = 3;
