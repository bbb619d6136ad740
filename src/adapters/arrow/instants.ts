import { type Data, makeData, Timestamp, TimeUnit } from 'apache-arrow';
import type { TextColumn } from '../../ports/tables.js';

const MILLISECOND = 1_000_000n;
/** From the coarsest on, with the nanoseconds in each. */
const UNITS = [
  { unit: TimeUnit.SECOND, nanoseconds: 1_000_000_000n },
  { unit: TimeUnit.MILLISECOND, nanoseconds: MILLISECOND },
  { unit: TimeUnit.MICROSECOND, nanoseconds: 1_000n },
  { unit: TimeUnit.NANOSECOND, nanoseconds: 1n },
] as const;
/** How years that a date does not reach are written. */
const FAR = ' ns';
/** `.123456789Z`, behind the seconds. */
const FRACTION = /\.(\d{3})(\d{0,6})Z$/u;

/**
 * Timestamps as Arrow data in UTC, of the coarsest unit that holds all of them exactly: they came in one that does. `rows`:
 * how many there are. Zeros lie behind nulls.
 */
export function instantData(column: TextColumn, rows: number): Data<Timestamp> {
  const milliseconds = column.instants?.();
  const whole = new Float64Array(rows);
  /** Nanoseconds behind the millisecond, where there are any. */
  let finer: Int32Array | undefined;
  /** Of rows beyond the dates, in nanoseconds. */
  const far = new Map<number, bigint>();
  const nullBitmap = new Uint8Array(Math.ceil(rows / 8));
  let [row, level] = [0, 0];
  for (const cell of column.cells()) {
    if (typeof cell === 'string') {
      nullBitmap[row >> 3]! |= 1 << (row & 7);
      if (cell.endsWith(FAR)) {
        const nanoseconds = BigInt(cell.slice(0, -FAR.length));
        far.set(row, nanoseconds);
        while (nanoseconds % UNITS[level]!.nanoseconds !== 0n) level++;
      } else {
        const [fraction = '', , rest = ''] = FRACTION.exec(cell) ?? [];
        const at =
          milliseconds?.[row] ?? Date.parse(`${cell.slice(0, -fraction.length)}${fraction.slice(0, 4)}Z`);
        whole[row] = at;
        if (rest !== '') {
          finer ??= new Int32Array(rows);
          const nanoseconds = Number(rest.padEnd(6, '0'));
          finer[row] = nanoseconds;
          level = Math.max(level, nanoseconds % 1000 === 0 ? 2 : 3);
        } else if (at % 1000 !== 0) level = Math.max(level, 1);
      }
    }
    row++;
  }
  const { unit, nanoseconds } = UNITS[level]!;
  const data = new BigInt64Array(rows);
  for (let i = 0; i < rows; i++) {
    if (((nullBitmap[i >> 3]! >> (i & 7)) & 1) === 0) continue;
    const beyond = far.get(i);
    if (beyond !== undefined) data[i] = beyond / nanoseconds;
    else if (level === 0) data[i] = BigInt(whole[i]! / 1000);
    else data[i] = (BigInt(whole[i]!) * MILLISECOND + BigInt(finer?.[i] ?? 0)) / nanoseconds;
  }
  return makeData({
    type: new Timestamp(unit, 'UTC'),
    length: rows,
    nullCount: column.missing,
    nullBitmap: column.missing === 0 ? undefined : nullBitmap,
    data,
  });
}
