import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { CONTROL_BYTES, TeamControl } from '../src/engine/team.js';
import { Arena } from '../src/engine/wasm/arena.js';
import { wasmEngine } from '../src/engine/wasm/engine.js';
import { instantiate, type Kernels } from '../src/engine/wasm/exports.js';
import { Team } from '../src/engine/wasm/team.js';
import type { Engine } from '../src/ports/engine.js';
import { packageRoot } from './rivals.js';

export const wasmFile = (): string => join(packageRoot(), 'dist', 'wasm', 'release.wasm');

/** What a helping thread is started with. */
export interface HelperStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly pointer: number;
  readonly generation: number;
  readonly lane: number;
}

/** The calling thread and its helpers over one memory. */
export interface OpenTeam {
  readonly lanes: number;
  readonly kernels: Kernels;
  readonly arena: Arena;
  readonly memory: WebAssembly.Memory;
  readonly team: Team;
  readonly control: TeamControl;
  readonly engine: Engine;
  close(): Promise<void>;
}

/** Opens a team of so many lanes, the calling thread among them, over kernels of their own. */
export async function openTeam(
  lanes: number,
  { sharedFrom }: { readonly sharedFrom?: number } = {},
): Promise<OpenTeam> {
  const root = packageRoot();
  const module = new WebAssembly.Module(readFileSync(wasmFile()));
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536, shared: true });
  const kernels = instantiate(module, memory);
  const arena = new Arena(memory, kernels.heap_base.value);
  const pointer = arena.take(CONTROL_BYTES);
  arena.int32At(pointer, CONTROL_BYTES / 4).fill(0);
  const control = new TeamControl(memory.buffer, pointer);
  const generation = control.open();
  const workers = Array.from({ length: lanes - 1 }, (_, i) => {
    const workerData: HelperStart = { module, memory, pointer, generation, lane: i + 1 };
    return new Worker(join(root, 'dist', 'bench', 'helper.js'), { workerData });
  });
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
  const shared = sharedFrom === undefined ? {} : { sharedFrom };
  const team = new Team(kernels, arena, { pointer, control, lanes, ask: () => undefined, ...shared });
  return {
    lanes,
    kernels,
    arena,
    memory,
    team,
    control,
    engine: wasmEngine(kernels, arena, team),
    async close() {
      control.close();
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
