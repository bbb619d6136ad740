/** How many digits of an answer are those that NIST certifies, and the table that says so. */

/** Certified values have 15 digits: no answer is told to have more. */
export const MOST = 15;

/**
 * Log relative error, −log10(|actual − certified| / |certified|); absolute where 0 is certified. Of several values that of
 * the worst. An infinity has all digits or none.
 */
export function correctDigits(
  actual: number | readonly number[],
  certified: number | readonly number[],
): number {
  if (typeof actual === 'number') return digitsOf(actual, certified as number);
  const values = certified as readonly number[];
  return actual.reduce((least, value, place) => Math.min(least, digitsOf(value, values[place]!)), MOST);
}

function digitsOf(actual: number, certified: number): number {
  if (actual === certified || actual.toPrecision(MOST) === certified.toPrecision(MOST)) return MOST;
  const error = Math.abs(actual - certified) / (certified === 0 ? 1 : Math.abs(certified));
  const digits = -Math.log10(error);
  return Number.isNaN(digits) ? 0 : Math.max(0, Math.min(MOST, digits));
}

/** The same to one decimal, as the floors are given. */
export function correctTenths(
  actual: number | readonly number[],
  certified: number | readonly number[],
): number {
  return Math.round(correctDigits(actual, certified) * 10) / 10;
}

export interface Line {
  readonly set: string;
  readonly quantity: string;
  readonly ours: number;
  /** Digits of others, by name; undefined where they have no such answer. */
  readonly others: Readonly<Record<string, number | undefined>>;
  readonly floor: number;
}

/** Columns of text: digits to one decimal. */
export function tableOf(lines: readonly Line[]): string {
  const names = [...new Set(lines.flatMap(({ others }) => Object.keys(others)))];
  const shown = (digits: number | undefined): string => (digits === undefined ? '' : digits.toFixed(1));
  const rows = [
    ['set', 'quantity', 'wasm', ...names, 'floor'],
    ...lines.map(({ set, quantity, ours, others, floor }) => [
      set,
      quantity,
      shown(ours),
      ...names.map((name) => shown(others[name])),
      shown(floor),
    ]),
  ];
  const widths = rows[0]!.map((_, place) => Math.max(...rows.map((row) => row[place]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, place) => (place < 2 ? cell.padEnd(widths[place]!) : cell.padStart(widths[place]!)))
        .join('  '),
    )
    .join('\n');
}
