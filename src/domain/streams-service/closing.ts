import type { DistributionsKernel } from '../../ports/distributions.js';
import type { Json, JsonWriter } from '../../ports/formats.js';
import type { Closing, PartitionState, WindowId, WindowResult, WindowState } from '../../ports/streams.js';
import type { Definition } from '../streams/definition.js';
import { mergeStates, windowResult } from '../streams/states.js';
import { closedBefore, mergeSessions } from '../streams/windows.js';

/**
 * Watermark of a stream: the least of its partitions', without those that are idle; where all are, the greatest. Null: there
 * is none yet, or a partition that is waited for has none.
 */
export function watermarkOf(partitions: readonly PartitionState[]): number | null {
  const active = partitions.filter(({ idle }) => !idle);
  const known = (active.length > 0 ? active : partitions).map(({ watermark }) => watermark);
  if (active.length === 0) {
    const there = known.filter((one) => one !== null);
    return there.length === 0 ? null : there.reduce((a, b) => Math.max(a, b));
  }
  return known.reduce((a, b) => (a === null || b === null ? null : Math.min(a, b)));
}

export interface ResultTools {
  readonly definition: Definition;
  readonly references: ReadonlyMap<string, Uint8Array>;
  readonly distributions: DistributionsKernel;
  readonly writeJson: JsonWriter;
}

/** States of partitions as one state a window; sessions that meet become one. In order of end, start and key. */
export function merged(definition: Definition, states: readonly WindowState[]): readonly WindowState[] {
  if (definition.window.type === 'session')
    return [...mergeSessions(definition, states)].sort((a, b) => a.end - b.end || a.start - b.start);
  const windows = new Map<string, WindowState>();
  for (const one of states) {
    const { key, start, end } = one;
    const id = `${start} ${end} ${key === null ? '' : `=${key}`}`;
    const there = windows.get(id);
    windows.set(
      id,
      there === undefined
        ? one
        : {
            key,
            start,
            end,
            records: there.records + one.records,
            state: mergeStates(definition, there.state, one.state),
          },
    );
  }
  return [...windows.values()];
}

/** What the operations say of a window. */
export function resultOf(
  { definition, references, distributions }: ResultTools,
  { key, start, end, records, state }: WindowState,
): Json {
  return windowResult(definition, state, { key, start, end, records, references }, distributions);
}

/** How windows of a stream are closed. */
export function closingOf(tools: ResultTools, kept: number): Closing {
  const { definition, writeJson } = tools;
  return {
    before: (partitions) => closedBefore(definition, watermarkOf(partitions)),
    close(windows, before) {
      const results: WindowResult[] = [];
      const removed: WindowId[] = [];
      const sessions = definition.window.type === 'session';
      const whole = sessions ? mergeSessions(definition, windows) : merged(definition, windows);
      for (const window of [...whole].sort((a, b) => a.end - b.end || a.start - b.start)) {
        if (window.end > before) continue;
        const { key, start, end, records } = window;
        results.push({ key, start, end, records, result: writeJson(resultOf(tools, window)) });
        if ('of' in window) {
          for (const place of window.of as readonly number[]) {
            const one = windows[place];
            if (one !== undefined) removed.push(one);
          }
        } else removed.push(window);
      }
      return { results, removed };
    },
    sessions: definition.window.type === 'session',
    kept,
    sink: definition.sink !== null,
  };
}
