import type { PartitionState, StoredResult, WindowState } from '../../ports/streams.js';
import type { StreamTables } from './migrations/streams.js';

/**
 * A key as text that every database stores: PostgreSQL has no U+0000 in texts. Windows of no key have the empty text, which
 * no key has.
 */
export const keyText = (key: string | null): string =>
  key === null ? '' : `=${key.replaceAll('\\', '\\\\').replaceAll('\0', '\\0')}`;

export const keyOf = (text: string): string | null =>
  text === '' ? null : text.slice(1).replaceAll(/\\(.)/gsu, (_all, one) => (one === '0' ? '\0' : '\\'));

/** Bytes of a row: libsql gives an ArrayBuffer, PostgreSQL's client a Buffer. */
export const bytesOf = (value: Uint8Array | ArrayBuffer): Uint8Array =>
  ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value);

export function windowOf(row: StreamTables['stream_windows']): WindowState {
  const { window_key, starts, ends, records, state } = row;
  return { key: keyOf(window_key), start: starts, end: ends, records, state: bytesOf(state) };
}

export function resultOf(row: StreamTables['stream_results']): StoredResult {
  const { seq, window_key, starts, ends, records, result } = row;
  return { seq, key: keyOf(window_key), start: starts, end: ends, records, result };
}

export function partitionOf(row: StreamTables['stream_partitions']): PartitionState {
  const { partition, epoch, owner, watermark, seen, lag, rate, accepted, late, rejected, duplicates } = row;
  return {
    partition,
    epoch,
    owner,
    nextOffset: row.next_offset,
    watermark,
    idle: row.idle !== 0,
    seen,
    open: row.open_windows,
    lag,
    rate,
    accepted,
    late,
    rejected,
    duplicates,
  };
}

/** Takes rows in chunks, and lets others have a turn each time that so many bytes of states were written. */
export async function inChunks<T extends { readonly state: Uint8Array }>(
  rows: readonly T[],
  size: number,
  breath: number,
  write: (some: readonly T[]) => Promise<void>,
): Promise<void> {
  let bytes = 0;
  for (let from = 0; from < rows.length; from += size) {
    const some = rows.slice(from, from + size);
    await write(some);
    bytes += some.reduce((sum, { state }) => sum + state.length, 0);
    if (bytes < breath) continue;
    bytes = 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
