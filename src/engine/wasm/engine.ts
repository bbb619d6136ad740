import type { Engine } from '../../ports/engine.js';
import type { Arena } from './arena.js';
import type { Kernels } from './exports.js';
import { comoments } from './comoments.js';
import { csv } from './csv.js';
import { distributions } from './distributions.js';
import { distances } from './distances.js';
import { groups } from './groups.js';
import { json } from './json.js';
import { kmeans } from './kmeans.js';
import { losses } from './losses.js';
import { maps } from './maps.js';
import { MomentsOf } from './moments.js';
import { neighbours } from './neighbours.js';
import { order } from './order.js';
import { random } from './random.js';
import { Quantiles } from './select.js';
import { silhouette } from './silhouette.js';
import { student } from './student.js';
import { Team } from './team.js';
import { trees } from './trees.js';
import { widen } from './widen.js';
import { windows } from './windows.js';

/** The engine of AssemblyScript kernels over one arena; good for one request, cheap to make. Without a team: one lane. */
export function wasmEngine(kernels: Kernels, arena: Arena, team = new Team(kernels, arena)): Engine {
  const moments = new MomentsOf(kernels, arena, team);
  const quantiles = new Quantiles(arena, team);
  return {
    name: 'wasm',
    ahead: {
      moments: (columns, order) => {
        moments.learn(columns, order);
      },
      select: (columns, q) => {
        quantiles.learn(columns, q);
      },
    },
    moments: moments.of,
    select: quantiles.of,
    kmeans: kmeans(kernels, arena, team, moments.of),
    groups: groups(kernels, arena, team),
    comoments: comoments(kernels, arena, team),
    order: order(kernels, arena, team),
    silhouette: silhouette(arena, team),
    distances: distances(arena, team),
    losses: losses(arena, team),
    neighbours: neighbours(kernels, arena, team, moments.of),
    maps: maps(arena, team),
    windows: windows(arena, team),
    trees: trees(arena, team),
    student: student(kernels),
    distributions: distributions(kernels, arena),
    random: random(kernels, arena),
    widen: widen(arena, team),
    json: json(kernels, arena),
    csv: csv(kernels, arena),
  };
}
