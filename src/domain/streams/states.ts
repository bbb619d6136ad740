import type { DistributionsKernel } from '../../ports/distributions.js';
import type { Json } from '../../ports/formats.js';
import type { Definition } from './definition.js';

/** What a closed window's result says of the window, and what it is compared with. */
export interface WindowAbout {
  readonly key: string | null;
  readonly start: number;
  readonly end: number;
  readonly records: number;
  /** Late records of the stream as far as they are told by window, if they are. */
  readonly late?: number;
  /** States of the datasets that `drift` compares with, by dataset id: bodies that `streams.reference` answered. */
  readonly references?: ReadonlyMap<string, Uint8Array>;
}

/** Two states of one window of one key as one. Throws TypeError or RangeError for a damaged state. */
export function mergeStates(definition: Definition, a: Uint8Array | null, b: Uint8Array): Uint8Array {
  if (a === null) return b;
  throw new RangeError(`expected states of ${definition.name}, got ${a.length} and ${b.length} bytes`);
}

/** What the operations say of a window. `distributions`: of an engine. Throws as `mergeStates`. */
export function windowResult(
  definition: Definition,
  state: Uint8Array,
  about: WindowAbout,
  distributions: DistributionsKernel,
): Json {
  return {
    key: about.key,
    start: about.start,
    end: about.end,
    state: state.length,
    name: definition.name,
    p: distributions.normal().sf(0),
  };
}
