import type { EngineName } from '../ports/engine.js';

/** A function that returns a v128: valid exactly where SIMD is. */
const SIMD_PROBE = Uint8Array.of(
  ...[
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98,
    11,
  ],
);

export interface EngineChoice {
  readonly name: EngineName;
  readonly reason: string;
  /** The compiled kernels, for `wasm`. */
  readonly module?: WebAssembly.Module;
}

/**
 * Decides the engine once, at the start. `auto` is `wasm` unless WebAssembly or its SIMD is missing; a broken binary is
 * an error, not a reason to fall back. `wasm` where it cannot run throws.
 */
export function chooseEngine(wanted: EngineName | 'auto', readBinary: () => Uint8Array): EngineChoice {
  if (wanted === 'js') return { name: 'js', reason: 'ENGINE=js' };
  const missing = missingFeature();
  if (missing !== undefined) {
    if (wanted === 'wasm') throw new Error(`ENGINE=wasm, but ${missing}`);
    return { name: 'js', reason: missing };
  }
  const module = new WebAssembly.Module(readBinary());
  return {
    name: 'wasm',
    reason: wanted === 'wasm' ? 'ENGINE=wasm' : 'WebAssembly SIMD is available',
    module,
  };
}

function missingFeature(): string | undefined {
  if (!('WebAssembly' in globalThis)) return 'this host has no WebAssembly (node --jitless?)';
  if (!WebAssembly.validate(SIMD_PROBE)) return "this host's WebAssembly has no SIMD";
  return undefined;
}
