import { type Data, type Date_, DateUnit, type Timestamp, TimeUnit, Type } from 'apache-arrow';

/** Decimal words (little-endian, two's complement) as the nearest float64: digits, then one correctly rounded reading. */
export function decimalNumber(words: Uint32Array, scale: number): number {
  let unscaled = 0n;
  for (let i = words.length - 1; i >= 0; i--) unscaled = (unscaled << 32n) | BigInt(words[i] ?? 0);
  return Number(`${BigInt.asIntN(words.length * 32, unscaled)}e${-scale}`);
}

/** How a stored instant becomes whole seconds and a rest of `digits` decimal digits. */
interface Resolution {
  /** Units in a second; a day has none. */
  readonly perSecond: bigint;
  readonly secondsPerUnit: bigint;
  readonly digits: number;
}

const TIMESTAMP: Readonly<Record<TimeUnit, Resolution>> = {
  [TimeUnit.SECOND]: { perSecond: 1n, secondsPerUnit: 1n, digits: 0 },
  [TimeUnit.MILLISECOND]: { perSecond: 1_000n, secondsPerUnit: 1n, digits: 3 },
  [TimeUnit.MICROSECOND]: { perSecond: 1_000_000n, secondsPerUnit: 1n, digits: 6 },
  [TimeUnit.NANOSECOND]: { perSecond: 1_000_000_000n, secondsPerUnit: 1n, digits: 9 },
};
const DATE: Readonly<Record<DateUnit, Resolution>> = {
  [DateUnit.DAY]: { perSecond: 1n, secondsPerUnit: 86_400n, digits: 0 },
  [DateUnit.MILLISECOND]: { perSecond: 1_000n, secondsPerUnit: 1n, digits: 3 },
};

/** Instants of a batch as ISO 8601 in UTC, with the digits of their unit: `2024-02-29T12:00:00.123456Z`. */
export function instantText(data: Data<Timestamp | Date_>): (row: number) => string {
  const { perSecond, secondsPerUnit, digits } = isDate(data.type)
    ? DATE[data.type.unit]
    : TIMESTAMP[data.type.unit];
  const { values } = data;
  return (row) => {
    const value = BigInt(values[row] ?? 0);
    const rest = ((value % perSecond) + perSecond) % perSecond;
    const seconds = ((value - rest) / perSecond) * secondsPerUnit;
    const date = new Date(Number(seconds) * 1000);
    // Years beyond what Date holds are shown as their seconds.
    if (Number.isNaN(date.getTime())) return `${seconds} s`;
    const whole = date.toISOString().slice(0, -5);
    return digits === 0 ? `${whole}Z` : `${whole}.${rest.toString().padStart(digits, '0')}Z`;
  };
}

const isDate = (type: Timestamp | Date_): type is Date_ => type.typeId === Type.Date;
