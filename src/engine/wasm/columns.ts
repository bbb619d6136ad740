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

/** Chunk tables of several columns: pointers to one pointer and to one number of entries a column. */
export function chunkTables(arena: Arena, columns: readonly Numbers[]): { tables: number; counts: number } {
  const pointers = columns.map((column) => chunkTable(arena, column));
  const tables = arena.take(columns.length * 4);
  const counts = arena.take(columns.length * 4);
  arena.int32At(tables, columns.length).set(pointers);
  arena.int32At(counts, columns.length).set(columns.map(({ chunks }) => chunks.length));
  return { tables, counts };
}
