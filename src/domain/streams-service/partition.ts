import { Problem } from '../../ports/problem.js';
import type { StreamStore } from '../../ports/streams.js';
import type { Definition } from '../streams/definition.js';
import type { Fold } from '../streams/fold.js';
import { closedBefore } from '../streams/windows.js';
import { Draft, Held } from './held.js';
import {
  after,
  type Batch,
  EMPTY,
  entriesOf,
  type Entry,
  gone,
  looked,
  otherBatch,
  settle,
} from './entries.js';
import { NOTHING, type Onlooker, type Portion, type Taken } from './portion.js';
import { TooManyWindows } from './too-many.js';
import type { Rate } from './rate.js';

/** What a partition's records are folded with. */
export interface FoldAsked {
  readonly definition: Definition;
  readonly closedBefore: number | null;
  readonly model: Uint8Array | null;
  /** Hashes of ids that were counted; undefined: the stream has no id. */
  readonly known: BigUint64Array | undefined;
  readonly maxWindows: number;
}

export interface PartitionOptions {
  readonly store: Pick<StreamStore, 'acquire' | 'commit'>;
  /** Of the stored stream. */
  readonly stream: string;
  readonly definition: Definition;
  readonly partition: number;
  readonly owner: string;
  readonly maxWindows: number;
  /** Folds at a time, where one does not need what came of the one before. */
  readonly folds: number;
  readonly fold: (portion: Portion, asked: FoldAsked, task?: Onlooker['task']) => Promise<Fold>;
  readonly rate: Rate;
  /** Windows may be due. What is awaited here is done before the next records are looked at. */
  readonly due: (cause: string | undefined) => Promise<void>;
  /** Whether another may own it without being told: records come by HTTP, to any process. */
  readonly shared: boolean;
}

/** Portions that are stored in one transaction. */
const GROUP = 64;
/** Times in a row that the partition is taken back from another process. */
const TRIES = 50;

/**
 * One partition of a stream: portions are folded in lanes, ahead of what is stored, merged in order, and stored together in
 * one transaction. What was taken is in the state for good. When the partition turns out to be another's, or windows were
 * closed meanwhile, what is not stored yet is folded again behind what is.
 */
export class Partition {
  readonly #options: PartitionOptions;
  readonly #waiting: Entry[] = [];
  #held: Held | undefined;
  #running: Promise<void> | undefined;
  #folding = 0;
  #generation = 0;
  /** What was folded, but is not stored: for folds that go on from it. */
  #model: Uint8Array | undefined;
  #pendingIds: NonNullable<Fold['ids']>[] = [];
  #tries = 0;

  constructor(options: PartitionOptions) {
    this.#options = options;
  }

  /** Bytes and batches that wait. */
  get waitingBytes(): number {
    return this.#waiting.reduce((sum, { portion }) => sum + portion.bytes, 0);
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get held(): Held | undefined {
    return this.#held;
  }

  /** Makes it ours. Undefined: there is no such stream. */
  async acquire(): Promise<Held | undefined> {
    const { store, stream, partition, owner } = this.#options;
    const acquired = await store.acquire(stream, partition, owner);
    this.#reset();
    this.#held = acquired && new Held(acquired);
    return this.#held;
  }

  /** Takes portions, which are stored when it resolves. Rejects with a Problem: then none of those that follow is. */
  take(portions: readonly Portion[], onlooker?: Onlooker): Promise<Taken> {
    return new Promise((resolve, reject) => {
      if (portions.length === 0) {
        resolve(NOTHING);
        return;
      }
      const batch: Batch = { taken: NOTHING, over: false, onlooker, resolve, reject };
      this.#waiting.push(...entriesOf(portions, batch));
      this.#pump();
      this.#running ??= this.#run();
    });
  }

  /** Windows were closed. */
  closed(before: number | null): void {
    this.#held?.closed(before);
  }

  /** Behind what is under way. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      try {
        const held = this.#held ?? (await this.acquire());
        if (held === undefined) this.#failAll(gone());
        else await this.#step(held);
      } catch (error) {
        // Whether it was stored is not known: what is there is read again.
        this.#lose();
        const batch = this.#waiting[0]?.batch;
        if (batch !== undefined) this.#fail(batch, error);
      }
    }
    // In the turn of the last look: what is taken behind it, before a callback, would wait for ever.
    this.#running = undefined;
  }

  /** Stores the first of what waits, and what is folded behind it. */
  async #step(held: Held): Promise<void> {
    this.#pump();
    const [first] = this.#waiting;
    if (first === undefined) return;
    try {
      await first.fold;
    } catch (error) {
      if (this.#waiting[0] === first) await this.#failed(first, error);
      return;
    }
    const { definition } = this.#options;
    const draft = new Draft(definition, held);
    const group: Entry[] = [];
    for (const entry of this.#waiting) {
      const { folded } = entry;
      if (folded === undefined || group.length === GROUP) break;
      const late = held.closedBefore ?? -Infinity;
      if (folded.windows.some(({ end }) => end <= late)) {
        // It was folded before they were closed.
        if (group.length === 0) this.#reset();
        break;
      }
      // The second of a name waits for the answer of the first.
      const name = entry.portion.named?.name;
      if (name !== undefined && group.some(({ portion }) => portion.named?.name === name)) break;
      // What is late is judged by all that came before.
      if (group.length > 0 && draft.isDue(closedBefore(definition, draft.watermark))) break;
      await entry.portion.onRejected?.(folded.rejected);
      await draft.add(folded);
      draft.rejected += entry.portion.rejected ?? 0;
      if (entry.portion.nextOffset !== undefined) draft.nextOffset = entry.portion.nextOffset;
      group.push(entry);
    }
    if (group.length > 0) await this.#store(held, draft, group);
  }

  async #store(held: Held, draft: Draft, group: readonly Entry[]): Promise<void> {
    const { store, stream, partition, maxWindows, definition, rate, shared } = this.#options;
    const now = Date.now();
    const outcome = await looked(group, () =>
      store.commit({
        ...draft.commit(),
        stream,
        partition,
        seen: now,
        rate: rate.with(draft.accepted),
        batches: group.flatMap(({ portion, batch, folded }) =>
          portion.named === undefined || folded === undefined
            ? []
            : [{ ...portion.named, answer: JSON.stringify(after(batch, portion, folded)) }],
        ),
        maxWindows,
      }),
    );
    switch (outcome.type) {
      case 'committed': {
        this.#tries = 0;
        rate.add(draft.accepted);
        held.apply(draft);
        this.#pendingIds = this.#pendingIds.slice(draft.ids.length);
        this.#waiting.splice(0, group.length);
        const ended: Batch[] = [];
        for (const { portion, batch, folded, isLast } of group) {
          if (folded !== undefined) batch.taken = after(batch, portion, folded);
          if (isLast) ended.push(batch);
        }
        this.#pump();
        // Who is told that records are in finds the windows closed that they close.
        if (held.isDue(closedBefore(definition, held.watermark)))
          await this.#options.due(group.at(-1)?.batch.onlooker?.task?.header);
        for (const batch of ended) settle(batch);
        return;
      }
      case 'closed':
        held.closed(outcome.closedBefore);
        this.#reset();
        return;
      case 'repeated': {
        const again = group.find(({ portion }) => portion.named?.name === outcome.batch.name);
        if (again === undefined) throw new Error('a batch that was not sent was repeated');
        this.#waiting.splice(this.#waiting.indexOf(again), 1);
        this.#reset();
        const { digest, answer } = outcome.batch;
        again.batch.taken = JSON.parse(answer) as Taken;
        if (digest === again.portion.named?.digest) settle(again.batch);
        else this.#fail(again.batch, otherBatch());
        return;
      }
      case 'full': {
        // Some of them may have room.
        const [first] = group;
        if (group.length > 1) await this.#alone(held, group);
        else if (first !== undefined) await this.#failed(first, new TooManyWindows(maxWindows));
        return;
      }
      case 'fenced':
        this.#lose();
        if (!shared || ++this.#tries > TRIES) {
          this.#tries = 0;
          this.#failAll(
            new Problem('conflict', 'expected a partition of this process, got one that another took over'),
          );
        }
        return;
      case 'gone':
        this.#lose();
        this.#failAll(gone());
    }
  }

  /** Stores the first of a group without the others. */
  async #alone(held: Held, [first]: readonly Entry[]): Promise<void> {
    if (first?.folded === undefined) return;
    const draft = new Draft(this.#options.definition, held);
    await draft.add(first.folded);
    draft.rejected += first.portion.rejected ?? 0;
    if (first.portion.nextOffset !== undefined) draft.nextOffset = first.portion.nextOffset;
    await this.#store(held, draft, [first]);
  }

  /** An entry cannot be folded or stored: others come in its place, or its batch ends. */
  async #failed(entry: Entry, error: unknown): Promise<void> {
    const { portion, batch, isLast } = entry;
    const instead = error instanceof Problem ? await portion.instead?.(error) : undefined;
    if (this.#stateful) this.#reset();
    if (instead === undefined) {
      this.#fail(batch, error);
      return;
    }
    const entries = entriesOf(instead, batch, isLast);
    this.#waiting.splice(0, 1, ...entries);
    if (entries.length === 0 && isLast) settle(batch);
  }

  /** Whether a fold needs what came of the one before. */
  get #stateful(): boolean {
    const { id, operations } = this.#options.definition;
    return id !== null || operations.some(({ name }) => name === 'kmeans');
  }

  /** Starts folds that can be. */
  #pump(): void {
    const held = this.#held;
    if (held === undefined) return;
    const { definition, folds, fold, maxWindows } = this.#options;
    const stateful = this.#stateful;
    for (const entry of this.#waiting) {
      if (this.#folding >= (stateful ? 1 : folds)) return;
      // What is behind it needs what comes of it.
      if (entry.failed && stateful) return;
      if (entry.fold !== undefined) continue;
      const generation = this.#generation;
      this.#folding++;
      const asked: FoldAsked = {
        definition,
        closedBefore: held.closedBefore,
        maxWindows,
        model: this.#model ?? held.model,
        known: definition.id === null ? undefined : held.ids.with(this.#pendingIds),
      };
      entry.fold = (
        entry.portion.bytes === 0
          ? Promise.resolve(EMPTY)
          : fold(entry.portion, asked, entry.batch.onlooker?.task)
      ).then(
        (folded) => {
          if (generation !== this.#generation) return folded;
          this.#folding--;
          entry.folded = folded;
          if (folded.model !== undefined) this.#model = folded.model;
          if (folded.ids !== undefined && folded.ids.hashes.length > 0) this.#pendingIds.push(folded.ids);
          this.#pump();
          return folded;
        },
        (error: unknown) => {
          if (generation === this.#generation) {
            this.#folding--;
            entry.failed = true;
          }
          throw error;
        },
      );
      // Looked at when it is its turn.
      entry.fold.catch(() => undefined);
    }
  }

  /** Folds that were begun do not count: they are begun again. */
  #reset(): void {
    this.#generation++;
    this.#folding = 0;
    this.#model = undefined;
    this.#pendingIds = [];
    for (const entry of this.#waiting) {
      entry.fold = undefined;
      entry.folded = undefined;
      entry.failed = false;
    }
  }

  #lose(): void {
    this.#held = undefined;
    this.#reset();
  }

  #fail(batch: Batch, error: unknown): void {
    for (let i = this.#waiting.length - 1; i >= 0; i--)
      if (this.#waiting[i]?.batch === batch) this.#waiting.splice(i, 1);
    if (batch.over) return;
    batch.over = true;
    batch.reject(error);
  }

  #failAll(error: unknown): void {
    for (const { batch } of [...this.#waiting]) this.#fail(batch, error);
  }
}
