import { type Data, type Date_, DateUnit, type Timestamp, TimeUnit, Type } from 'apache-arrow';

/** Decimal words (little-endian, two's complement) as the nearest float64: digits, then one correctly rounded reading. */
export function decimalNumber(words: Uint32Array, scale: number): number {
  let unscaled = 0n;
  for (let i = words.length - 1; i >= 0; i--) unscaled = (unscaled << 32n) | BigInt(words[i] ?? 0);
  return Number(`${BigInt.asIntN(words.length * 32, unscaled)}e${-scale}`);
}

/** Nanoseconds in a unit. */
const TIMESTAMP: Readonly<Record<TimeUnit, bigint>> = {
  [TimeUnit.SECOND]: 1_000_000_000n,
  [TimeUnit.MILLISECOND]: 1_000_000n,
  [TimeUnit.MICROSECOND]: 1_000n,
  [TimeUnit.NANOSECOND]: 1n,
};
const DATE: Readonly<Record<DateUnit, bigint>> = {
  [DateUnit.DAY]: 86_400_000_000_000n,
  [DateUnit.MILLISECOND]: 1_000_000n,
};
const MILLISECOND = 1_000_000n;

/** Instants of a batch as ISO 8601 in UTC, to the millisecond or as much finer as they are: `2024-02-29T12:00:00.123456Z`. */
export function instantText(data: Data<Timestamp | Date_>): (row: number) => string {
  const unit = isDate(data.type) ? DATE[data.type.unit] : TIMESTAMP[data.type.unit];
  const { values } = data;
  return (row) => {
    const nanoseconds = BigInt(values[row] ?? 0) * unit;
    const rest = ((nanoseconds % MILLISECOND) + MILLISECOND) % MILLISECOND;
    const date = new Date(Number((nanoseconds - rest) / MILLISECOND));
    // Years beyond what Date holds are shown as what they are stored as.
    if (Number.isNaN(date.getTime())) return `${nanoseconds} ns`;
    const finer = rest === 0n ? '' : rest.toString().padStart(6, '0').replace(/000$/u, '');
    return `${date.toISOString().slice(0, -1)}${finer}Z`;
  };
}

/** Instants of a batch in milliseconds since 1970, finer ones cut off downwards. */
export function instantMilliseconds(data: Data<Timestamp | Date_>): (row: number) => number {
  const unit = isDate(data.type) ? DATE[data.type.unit] : TIMESTAMP[data.type.unit];
  const { values } = data;
  if (unit >= MILLISECOND) {
    const scale = Number(unit / MILLISECOND);
    return (row) => Number(values[row] ?? 0) * scale;
  }
  const per = MILLISECOND / unit;
  return (row) => {
    const value = BigInt(values[row] ?? 0);
    const rest = ((value % per) + per) % per;
    return Number((value - rest) / per);
  };
}

const isDate = (type: Timestamp | Date_): type is Date_ => type.typeId === Type.Date;
