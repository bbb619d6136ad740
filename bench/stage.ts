import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Engine, KERNEL_FAMILIES } from '../src/ports/engine.js';
import { jsEngine } from '../src/engine/js/engine.js';
import { Arena } from '../src/engine/wasm/arena.js';
import { wasmEngine } from '../src/engine/wasm/engine.js';
import { instantiate, type Kernels } from '../src/engine/wasm/exports.js';
import { failedRow, type Row } from './compare.js';
import { compareRuns, type MeasureOptions, type Run } from './measure.js';
import { nodeRivals, type NodeRivals } from './rivals.js';
import { openTeam, wasmFile } from './team.js';

/** An engine, the arena in which its data lies, and how many threads compute over it. */
export interface Seat {
  readonly lanes: number;
  readonly engine: Engine;
  readonly arena: Arena;
  /** Ends the threads that it has of its own. */
  close(): Promise<void>;
}

/** Everything that a case may put against each other. */
export interface Stage {
  /** One lane over `arena`. */
  readonly wasm: Engine;
  readonly js: Engine;
  readonly arena: Arena;
  /** All the lanes there are, over an arena of their own where they are more than one. */
  readonly most: Seat;
  readonly rivals: NodeRivals;
  /** Ends the threads of the lanes. */
  close(): Promise<void>;
}

/** Two runs over the same data. Each returns a figure of its result, and the two figures must agree. */
export interface Contest {
  readonly ours: Run;
  readonly rival: Run;
  /** Relative difference allowed between the two figures. */
  readonly agree: number;
}

export interface Case {
  readonly family: (typeof KERNEL_FAMILIES)[number];
  readonly name: string;
  readonly rival: 'js engine' | 'ml-kmeans' | 'jstat' | 'simple-statistics' | 'JSON.parse' | 'csv-parse';
  /** Ratio below which the guard fails; only for rivals that need no machine to be judged. */
  readonly floor?: number;
  /** Ratio to reach in the end. */
  readonly target?: number;
  /** Makes the data and returns the contest. The arena is reset after it. */
  prepare(stage: Stage): Contest;
}

/** The release kernels over a memory of their own. */
export function openKernels(): { kernels: Kernels; arena: Arena } {
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536, shared: true });
  const kernels = instantiate(new WebAssembly.Module(readFileSync(wasmFile())), memory);
  return { kernels, arena: new Arena(memory, kernels.heap_base.value) };
}

/** The kernels on the thread that calls them. */
export function openOneLane(): Seat {
  const { kernels, arena } = openKernels();
  return { lanes: 1, engine: wasmEngine(kernels, arena), arena, close: () => Promise.resolve() };
}

/**
 * Every number of lanes that can be measured, one lane first, the most last. This is the one place that knows: Python's
 * rows, the shares of the machine and the growth tables take the last, the lanes table all of them.
 */
export async function openSeats(): Promise<readonly [Seat, ...Seat[]]> {
  const lanes = availableParallelism();
  return lanes > 1 ? [openOneLane(), await openTeam(lanes)] : [openOneLane()];
}

async function closeAll(seats: readonly Seat[]): Promise<void> {
  await Promise.all(seats.map((seat) => seat.close()));
}

/** Opens the seats, uses them, and ends their threads. */
export async function withSeats<T>(use: (seats: readonly [Seat, ...Seat[]]) => Promise<T>): Promise<T> {
  const seats = await openSeats();
  try {
    return await use(seats);
  } finally {
    await closeAll(seats);
  }
}

/** `all`: also rivals that have to be installed first, and all lanes. */
export async function openStage(all: boolean): Promise<Stage> {
  const seats = all ? await openSeats() : ([openOneLane()] as const);
  const [one] = seats;
  return {
    wasm: one.engine,
    js: await jsEngine(),
    arena: one.arena,
    most: seats.at(-1) ?? one,
    rivals: await nodeRivals(all),
    close: () => closeAll(seats),
  };
}

/** A copy of the values in the arena, where the service has its columns. */
export function placed(arena: Arena, values: Float64Array): Float64Array {
  const view = arena.float64(values.length);
  view.set(values);
  return view;
}

async function checkAgreement({ ours, rival, agree }: Contest): Promise<void> {
  const [a, b] = [await ours(), await rival()];
  const difference = Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b), Number.MIN_VALUE);
  if (!(difference <= agree)) throw new Error(`expected the same result on both sides, got ${a} and ${b}`);
}

/** Measures one case against its floor (or its target, where it has one and the whole truth is wanted). */
export async function measureCase(
  stage: Stage,
  one: Case,
  options: MeasureOptions,
  against: 'floor' | 'target',
): Promise<Row> {
  const floor = one.floor ?? null;
  const atLeast = against === 'floor' ? floor : (one.target ?? floor);
  const about = { group: one.family, name: one.name, rivalName: one.rival, atLeast };
  const arenas = [stage.arena, stage.most.arena].map((arena) => ({ arena, top: arena.top }));
  try {
    const contest = one.prepare(stage);
    await checkAgreement(contest);
    const measured = await compareRuns(contest.ours, contest.rival, options);
    return { ...about, ...measured, unit: 'ms', error: null };
  } catch (error) {
    return failedRow(about, error);
  } finally {
    for (const { arena, top } of arenas) arena.reset(top);
  }
}
