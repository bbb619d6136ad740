import type { Bounds, GrownTree, GrowthTable, GrowthTarget, Member, TreesKernel } from '../../ports/trees.js';
import { leafWidth, logTable, writeLeaf } from '../leaves.js';
import type { Arena } from './arena.js';
import type { Team } from './team.js';

/** Order is the ABI: assembly/criteria.ts. */
const KINDS: readonly GrowthTarget['criterion'][] = ['gini', 'entropy', 'squared_error'];
/** Bytes of trees that are grown together, where there are more than lanes. */
const BATCH_BYTES = 2 ** 25;
const MOST = 2 ** 31 - 1;
/** Of assembly/criteria.ts and growth.ts: a search, its counts, and an open node. */
const [SEARCH_BYTES, COUNTS_BYTES, OPEN_BYTES] = [128, 8192, 48];
const HEAD = 16;
const NODE = 16;

/** See assembly/growth.ts. */
export function grow(arena: Arena, team: Team): TreesKernel['grow'] {
  return (table, members, grown) => {
    const d = table.ranks.length;
    const rows = table.ranks[0]?.length ?? 0;
    const leaves = mostLeaves(table.bounds, rows);
    const nodes = 2 * leaves - 1;
    const outBytes = Math.ceil((HEAD + d * 8 + nodes * NODE + rows * 4 + 4) / 64) * 64;
    arena.scratch(() => {
      const scratchBytes = scratchOf(table, rows, leaves);
      const scratch = arena.take(team.lanes * scratchBytes);
      const ranks = arena.place(Int32Array.from(table.ranks.map((one) => arena.place(one))));
      const bounds = placedBounds(arena, table.bounds);
      const { target } = table;
      const own = arena.place(target.criterion === 'squared_error' ? target.values : target.codes);
      const classes = target.criterion === 'squared_error' ? 0 : target.classes;
      const most = Math.max(team.lanes, Math.floor(BATCH_BYTES / (outBytes + rows * 4)));
      const steps = rows * Math.min(d, table.bounds.maxFeatures) * (1 + Math.log2(Math.max(1, rows)));
      const { stopping } = table;
      for (const batch of batches(members, most)) {
        table.checkpoint();
        if (stopping?.() === true) return;
        const whole = arena.scratch(() => {
          const logs = target.criterion === 'entropy' ? arena.place(logTable(heaviest(batch, rows))) : 0;
          const list = placedMembers(arena, batch);
          const outs = arena.take(batch.length * outBytes);
          const kind = KINDS.indexOf(target.criterion);
          const args = [ranks, d, rows, own, kind, classes, logs, bounds, list, outs, outBytes, nodes];
          const work = (): true => {
            team.run('grow', batch.length, batch.length * steps, [...args, scratch, scratchBytes]);
            return true;
          };
          if ((stopping === undefined ? work() : team.breakable(work)) === undefined) return false;
          batch.forEach((member, i) => {
            grown(treeAt(arena, outs + i * outBytes, nodes, table, member));
          });
          return true;
        });
        if (!whole) return;
      }
    });
  };
}

/** Leaves that a tree can have at most. */
function mostLeaves({ maxDepth, minSamplesLeaf, maxLeafNodes }: Bounds, rows: number): number {
  const byRows = Math.max(1, Math.floor(rows / minSamplesLeaf));
  return Math.min(byRows, maxLeafNodes, maxDepth < 31 ? 2 ** maxDepth : Infinity);
}

/** As `prepare` of assembly/growth.ts lays it out. */
function scratchOf({ ranks, target }: GrowthTable, rows: number, leaves: number): number {
  const lists = (rows + 1) * 4 + 2 * ranks.length * 4 + 24 * leafWidth(target) + 64;
  const bytes = SEARCH_BYTES + rows * 32 + lists + COUNTS_BYTES + (leaves + 2) * OPEN_BYTES;
  return Math.ceil(bytes / 64) * 64;
}

function placedBounds(arena: Arena, bounds: Bounds): number {
  const { maxDepth, minSamplesSplit, minSamplesLeaf, maxFeatures, maxLeafNodes } = bounds;
  const pointer = arena.take(32);
  const leaves = maxLeafNodes === Infinity ? 0 : maxLeafNodes;
  const whole = [maxDepth, minSamplesSplit, minSamplesLeaf, maxFeatures, leaves];
  arena.int32At(pointer, 5).set(whole.map((one) => Math.min(one, MOST)));
  arena.float64At(pointer + 24, 1)[0] = bounds.minImpurityDecrease;
  return pointer;
}

function placedMembers(arena: Arena, members: readonly Member[]): number {
  const words = members.flatMap(({ draws, state }) => [draws === null ? 0 : arena.place(draws), state]);
  return arena.place(Int32Array.from(words));
}

/** The most that the rows of a tree weigh together. */
const heaviest = (members: readonly Member[], rows: number): number =>
  members.reduce(
    (most, { draws }) => Math.max(most, draws === null ? rows : draws.reduce((sum, w) => sum + w, 0)),
    0,
  );

function* batches(members: Iterable<Member>, most: number): Generator<Member[]> {
  let batch: Member[] = [];
  for (const member of members) {
    batch.push(member);
    if (batch.length < most) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Reads a tree, and gives its leaves their values. */
function treeAt(
  arena: Arena,
  pointer: number,
  most: number,
  { ranks, target }: GrowthTable,
  { draws }: Member,
): GrownTree {
  const d = ranks.length;
  const [nodes = 0, depth = 0, leaves = 0, count = 0] = arena.int32At(pointer, 4);
  const first = pointer + HEAD + d * 8;
  const words = arena.int32At(first, nodes * 4);
  const samples = arena.int32At(first + most * NODE, count);
  const width = leafWidth(target);
  const values = new Float64Array(leaves * width);
  const [feature, left] = [new Int32Array(nodes), new Int32Array(nodes)];
  const [low, high] = [new Int32Array(nodes), new Int32Array(nodes)];
  for (let node = 0, at = 0; node < nodes; node++, at += 4) {
    const of = (feature[node] = words[at]!);
    const to = (left[node] = words[at + 1]!);
    if (of < 0) {
      writeLeaf(target, draws, samples, words[at + 2]!, words[at + 3]!, values, to * width);
      continue;
    }
    low[node] = words[at + 2]!;
    high[node] = words[at + 3]!;
  }
  const importances = arena.float64At(pointer + HEAD, d).slice();
  return { feature, left, low, high, values, leaves, depth, importances };
}
