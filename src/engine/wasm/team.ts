import { CONTROL_BYTES, type TeamControl } from '../team.js';
import type { Arena } from './arena.js';
import type { Kernels } from './exports.js';

/** Order is the wasm ABI: assembly/team.ts. */
const OPERATIONS = ['moments', 'sample', 'filter', 'ranks', 'keys', 'groups', 'widen'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** The request was cancelled while kernels ran. */
export class Cancelled extends Error {}

/** A helping lane failed in this request. */
export class HelperFault extends Error {}

/** Helps the team of a control block until it closes or the lane is called off. */
export function help(kernels: Kernels, pointer: number, lane: number): void {
  while (kernels.team_help(pointer, lane) !== 0);
}

export interface TeamOptions {
  /** Where the control block lies. */
  readonly pointer: number;
  readonly control: TeamControl;
  /** Lanes that may take part, the leader included. */
  readonly lanes: number;
  /** Called when there is work for more than one lane, the first time. */
  readonly ask: () => void;
}

/**
 * Runs the tasks of one request: alone, or with the lanes that have come to help. Units of a task may run in any order
 * and on any lane; they write to places of their own, and scratch is by lane.
 */
export class Team {
  readonly lanes: number;
  readonly #kernels: Kernels;
  readonly #pointer: number;
  readonly #task: Int32Array;
  readonly #options: TeamOptions | undefined;
  #asked = false;

  /** Without options: alone. */
  constructor(kernels: Kernels, arena: Arena, options?: TeamOptions) {
    this.#kernels = kernels;
    this.#options = options;
    this.lanes = options?.lanes ?? 1;
    this.#pointer = options?.pointer ?? arena.take(CONTROL_BYTES);
    const words = arena.int32At(this.#pointer, CONTROL_BYTES / 4);
    if (options === undefined) words.fill(0);
    this.#task = words.subarray(TASK);
  }

  /**
   * Runs the units of a task. `values` is about how many values they touch: little work is not shared.
   * Throws Cancelled, HelperFault.
   */
  run(operation: Operation, units: number, values: number, args: readonly number[]): void {
    const shared = this.lanes > 1 && units > 1 && values >= SHARED_FROM;
    if (shared && !this.#asked) {
      this.#asked = true;
      this.#options?.ask();
    }
    this.#kernels.team_clear(this.#pointer);
    this.#task[0] = OPERATIONS.indexOf(operation);
    this.#task[1] = units;
    for (let i = 0; i < args.length; i++) this.#task[ARGUMENTS + i] = args[i]!;
    const stopped = this.#kernels.team_lead(this.#pointer, shared ? 1 : 0);
    if ((stopped & 2) !== 0) throw new HelperFault('a lane that helped failed');
    if (stopped !== 0) throw new Cancelled('the request was cancelled');
  }

  /** Throws Cancelled if the request was. */
  check(): void {
    if (this.#options?.control.cancelled === true) throw new Cancelled('the request was cancelled');
  }
}

/** Words of the control block: where a task begins, and its arguments from there. */
const TASK = 144;
const ARGUMENTS = 3;

/** Values from which a task is shared. */
const SHARED_FROM = 131_072;
