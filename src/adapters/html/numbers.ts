/** Numbers for people: few digits, and a minus that is one. */

const MINUS = '−';
const NONE = '–';

/** A count: 1,234. */
export const count = (value: number): string => grouped(String(value));

/** Four significant digits; whole numbers below a million as they are. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  const size = Math.abs(value);
  if (size < 1e6 && Number.isInteger(value)) return signed(value, grouped(String(size)));
  if (size >= 1e6 || size < 1e-4) {
    const [digits = '', exponent = ''] = size.toExponential(3).split('e');
    const power = exponent.replace('+', '').replace('-', MINUS);
    return signed(value, `${trimmed(digits)}e${power}`);
  }
  const digits = size >= 1000 ? size.toFixed(0) : size.toPrecision(4);
  return signed(value, grouped(trimmed(digits)));
}

/** A share as a percentage, to a tenth; what is there is never shown as 0 %, and not all never as 100 %. */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return '< 0.1 %';
  if (value < 100 && value > 99.9) return '> 99.9 %';
  return `${trimmed(value.toFixed(1))} %`;
}

/** A coefficient of correlation, to two digits. */
export const coefficient = (value: number | null): string =>
  value === null ? NONE : signed(value, Math.abs(value).toFixed(2));

/** A span of time in its largest unit. */
export function span(seconds: number | null): string {
  if (seconds === null) return NONE;
  const units = [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ] as const;
  for (const [unit, size] of units) {
    if (seconds >= size) return plural(seconds / size, unit);
  }
  return plural(seconds, 'second');
}

/** An instant without the end that says nothing. */
export const instant = (text: string | null): string =>
  text === null
    ? NONE
    : text
        .replace(/T00:00:00(?:\.0+)?Z$/u, '')
        .replace(/(?:\.0+)?Z$/u, '')
        .replace('T', ' ');

/** So many of something: 1 row, 2,000 rows. */
export const counted = (value: number, unit: string): string =>
  `${count(value)} ${unit}${value === 1 ? '' : 's'}`;

export const plural = (value: number, unit: string): string =>
  `${number(value)} ${unit}${value === 1 ? '' : 's'}`;

const signed = (value: number, text: string): string => (value < 0 ? MINUS + text : text);

const trimmed = (digits: string): string =>
  digits.includes('.') ? digits.replace(/0+$/u, '').replace(/\.$/u, '') : digits;

function grouped(digits: string): string {
  const [whole = '', fraction] = digits.split('.');
  const groups = whole.replaceAll(/\B(?=(?:\d{3})+$)/gu, ',');
  return fraction === undefined ? groups : `${groups}.${fraction}`;
}
