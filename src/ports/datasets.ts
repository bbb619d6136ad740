import type { ColumnType } from './tables.js';

/** What is known of a dataset beside its rows; plain JSON, read back as it was written. */
export interface DatasetCard {
  readonly rows: number;
  readonly columns: readonly { readonly name: string; readonly type: ColumnType; readonly missing: number }[];
  /** Of its columns when they are in memory: what a request over it is admitted by. */
  readonly decoded_bytes: number;
}

/** A stored table. Its file is Arrow IPC, its buffers LZ4 frames. */
export interface StoredDataset {
  /** SHA-256 of its file: the same rows are the same dataset, whatever format they came in. */
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  readonly card: DatasetCard;
  /** Of its file. */
  readonly bytes: number;
}

/** The datasets of the service. What `publish` has answered is there after a kill, whole, or was removed. */
export interface Datasets {
  /** Stores a file. Rejects with Problem `storage_failed`; then nothing is stored. */
  publish(
    card: DatasetCard,
    document: Uint8Array,
  ): Promise<{ readonly dataset: StoredDataset; readonly isNew: boolean }>;
  find(id: string): Promise<StoredDataset | undefined>;
  /** Oldest first. */
  list(): Promise<readonly StoredDataset[]>;
  /** Reads its file to memory that `place` gives for the next so many bytes, and verifies it. */
  read(dataset: StoredDataset, place: (bytes: number) => Uint8Array): Promise<void>;
  /** Whether there was one. */
  remove(id: string): Promise<boolean>;
  /** How many there are, and the bytes of their files. */
  totals(): Promise<{ readonly count: number; readonly bytes: number }>;
}
