/**
 * The engines that every contract suite runs over. A suite never asks which one it has: where they may differ, they
 * differ by a number of this table (stated in src/ports/engine.ts).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTeam } from '../../bench/team.js';
import type { Engine } from '../../src/ports/engine.js';
import { jsEngine } from '../../src/engine/js/engine.js';
import { Arena } from '../../src/engine/wasm/arena.js';
import { wasmEngine } from '../../src/engine/wasm/engine.js';
import { instantiate, type Kernels } from '../../src/engine/wasm/exports.js';

/** Relative, unless it says otherwise. */
export interface Tolerance {
  readonly moments: number;
  /** Of √(M2·M2). */
  readonly comoments: number;
  /** Of 1, absolute. */
  readonly silhouettes: number;
  /** Centres and inertia. */
  readonly clusters: number;
  readonly tail: number;
  /** Quantiles of t. */
  readonly inverse: number;
  /** Correct digits of the standard deviation on the NIST data sets. */
  readonly nist: Readonly<Record<string, number>>;
}

const NIST = {
  PiDigits: 15,
  Lottery: 15,
  Lew: 15,
  Mavro: 13.1,
  Michelso: 13.8,
  NumAcc1: 15,
  NumAcc2: 15,
  NumAcc3: 9.5,
  NumAcc4: 8.3,
} as const;

export const TOLERANCES: Readonly<Record<Engine['name'], Tolerance>> = {
  wasm: {
    moments: 1e-12,
    comoments: 1e-12,
    silhouettes: 1e-12,
    clusters: 1e-9,
    tail: 1e-10,
    inverse: 1e-10,
    nist: NIST,
  },
  js: {
    moments: 1e-12,
    comoments: 1e-12,
    silhouettes: 1e-12,
    clusters: 1e-9,
    tail: 1e-6,
    inverse: 1e-6,
    nist: NIST,
  },
};

/** An engine under test. `arena` is where a caller may place columns; null when the engine has none. */
export interface UnderTest {
  readonly close?: () => Promise<void>;
  readonly engine: Engine;
  readonly arena: Arena | null;
  readonly tolerance: Tolerance;
}

/** The compiled kernels over a memory of their own. */
export function openKernels(
  build: 'release' | 'debug',
  maximum = 65536,
): { kernels: Kernels; arena: Arena; memory: WebAssembly.Memory } {
  const file = join(__dirname, '..', '..', 'dist', 'wasm', `${build}.wasm`);
  const memory = new WebAssembly.Memory({ initial: Math.min(16, maximum), maximum, shared: true });
  const kernels = instantiate(new WebAssembly.Module(readFileSync(file)), memory);
  return { kernels, arena: new Arena(memory, kernels.heap_base.value), memory };
}

function wasm(build: 'release' | 'debug'): UnderTest {
  const { kernels, arena } = openKernels(build);
  return { engine: wasmEngine(kernels, arena), arena, tolerance: TOLERANCES.wasm };
}

/** Lanes that share every task, however small it is. */
async function team(lanes: number): Promise<UnderTest> {
  const opened = await openTeam(lanes, { sharedFrom: 0 });
  return {
    engine: opened.engine,
    arena: opened.arena,
    tolerance: TOLERANCES.wasm,
    close: () => opened.close(),
  };
}

async function js(): Promise<UnderTest> {
  return { engine: await jsEngine(), arena: null, tolerance: TOLERANCES.js };
}

const ENGINES: readonly { name: string; open: () => UnderTest | Promise<UnderTest> }[] = [
  { name: 'wasm, release', open: () => wasm('release') },
  { name: 'wasm with assertions', open: () => wasm('debug') },
  { name: 'wasm on three lanes', open: () => team(3) },
  { name: 'js', open: js },
];

/** Runs a suite over each engine. `under()` is the engine inside a test; its arena starts each test empty. */
export function describeEngines(suite: (under: () => UnderTest) => void): void {
  describe.each(ENGINES)('$name', ({ open }) => {
    let opened: UnderTest | undefined;
    let empty = 0;
    beforeAll(async () => {
      opened = await open();
      empty = opened.arena?.top ?? 0;
    });
    afterAll(() => opened?.close?.());
    beforeEach(() => opened?.arena?.reset(empty));
    suite(() => {
      if (opened === undefined) throw new Error('an engine is there only inside a test');
      return opened;
    });
  });
}
