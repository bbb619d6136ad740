import type { Kysely, Migration } from 'kysely';
import { blobType, nameType } from '../types.js';

/** Tables of streams. */
export interface StreamTables {
  readonly streams: {
    readonly id: string;
    readonly name: string;
    /** JSON. */
    readonly definition: string;
    readonly prepared: string | null;
    readonly created: string;
    /** All times are in milliseconds; those of events may have a fraction. */
    readonly closed_before: number | null;
    readonly last_seq: number;
    readonly sent_seq: number;
    /** Who sends to the sink, and until when. */
    readonly sender: string;
    readonly sender_until: number;
  };
  readonly stream_partitions: {
    readonly stream: string;
    readonly partition: number;
    readonly epoch: number;
    readonly owner: string;
    readonly next_offset: string | null;
    readonly watermark: number | null;
    readonly idle: number;
    readonly seen: number;
    readonly open_windows: number;
    readonly lag: number | null;
    readonly rate: number;
    readonly model: Uint8Array | null;
    readonly accepted: number;
    readonly late: number;
    readonly rejected: number;
    readonly duplicates: number;
  };
  readonly stream_windows: {
    readonly stream: string;
    readonly partition: number;
    readonly window_key: string;
    readonly starts: number;
    readonly ends: number;
    readonly records: number;
    readonly state: Uint8Array;
  };
  readonly stream_ids: {
    readonly stream: string;
    readonly partition: number;
    readonly chunk: number;
    readonly expires: number;
    readonly hashes: Uint8Array;
  };
  readonly stream_batches: {
    readonly stream: string;
    readonly name: string;
    readonly created: number;
    readonly digest: string;
    readonly answer: string;
  };
  readonly stream_results: {
    readonly stream: string;
    readonly seq: number;
    readonly window_key: string;
    readonly starts: number;
    readonly ends: number;
    /** Tells sessions of the same bounds apart; 0 of other windows. */
    readonly again: number;
    readonly records: number;
    readonly result: string;
  };
}

export const streamMigrations: Readonly<Record<string, Migration>> = {
  '0004_streams': {
    async up(db: Kysely<unknown>): Promise<void> {
      const bytes = blobType(db);
      const name = await nameType(db);
      await db.schema
        .createTable('streams')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('name', 'text', (column) => column.notNull().unique())
        .addColumn('definition', 'text', (column) => column.notNull())
        .addColumn('prepared', 'text')
        .addColumn('created', 'text', (column) => column.notNull())
        .addColumn('closed_before', 'double precision')
        .addColumn('last_seq', 'bigint', (column) => column.notNull())
        .addColumn('sent_seq', 'bigint', (column) => column.notNull())
        .addColumn('sender', 'text', (column) => column.notNull())
        .addColumn('sender_until', 'bigint', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('stream_partitions')
        .addColumn('stream', 'text', (column) => column.notNull())
        .addColumn('partition', 'integer', (column) => column.notNull())
        .addColumn('epoch', 'bigint', (column) => column.notNull())
        .addColumn('owner', 'text', (column) => column.notNull())
        .addColumn('next_offset', 'text')
        .addColumn('watermark', 'double precision')
        .addColumn('idle', 'integer', (column) => column.notNull())
        .addColumn('seen', 'bigint', (column) => column.notNull())
        .addColumn('open_windows', 'bigint', (column) => column.notNull())
        .addColumn('lag', 'bigint')
        .addColumn('rate', 'double precision', (column) => column.notNull())
        .addColumn('model', bytes)
        .addColumn('accepted', 'bigint', (column) => column.notNull())
        .addColumn('late', 'bigint', (column) => column.notNull())
        .addColumn('rejected', 'bigint', (column) => column.notNull())
        .addColumn('duplicates', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('stream_partitions_key', ['stream', 'partition'])
        .execute();
      await db.schema
        .createTable('stream_windows')
        .addColumn('stream', 'text', (column) => column.notNull())
        .addColumn('partition', 'integer', (column) => column.notNull())
        .addColumn('window_key', name, (column) => column.notNull())
        .addColumn('starts', 'double precision', (column) => column.notNull())
        .addColumn('ends', 'double precision', (column) => column.notNull())
        .addColumn('records', 'bigint', (column) => column.notNull())
        .addColumn('state', bytes, (column) => column.notNull())
        .addPrimaryKeyConstraint('stream_windows_key', [
          'stream',
          'partition',
          'window_key',
          'starts',
          'ends',
        ])
        .execute();
      await db.schema
        .createIndex('stream_windows_ends')
        .on('stream_windows')
        .columns(['stream', 'ends', 'starts', 'window_key'])
        .execute();
      await db.schema
        .createTable('stream_ids')
        .addColumn('stream', 'text', (column) => column.notNull())
        .addColumn('partition', 'integer', (column) => column.notNull())
        .addColumn('chunk', 'bigint', (column) => column.notNull())
        .addColumn('expires', 'double precision', (column) => column.notNull())
        .addColumn('hashes', bytes, (column) => column.notNull())
        .addPrimaryKeyConstraint('stream_ids_key', ['stream', 'partition', 'chunk'])
        .execute();
      await db.schema
        .createTable('stream_batches')
        .addColumn('stream', 'text', (column) => column.notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('created', 'bigint', (column) => column.notNull())
        .addColumn('digest', 'text', (column) => column.notNull())
        .addColumn('answer', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('stream_batches_key', ['stream', 'name'])
        .execute();
      await db.schema
        .createTable('stream_results')
        .addColumn('stream', 'text', (column) => column.notNull())
        .addColumn('seq', 'bigint', (column) => column.notNull())
        .addColumn('window_key', name, (column) => column.notNull())
        .addColumn('starts', 'double precision', (column) => column.notNull())
        .addColumn('ends', 'double precision', (column) => column.notNull())
        .addColumn('again', 'bigint', (column) => column.notNull())
        .addColumn('records', 'bigint', (column) => column.notNull())
        .addColumn('result', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('stream_results_key', ['stream', 'seq'])
        .addUniqueConstraint('stream_results_window', ['stream', 'window_key', 'starts', 'ends', 'again'])
        .execute();
    },
  },
};
