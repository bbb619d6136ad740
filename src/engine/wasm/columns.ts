import type { Numbers } from '../../ports/tables.js';
import type { Arena } from './arena.js';

/** Rows of a block, as in assembly/memory.ts. */
export const BLOCK = 65536;

/** Writes the chunk table of a column into the arena (layout: assembly/memory.ts); pointer to it. */
export function chunkTable(arena: Arena, column: Numbers): number {
  const { chunks } = column;
  const places = chunks.map(({ values, validity, bitOffset }) => [
    arena.place(values),
    validity === null ? 0 : arena.place(validity),
    bitOffset,
    values.length,
  ]);
  const pointer = arena.take(chunks.length * 16);
  arena.int32At(pointer, chunks.length * 4).set(places.flat());
  return pointer;
}
