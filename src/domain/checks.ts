/**
 * Checks of a state that may have been written by an enemy: each returns the value as what it was expected to be, or throws
 * TypeError or RangeError, "expected X, got Y". `what` names the value.
 */
import type { Json } from '../ports/formats.js';
import { excerpt } from '../ports/problem.js';

type Value = Json | undefined;

export const wrong = (expected: string, got: Value): TypeError =>
  new TypeError(`expected ${expected}, got ${shown(got)}`);

/** At most sixty characters. */
function shown(value: Value): string {
  if (value instanceof Float64Array || value instanceof Int32Array) return `${value.length} numbers`;
  if (isList(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'string' ? JSON.stringify(excerpt(value, 50)) : String(value);
}

export const isList = (value: Value): value is readonly Json[] => Array.isArray(value);

export function fields(value: Value, what: string): Readonly<Record<string, Value>> {
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
    return value as Readonly<Record<string, Value>>;
  throw wrong(`${what} to be an object`, value);
}

/** Of `length` entries, where it is given. */
export function list(value: Value, what: string, length?: number): readonly Json[] {
  if (!isList(value)) throw wrong(`${what} to be a list`, value);
  if (length !== undefined && value.length !== length)
    throw wrong(`${what} to have ${length} entries`, value);
  return value;
}

export function real(value: Value, what: string, least = -Number.MAX_VALUE, most = Number.MAX_VALUE): number {
  if (typeof value === 'number' && value >= least && value <= most) return value;
  const range = least === -Number.MAX_VALUE && most === Number.MAX_VALUE ? 'finite' : `${least} to ${most}`;
  throw wrong(`${what} to be a number, ${range}`, value);
}

export function whole(value: Value, what: string, least = 0, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isInteger(value)) return real(value, what, least, most);
  throw wrong(`${what} to be a whole number`, value);
}

export function flag(value: Value, what: string): boolean {
  if (typeof value === 'boolean') return value;
  throw wrong(`${what} to be true or false`, value);
}

export function oneOf(value: Value, what: string, words: readonly string[]): string {
  if (typeof value === 'string' && words.includes(value)) return value;
  throw wrong(`${what} to be one of ${words.join(', ')}`, value);
}

/** Numbers, finite; null is a number that is not. */
export function numbers(value: Value, what: string, length?: number): readonly (number | null)[] {
  return list(value, what, length).map((one, i) => (one === null ? null : real(one, `${what}[${i}]`)));
}

/** Whole numbers in [least, most], each greater than the one before. */
export function ascending(value: Value, what: string, least: number, most: number): readonly number[] {
  let next = least;
  return list(value, what).map((one, i) => {
    const found = whole(one, `${what}[${i}]`, next, most);
    next = found + 1;
    return found;
  });
}

/** Finite numbers of a typed array. */
export function floats(value: Value, what: string, length?: number): Float64Array {
  if (!(value instanceof Float64Array)) throw wrong(`${what} to be float64 numbers`, value);
  if (length !== undefined && value.length !== length)
    throw wrong(`${what} to have ${length} numbers`, value);
  const odd = value.find((one) => !Number.isFinite(one));
  if (odd !== undefined) throw wrong(`${what} to be finite`, odd);
  return value;
}

/** Integers of a typed array, in [least, most]. */
export function integers(
  value: Value,
  what: string,
  least: number,
  most: number,
  length?: number,
): Int32Array {
  if (!(value instanceof Int32Array)) throw wrong(`${what} to be int32 numbers`, value);
  if (length !== undefined && value.length !== length)
    throw wrong(`${what} to have ${length} numbers`, value);
  const odd = value.find((one) => one < least || one > most);
  if (odd !== undefined) throw wrong(`${what} to be from ${least} to ${most}`, odd);
  return value;
}
