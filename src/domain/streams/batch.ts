import type { Engine } from '../../ports/engine.js';
import { Problem } from '../../ports/problem.js';
import type { Space } from '../../ports/space.js';
import type { Numbers, Table } from '../../ports/tables.js';
import type { ClusterSums } from './cluster-sums.js';
import { type ColumnState, columnState } from './column-state.js';
import type { Definition } from './definition.js';
import type { Fold, FoldedWindow, NewIds } from './fold.js';
import { HashSet, hashIds } from './ids.js';
import { clusterBatch } from './cluster-batch.js';
import { lastEnd, type Pane, type Panes, panesOf, sessionsOf, tooMany } from './panes.js';
import { numberAt, readKeys, readTimes, readValues, Rejections, type Values } from './records.js';
import { sketchRoom } from './sketch.js';
import {
  extremesAsked,
  firstColumns,
  mergeWindows,
  MOST_COLUMNS,
  type WindowState,
  writeWindow,
} from './window-state.js';
import { compareKeys } from './windows.js';

export interface BatchOptions {
  readonly definition: Definition;
  /** Windows that end at or before it are closed. */
  readonly closedBefore: number;
  /** k-means after the batch before. */
  readonly model?: Uint8Array | undefined;
  /** Hashes of ids that came before. */
  readonly seenIds: BigUint64Array;
  /** Windows that a batch may touch, those of each key counted. */
  readonly mostWindows: number;
}

interface Tools {
  readonly engine: Engine;
  readonly space: Space;
  readonly checkpoint: () => void;
}

/** Columns of all windows that a batch may touch. */
const MOST_STATES = 100_000;

/**
 * What a batch adds to a stream's windows. A record that cannot be taken is told by its row. Throws Problem `too_large` for a batch
 * that touches too many windows, `out_of_memory`; RangeError for a damaged model.
 */
export function foldBatch(table: Table, options: BatchOptions, tools: Tools): Fold {
  const { definition, closedBefore, mostWindows } = options;
  const { rows } = table;
  const rejections = new Rejections(rows);
  const times = readTimes(table, definition.time, rejections);
  const keys = readKeys(table, definition.key, rejections);
  const ids = definition.id === null ? undefined : hashIds(table, definition.id, rejections);
  const values = valuesOf(table, definition, rejections);
  tools.checkpoint();

  const seen = ids && setOf(options.seenIds, rows);
  const fresh: number[] = [];
  let [late, duplicates, accepted, maxTime] = [0, 0, 0, -Infinity];
  for (let row = 0; row < rows; row++) {
    const time = times[row]!;
    if (rejections.has(row)) {
      times[row] = NaN;
      continue;
    }
    if (time > maxTime) maxTime = time;
    if (lastEnd(definition.window, time) <= closedBefore) {
      late++;
      times[row] = NaN;
    } else if (ids !== undefined && seen?.add(ids.low[row]!, ids.high[row]!) === false) {
      duplicates++;
      times[row] = NaN;
    } else {
      accepted++;
      if (ids !== undefined) fresh.push(row);
    }
  }
  const ends = Float64Array.from(fresh, (row) => lastEnd(definition.window, times[row]!));

  const { window } = definition;
  const panes =
    window.type === 'session'
      ? sessionsOf(window.gap, times, keys, mostWindows)
      : panesOf(window, times, keys, closedBefore, mostWindows);
  if (panes.panes.length * values.size > MOST_STATES) throw tooMany(Math.floor(MOST_STATES / values.size));
  const clustered = clusterBatch(definition, options.model, values, panes, tools);
  const states = paneStates(extremesAsked(definition), values, panes, clustered.sums, tools);
  tools.checkpoint();
  const windows = windowsOf(definition, panes.panes, states, keys.keys, mostWindows, tools);
  return {
    rows,
    accepted,
    late,
    duplicates,
    rejected: rejections.list(),
    maxTime: maxTime === -Infinity ? null : maxTime,
    windows,
    ...(clustered.model !== undefined && { model: clustered.model }),
    ...(ids !== undefined && { ids: newIds(ids.low, ids.high, fresh, ends) }),
  };
}

function valuesOf(table: Table, definition: Definition, rejections: Rejections): Values {
  const { operations, time, key, id } = definition;
  const named = new Set(operations.flatMap(({ columns }) => columns ?? []));
  const all = operations.some(({ columns }) => columns === undefined);
  const values = readValues(table, named, all, new Set([time, key, id]), rejections);
  if (values.size <= MOST_COLUMNS) return values;
  throw new Problem(
    'too_many_columns',
    `expected at most ${MOST_COLUMNS} columns of numbers, got ${values.size}: name those that operations are about`,
  );
}

/** All rows of a table as one window: its columns of numbers. */
export function summed(table: Table, tools: Tools): WindowState {
  const values = readValues(table, new Set(), true, new Set(), new Rejections(table.rows));
  const panes: Panes = {
    codes: new Int32Array(table.rows),
    panes: [{ key: 0, windows: [] }],
    sizes: Int32Array.of(table.rows),
  };
  return paneStates(0, values, panes, [], tools)[0]!;
}

function setOf(hashes: BigUint64Array, rows: number): HashSet {
  const set = new HashSet(hashes.length + rows);
  const halves = new Uint32Array(hashes.buffer, hashes.byteOffset, hashes.length * 2);
  for (let i = 0; i < hashes.length; i++) set.add(halves[2 * i]!, halves[2 * i + 1]!);
  return set;
}

function newIds(low: Uint32Array, high: Uint32Array, fresh: readonly number[], ends: Float64Array): NewIds {
  const halves = new Uint32Array(fresh.length * 2);
  fresh.forEach((row, i) => {
    halves[2 * i] = low[row]!;
    halves[2 * i + 1] = high[row]!;
  });
  return { hashes: new BigUint64Array(halves.buffer), ends };
}

/** States of panes: a column's values are brought together pane by pane, and each stretch is summed up by itself. */
function paneStates(
  extremes: number,
  values: Values,
  panes: Panes,
  clusters: readonly (ClusterSums | undefined)[],
  { engine, space, checkpoint }: Tools,
): WindowState[] {
  const { sizes } = panes;
  const columns = Array.from(sizes, () => new Map<string, ColumnState>());
  space.scratch(() => {
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const own = space.float64(total);
    const room = sketchRoom();
    for (const [name, numbers] of values) {
      checkpoint();
      const ends = gather(numbers, panes, own);
      for (let pane = 0; pane < sizes.length; pane++) {
        const stretch = own.subarray(ends[pane]! - sizes[pane]!, ends[pane]);
        const state = columnState(stretch, extremes, engine, room);
        if (state.finite + state.infinite + state.negativeInfinite > 0) columns[pane]!.set(name, state);
      }
    }
  });
  return Array.from(sizes, (records, pane) => {
    const sums = clusters[pane];
    return { records, columns: firstColumns(columns[pane]!), clusters: sums === undefined ? [] : [sums] };
  });
}

/** A column's values pane by pane, NaN where missing; where those of each pane end. A counting sort. */
export function gather({ chunks }: Numbers, { codes, sizes }: Panes, own: Float64Array): Int32Array {
  const next = new Int32Array(sizes.length);
  let total = 0;
  sizes.forEach((size, pane) => {
    next[pane] = total;
    total += size;
  });
  let start = 0;
  for (const chunk of chunks) {
    const { values, validity } = chunk;
    for (let i = 0; i < values.length; i++) {
      const pane = codes[start + i]!;
      if (pane >= 0) own[next[pane]!++] = validity === null ? values[i]! : numberAt(chunk, i);
    }
    start += values.length;
  }
  return next;
}

/** What panes add to the windows that they are in. */
function windowsOf(
  definition: Definition,
  panes: readonly Pane[],
  states: readonly WindowState[],
  keys: readonly (string | null)[],
  most: number,
  { checkpoint }: Tools,
): FoldedWindow[] {
  const merged = new Map<string, { key: string | null; start: number; end: number; state: WindowState }>();
  panes.forEach(({ key, windows }, pane) => {
    if (pane % 256 === 0) checkpoint();
    for (const { start, end } of windows) {
      const place = `${start} ${key}`;
      const own = merged.get(place);
      const state = states[pane]!;
      if (own !== undefined) own.state = mergeWindows(definition, own.state, state);
      else if (merged.size === most) throw tooMany(most);
      else merged.set(place, { key: keys[key]!, start, end, state });
    }
  });
  return [...merged.values()]
    .sort((a, b) => a.start - b.start || compareKeys(a.key, b.key))
    .map(({ state, ...window }) => ({ ...window, records: state.records, state: writeWindow(state) }));
}
