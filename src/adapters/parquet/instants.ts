const DAY = 86_400_000_000_000n;
const MILLISECOND = 1_000_000n;
/** Day number of 1970-01-01 in the Julian count of INT96. */
const EPOCH = 2_440_588;

/** An instant as ISO 8601 in UTC, to the millisecond or as much finer as it is: `2024-02-29T12:00:00.123456Z`. */
export function instantText(nanoseconds: bigint): string {
  const rest = ((nanoseconds % MILLISECOND) + MILLISECOND) % MILLISECOND;
  const date = new Date(Number((nanoseconds - rest) / MILLISECOND));
  // Years beyond what Date holds are shown as what they are stored as.
  if (Number.isNaN(date.getTime())) return `${nanoseconds} ns`;
  const finer = rest === 0n ? '' : rest.toString().padStart(6, '0').replace(/000$/u, '');
  return `${date.toISOString().slice(0, -1)}${finer}Z`;
}

/** Nanoseconds since 1970 of the value at a byte: `width` 4 and 8 are counts of `unit`, 12 is INT96. */
export function nanosecondsAt(view: DataView, at: number, width: number, unit: bigint): bigint {
  if (width === 4) return BigInt(view.getInt32(at, true)) * unit;
  if (width === 8) return view.getBigInt64(at, true) * unit;
  return BigInt(view.getInt32(at + 8, true) - EPOCH) * DAY + view.getBigInt64(at, true);
}
