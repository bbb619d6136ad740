import type { Definition } from './definition.js';
import type { FoldedWindow } from './fold.js';
import { mergeStates } from './states.js';

/**
 * Windows that end at or before this instant (ms) are closed: what reaches them is late. `watermark`: the greatest event time
 * seen, null: none; the same is the answer then.
 */
export function closedBefore(
  { lateness }: Pick<Definition, 'lateness'>,
  watermark: number | null,
): number | null {
  return watermark === null ? null : watermark - lateness;
}

/** A session made of others. */
export interface MergedSession extends FoldedWindow {
  /** Places of those in the list that was given, ascending; one: it is that one as it was. */
  readonly of: readonly number[];
}

/**
 * Sessions of the same key that overlap or touch, as one each; in order of start, then key. Give the stored open ones and
 * those of a batch. Throws as `mergeStates`.
 */
export function mergeSessions(
  definition: Definition,
  sessions: readonly FoldedWindow[],
): readonly MergedSession[] {
  const order = Array.from(sessions.keys()).sort((a, b) => {
    const [x, y] = [sessions[a]!, sessions[b]!];
    return compareKeys(x.key, y.key) || x.start - y.start || x.end - y.end || a - b;
  });
  const merged: MergedSession[] = [];
  for (const place of order) {
    const session = sessions[place]!;
    const last = merged.at(-1);
    if (last === undefined || last.key !== session.key || session.start > last.end) {
      merged.push({ ...session, of: [place] });
      continue;
    }
    merged[merged.length - 1] = {
      key: last.key,
      start: last.start,
      end: Math.max(last.end, session.end),
      records: last.records + session.records,
      state: mergeStates(definition, last.state, session.state),
      of: [...last.of, place].sort((a, b) => a - b),
    };
  }
  return merged.sort((a, b) => a.start - b.start || compareKeys(a.key, b.key));
}

/** By code units; no key is before all. */
export function compareKeys(a: string | null, b: string | null): number {
  if (a === b) return 0;
  return a === null || (b !== null && a < b) ? -1 : 1;
}
