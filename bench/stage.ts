import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine, KERNEL_FAMILIES } from '../src/ports/engine.js';
import { jsEngine } from '../src/engine/js/engine.js';
import { Arena } from '../src/engine/wasm/arena.js';
import { wasmEngine } from '../src/engine/wasm/engine.js';
import { instantiate, type Kernels } from '../src/engine/wasm/exports.js';
import { failedRow, type Row } from './compare.js';
import { compareRuns, type MeasureOptions, type Run } from './measure.js';
import { nodeRivals, packageRoot, type NodeRivals } from './rivals.js';

/** Everything that a case may put against each other. */
export interface Stage {
  readonly wasm: Engine;
  readonly js: Engine;
  readonly arena: Arena;
  readonly rivals: NodeRivals;
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

export const wasmFile = (): string => join(packageRoot(), 'dist', 'wasm', 'release.wasm');

/** The release kernels over a memory of their own. */
export function openKernels(): { kernels: Kernels; arena: Arena } {
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536, shared: true });
  const kernels = instantiate(new WebAssembly.Module(readFileSync(wasmFile())), memory);
  return { kernels, arena: new Arena(memory, kernels.heap_base.value) };
}

/** `all`: also rivals that have to be installed first. */
export async function openStage(all: boolean): Promise<Stage> {
  const { kernels, arena } = openKernels();
  return { wasm: wasmEngine(kernels, arena), js: await jsEngine(), arena, rivals: await nodeRivals(all) };
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
  const top = stage.arena.top;
  try {
    const contest = one.prepare(stage);
    await checkAgreement(contest);
    const measured = await compareRuns(contest.ours, contest.rival, options);
    return { ...about, ...measured, unit: 'ms', error: null };
  } catch (error) {
    return failedRow(about, error);
  } finally {
    stage.arena.reset(top);
  }
}
