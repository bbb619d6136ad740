import type { Engine } from '../../ports/engine.js';
import type { Arena } from './arena.js';
import type { Kernels } from './exports.js';
import { comoments } from './comoments.js';
import { csv } from './csv.js';
import { groups } from './groups.js';
import { json } from './json.js';
import { kmeans } from './kmeans.js';
import { moments } from './moments.js';
import { random } from './random.js';
import { select } from './select.js';
import { student } from './student.js';
import { widen } from './widen.js';

/** The engine of AssemblyScript kernels over one arena; good for one request, cheap to make. */
export function wasmEngine(kernels: Kernels, arena: Arena): Engine {
  const momentsOf = moments(kernels, arena);
  return {
    name: 'wasm',
    moments: momentsOf,
    select: select(kernels, arena),
    kmeans: kmeans(kernels, arena, momentsOf),
    groups: groups(kernels, arena),
    comoments: comoments(kernels, arena),
    student: student(kernels),
    random: random(kernels, arena),
    widen: widen(kernels, arena),
    json: json(kernels, arena),
    csv: csv(kernels, arena),
  };
}
