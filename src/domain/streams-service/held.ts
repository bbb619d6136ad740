import type { AcquiredPartition, Commit, WindowId, WindowState } from '../../ports/streams.js';
import type { Definition } from '../streams/definition.js';
import type { Fold, FoldedWindow } from '../streams/fold.js';
import { mergeStates } from '../streams/states.js';
import { mergeSessions } from '../streams/windows.js';
import { KnownIds } from './known-ids.js';
import { breather } from '../../ports/breather.js';

const idOf = ({ key, start, end }: WindowId): string => `${start} ${end} ${key === null ? '' : `=${key}`}`;

/** A partition that is ours, as it is stored: everything here is behind the last commit. */
export class Held {
  readonly epoch: number;
  readonly ids = new KnownIds();
  readonly windows = new Map<string, WindowState>();
  /** Windows of each key, of streams of sessions. */
  readonly byKey = new Map<string | null, Set<string>>();
  closedBefore: number | null;
  watermark: number | null;
  nextOffset: string | null;
  model: Uint8Array | null;

  constructor(acquired: AcquiredPartition) {
    const { partition } = acquired;
    this.epoch = partition.epoch;
    this.watermark = partition.watermark;
    this.nextOffset = partition.nextOffset;
    this.model = acquired.model;
    this.closedBefore = acquired.closedBefore;
    for (const window of acquired.windows) this.#set(idOf(window), window);
    for (const chunk of acquired.ids) this.ids.read(chunk);
    this.closed(acquired.closedBefore);
  }

  /** Windows that end until then are no more. */
  closed(before: number | null): void {
    if (before === null || (this.closedBefore ?? -Infinity) > before) return;
    this.closedBefore = before;
    for (const [id, window] of this.windows) if (window.end <= before) this.#delete(id, window);
    this.ids.expire(before);
  }

  /** Whether a window that it knows would end until then. */
  isDue(before: number | null): boolean {
    if (before === null) return false;
    for (const { end } of this.windows.values()) if (end <= before) return true;
    return false;
  }

  apply(draft: Draft): void {
    for (const [id, window] of draft.removed) this.#delete(id, window);
    for (const [id, window] of draft.changed) this.#set(id, window);
    this.watermark = draft.watermark;
    this.nextOffset = draft.nextOffset;
    if (draft.model !== undefined) this.model = draft.model;
    for (const ids of draft.ids) this.ids.add(ids);
  }

  #set(id: string, window: WindowState): void {
    this.windows.set(id, window);
    const of = this.byKey.get(window.key);
    if (of === undefined) this.byKey.set(window.key, new Set([id]));
    else of.add(id);
  }

  #delete(id: string, { key }: WindowId): void {
    this.windows.delete(id);
    const of = this.byKey.get(key);
    of?.delete(id);
    if (of?.size === 0) this.byKey.delete(key);
  }
}

/** What becomes of a partition by folds that are not stored yet. */
export class Draft {
  readonly changed = new Map<string, WindowState>();
  readonly removed = new Map<string, WindowId>();
  readonly ids: NonNullable<Fold['ids']>[] = [];
  watermark: number | null;
  nextOffset: string | null;
  /** Windows that were closed when it was begun: more may be by the time it is stored. */
  readonly closedBefore: number | null;
  model: Uint8Array | undefined;
  accepted = 0;
  late = 0;
  rejected = 0;
  duplicates = 0;

  constructor(
    readonly definition: Definition,
    readonly held: Held,
  ) {
    this.watermark = held.watermark;
    this.nextOffset = held.nextOffset;
    this.closedBefore = held.closedBefore;
  }

  /** Takes a fold in. States of its windows are merged behind those that are there. */
  async add(fold: Fold): Promise<void> {
    this.accepted += fold.accepted;
    this.late += fold.late;
    this.rejected += fold.rejected.length;
    this.duplicates += fold.duplicates;
    if (fold.maxTime !== null) this.watermark = Math.max(this.watermark ?? -Infinity, fold.maxTime);
    if (fold.model !== undefined) this.model = fold.model;
    if (fold.ids !== undefined && fold.ids.hashes.length > 0) this.ids.push(fold.ids);
    const pause = breather();
    if (this.definition.window.type === 'session') {
      const byKey = new Map<string | null, FoldedWindow[]>();
      for (const window of fold.windows) {
        const of = byKey.get(window.key);
        if (of === undefined) byKey.set(window.key, [window]);
        else of.push(window);
      }
      for (const [key, sessions] of byKey) {
        this.#addSessions(key, sessions);
        await pause();
      }
      return;
    }
    for (const window of fold.windows) {
      const id = idOf(window);
      const there = this.changed.get(id) ?? this.held.windows.get(id);
      this.changed.set(id, {
        key: window.key,
        start: window.start,
        end: window.end,
        records: (there?.records ?? 0) + window.records,
        state: mergeStates(this.definition, there?.state ?? null, window.state),
      });
      await pause();
    }
  }

  #addSessions(key: string | null, sessions: readonly FoldedWindow[]): void {
    const there = new Map<string, WindowState>();
    for (const id of this.held.byKey.get(key) ?? []) {
      const window = this.held.windows.get(id);
      if (window !== undefined && !this.removed.has(id)) there.set(id, window);
    }
    for (const [id, window] of this.changed) if (window.key === key) there.set(id, window);
    const all = [...there.values(), ...sessions];
    const ids = [...there.keys()];
    for (const merged of mergeSessions(this.definition, all)) {
      if (merged.of.length === 1 && (merged.of[0] ?? 0) < ids.length) continue;
      for (const place of merged.of) {
        const id = ids[place];
        const window = all[place];
        if (id === undefined || window === undefined) continue;
        this.changed.delete(id);
        if (this.held.windows.has(id)) this.removed.set(id, window);
      }
      const { start, end, records, state } = merged;
      const id = idOf({ key, start, end });
      this.removed.delete(id);
      this.changed.set(id, { key, start, end, records, state });
    }
  }

  /** Whether a window, of these too, would end until then. */
  isDue(before: number | null): boolean {
    if (before === null) return false;
    for (const { end } of this.changed.values()) if (end <= before) return true;
    return this.held.isDue(before);
  }

  commit(): Pick<
    Commit,
    | 'epoch'
    | 'nextOffset'
    | 'watermark'
    | 'model'
    | 'changed'
    | 'removed'
    | 'opened'
    | 'ids'
    | 'closedBefore'
    | 'accepted'
    | 'late'
    | 'rejected'
    | 'duplicates'
  > {
    const { held } = this;
    let opened = -this.removed.size;
    for (const id of this.changed.keys()) if (!held.windows.has(id)) opened++;
    return {
      epoch: held.epoch,
      nextOffset: this.nextOffset,
      watermark: this.watermark,
      model: this.model,
      changed: [...this.changed.values()],
      removed: [...this.removed.values()],
      opened,
      ids: KnownIds.written(this.ids),
      closedBefore: this.closedBefore,
      accepted: this.accepted,
      late: this.late,
      rejected: this.rejected,
      duplicates: this.duplicates,
    };
  }
}
