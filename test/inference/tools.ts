import { codecs } from '../../src/adapters/codecs/codecs.js';
import { readConfig } from '../../src/config.js';
import type { DecodeTools } from '../../src/ports/formats.js';
import type { TableLimits } from '../../src/ports/limits.js';
import { Problem } from '../../src/ports/problem.js';
import type { Cell, Table } from '../../src/ports/tables.js';
import { jsEngine } from '../../src/engine/js/engine.js';
import { wasmEngine } from '../../src/engine/wasm/engine.js';
import type { Arena } from '../../src/engine/wasm/arena.js';
import type { Engine } from '../../src/ports/engine.js';
import { openKernels } from '../contract/engines.js';

export interface Under {
  readonly engine: Engine;
  readonly arena: Arena | null;
}

/** Runs a suite over both engines. */
export function describeBoth(suite: (under: () => Under) => void): void {
  describe.each(['wasm', 'js'])('%s', (name) => {
    let opened: Under | undefined;
    let empty = 0;
    beforeAll(async () => {
      const { kernels, arena } = openKernels('release');
      opened =
        name === 'wasm'
          ? { engine: wasmEngine(kernels, arena), arena }
          : { engine: await jsEngine(), arena: null };
      empty = arena.top;
    });
    beforeEach(() => opened?.arena?.reset(empty));
    suite(() => {
      if (opened === undefined) throw new Error('no engine is open');
      return opened;
    });
  });
}

/** What a decoder is given, over an engine under test. */
export function toolsOf(
  { engine, arena }: Under,
  { headerBytes, limits = {} }: { headerBytes?: number; limits?: Partial<TableLimits> } = {},
): DecodeTools {
  return {
    engine,
    space: arena ?? {
      float64: (length) => new Float64Array(length),
      bytes: (length) => new Uint8Array(length),
      scratch: (use) => use(),
    },
    limits: { ...readConfig({}).tableLimits, ...limits },
    codecs,
    headerBytes,
  };
}

/** A table as columns of cells by name. */
export const cellsOf = (table: Table): { [name: string]: Cell[] } =>
  Object.fromEntries(table.names.map((name) => [name, [...table.column(name).cells()]]));

/** What a call is refused with: code and pointer of a Problem. */
export async function refusal(
  call: () => unknown,
): Promise<{ code: string; pointer: string | undefined; detail: string }> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { code: error.code, pointer: error.faults[0]?.pointer, detail: error.message };
  }
  throw new Error('expected a Problem, got an answer');
}
