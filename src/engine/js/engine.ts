import type { Engine } from '../../ports/engine.js';
import { comoments } from './comoments.js';
import { csv } from './csv.js';
import { distributions } from './distributions.js';
import { distances } from './distances.js';
import { groups } from './groups.js';
import { json } from './json.js';
import { kmeans } from './kmeans.js';
import { losses } from './losses.js';
import { maps } from './maps.js';
import { moments } from './moments.js';
import { neighbours } from './neighbours.js';
import { order } from './order.js';
import { random } from './random.js';
import { select } from './select.js';
import { silhouette } from './silhouette.js';
import { student } from './student.js';
import { trees } from './trees.js';
import { widen } from './widen.js';
import { windows } from './windows.js';

/** The engine in plain JavaScript: for hosts without WebAssembly, for `ENGINE=js`, and as a second opinion. */
export async function jsEngine(): Promise<Engine> {
  // ml-kmeans ships as an ES module only.
  const { kmeansGenerator } = await import('ml-kmeans');
  return {
    name: 'js',
    ahead: { moments: () => undefined, select: () => undefined },
    moments,
    select,
    kmeans: kmeans(kmeansGenerator, moments),
    groups,
    comoments,
    order,
    silhouette,
    distances,
    losses,
    neighbours,
    maps,
    windows,
    trees,
    student,
    distributions,
    random,
    widen,
    json,
    csv,
  };
}
