import type { Category } from './categories.js';

/**
 * Categories of a column as Python writes them, for scikit-learn's feature names. Numbers are those of a pandas column:
 * integers where all are and none is missing, else floats.
 */
export function pythonText(categories: readonly Category[]): string[] {
  const integers = categories.every((one) => typeof one === 'number' && Number.isInteger(one));
  const numbers = categories.some((one) => typeof one === 'number');
  return categories.map((one) => {
    if (one === null) return numbers ? 'nan' : 'None';
    if (typeof one === 'boolean') return one ? 'True' : 'False';
    if (typeof one === 'string') return one;
    return integers && Math.abs(one) < 2 ** 63 ? BigInt(one).toString() : pythonFloat(one);
  });
}

/** Python's `str` of a float: the shortest digits, in scientific notation from 1e16 and below 1e-4. */
export function pythonFloat(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) {
    const [digits = '', exponent = '0'] = value.toExponential().split('e');
    const power = Number(exponent);
    return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
