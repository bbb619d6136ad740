import type { Json } from '../../ports/formats.js';
import type { State } from './estimator.js';

/** Lengths from which a typed array is written as its bytes: half the text, and no decimals to read. */
const LONG = 1024;

/** Numbers that JSON has no literal for. */
const WORDS: ReadonlyMap<string, number> = new Map([
  ['nan', NaN],
  ['inf', Infinity],
  ['-inf', -Infinity],
  ['-0', -0],
]);
const TAGS = ['float64', 'int32', 'number', 'map', 'object'];

/**
 * A state as JSON text that `decodeState` reads back with the same bits. Typed arrays are `{"float64": …}` and
 * `{"int32": …}`: lists of the shortest decimals that are read as the same number, or, from `LONG` entries on, base64 of the
 * bytes, little-endian. NaN, infinities and −0 are the words `nan`, `inf`, `-inf`, `-0`, which outside a typed array stand
 * in `{"number": …}`. A Map is `{"map": [[key, value], …]}`; an object whose only key is one of these is `{"object": …}`.
 */
export const encodeState = (state: State): string => JSON.stringify(encoded(state));

/** What `encodeState` wrote. Throws SyntaxError or TypeError for anything else. */
export function decodeState(text: string): State {
  const value = JSON.parse(text) as Plain;
  if (typeof value === 'object' && value !== null && !isList(value)) return record(value);
  throw new TypeError('expected the state of a model, got no object');
}

type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

function encoded(value: Json): Plain {
  if (typeof value === 'number') return finite(value) ? value : { number: word(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Float64Array)
    return { float64: value.length < LONG ? Array.from(value, numberOrWord) : base64(value) };
  if (value instanceof Int32Array) return { int32: value.length < LONG ? Array.from(value) : base64(value) };
  if (value instanceof Map)
    return { map: [...(value as ReadonlyMap<string, Json>)].map(([key, of]) => [key, encoded(of)]) };
  if (isList(value)) return value.map(encoded);
  if (!isRecord(value)) throw new TypeError('expected a state of values, got written JSON');
  const entries = Object.entries(value).filter((entry): entry is [string, Json] => entry[1] !== undefined);
  const record = Object.fromEntries(entries.map(([key, of]) => [key, encoded(of)]));
  return entries.length === 1 && TAGS.includes(entries[0]![0]) ? { object: record } : record;
}

function decoded(value: Plain): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map(decoded);
  const entries = Object.entries(value);
  if (entries.length === 1) {
    const [tag, of] = entries[0]!;
    switch (tag) {
      case 'float64':
        return typeof of === 'string' ? floats(of) : Float64Array.from(list(of), numberOf);
      case 'int32':
        return typeof of === 'string' ? integers(of) : Int32Array.from(list(of), numberOf);
      case 'number':
        return numberOf(of);
      case 'map':
        return new Map(list(of).map((entry) => pairOf(list(entry))));
      case 'object':
        return recordOf(of);
    }
  }
  return record(value);
}

const record = (value: { readonly [key: string]: Plain }): State =>
  Object.fromEntries(Object.entries(value).map(([key, of]) => [key, decoded(of)]));

function recordOf(value: Plain): State {
  if (typeof value === 'object' && value !== null && !isList(value)) return record(value);
  throw new TypeError('expected an object');
}

function pairOf([key, value]: readonly Plain[]): [string, Json] {
  if (typeof key === 'string' && value !== undefined) return [key, decoded(value)];
  throw new TypeError('expected a key and a value');
}

function list(value: Plain): readonly Plain[] {
  if (isList(value)) return value;
  throw new TypeError('expected a list of values');
}

function numberOf(value: Plain): number {
  const number = typeof value === 'string' ? WORDS.get(value) : value;
  if (typeof number === 'number') return number;
  throw new TypeError('expected a number');
}

const finite = (value: number): boolean => Number.isFinite(value) && !Object.is(value, -0);
const numberOrWord = (value: number): Plain => (finite(value) ? value : word(value));
const word = (value: number): string =>
  [...WORDS].find(([, number]) => Object.is(number, value))?.[0] ?? 'nan';

const isList = <T>(value: T | readonly T[]): value is readonly T[] => Array.isArray(value);
const isRecord = (value: Json): value is { readonly [key: string]: Json | undefined } =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

const base64 = ({ buffer, byteOffset, byteLength }: Float64Array | Int32Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64');

/** In a buffer of their own, which starts where a typed array may. */
function bytes(text: string, size: number): ArrayBuffer {
  const found = Buffer.from(text, 'base64');
  if (found.length % size !== 0) throw new TypeError(`expected numbers of ${size} bytes`);
  const own = new ArrayBuffer(found.length);
  new Uint8Array(own).set(found);
  return own;
}
const floats = (text: string): Float64Array => new Float64Array(bytes(text, 8));
const integers = (text: string): Int32Array => new Int32Array(bytes(text, 4));
