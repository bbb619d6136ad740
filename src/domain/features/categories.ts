import { Problem } from '../../ports/problem.js';
import { codesOf as codesOfText, type Feature, isNumber, type Present } from './column.js';
import { type FeatureTools, quoted } from './transformer.js';

/** A value of a categorical column; null: missing. */
export type Category = string | number | boolean | null;

/** A code for every row into the different values, in first-seen order; −1 where missing. */
interface Codes {
  readonly codes: Int32Array;
  readonly values: readonly Present[];
}

/** Different values that a column is coded with at most. */
const MOST_VALUES = 10_000_000;

/** What `fit` found is at hand for `transform`. */
const known = new WeakMap<Feature, Codes>();

function codesOf(feature: Feature): Codes {
  const codes = known.get(feature) ?? (isNumber(feature) ? numberCodes(feature) : textCodes(feature));
  if (codes === null) {
    const detail = `expected at most ${MOST_VALUES} different values to encode, got more in column ${quoted(feature.name)}`;
    throw new Problem('out_of_memory', detail);
  }
  known.set(feature, codes);
  return codes;
}

function textCodes(feature: Exclude<Feature, { values: unknown }>): Codes | null {
  const coded = codesOfText(feature, MOST_VALUES);
  return coded === null ? null : { codes: coded.codes, values: coded.texts };
}

function numberCodes({ values, type }: Extract<Feature, { values: unknown }>): Codes | null {
  const places = new Map<number, number>();
  const found: number[] = [];
  const codes = new Int32Array(values.length);
  let [last, lastCode] = [NaN, -1];
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    if (value !== value) {
      codes[row] = -1;
      continue;
    }
    if (value !== last) {
      last = value;
      lastCode = places.get(value) ?? -1;
      if (lastCode < 0) {
        if (found.length === MOST_VALUES) return null;
        lastCode = found.length;
        places.set(value, lastCode);
        found.push(value + 0);
      }
    }
    codes[row] = lastCode;
  }
  return { codes, values: type === 'boolean' ? found.map((value) => value === 1) : found };
}

/** How many different values a column has. */
export const differentIn = (feature: Feature): number => codesOf(feature).values.length;

/** The categories of a column as scikit-learn sorts them, missing values last, and how often each is there. */
export function categoriesOf(feature: Feature): { categories: Category[]; counts: number[] } {
  const { codes, values } = codesOf(feature);
  const counts = new Float64Array(values.length + 1);
  for (let row = 0; row < codes.length; row++) counts[codes[row]! + 1]!++;
  const order = inOrder(values);
  const missing = counts[0]! > 0;
  return {
    categories: [...order.map((code) => values[code]!), ...(missing ? [null] : [])],
    counts: [...order.map((code) => counts[code + 1]!), ...(missing ? [counts[0]!] : [])],
  };
}

/** Place of each row's value among `categories`, −1 for one that is not there. */
export function encode(feature: Feature, categories: readonly Category[]): Int32Array {
  const { codes, values } = codesOf(feature);
  const places = new Map(categories.map((category, place) => [category, place]));
  const table = new Int32Array(values.length + 1);
  table[0] = places.get(null) ?? -1;
  values.forEach((value, code) => {
    table[code + 1] = places.get(value) ?? -1;
  });
  const out = new Int32Array(codes.length);
  for (let row = 0; row < codes.length; row++) out[row] = table[codes[row]! + 1]!;
  return out;
}

/** Numbers by value, false before true, text by code points as Python compares it. */
function inOrder(values: readonly Present[]): number[] {
  const places = [...values.keys()];
  if (typeof values[0] !== 'string') return places.sort((a, b) => Number(values[a]) - Number(values[b]));
  const texts = values.map(String);
  if (texts.some((text) => BEYOND.test(text)))
    return places.sort((a, b) => compareText(texts[a]!, texts[b]!));
  return places.sort((a, b) => (texts[a]! < texts[b]! ? -1 : 1));
}

/** From here on the order of UTF-16 is not that of code points. */
const BEYOND = /[\ud800-\uffff]/;

/** UTF-16 puts surrogates, which stand for code points beyond all others, before U+E000 to U+FFFF. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    const [highX, highY] = [x >= 0xd800 && x < 0xe000, y >= 0xd800 && y < 0xe000];
    return highX === highY ? x - y : highX ? 1 : -1;
  }
  return a.length - b.length;
}

/** Throws 422 for a column that mixes types. */
export function refuseMixed(name: string, columns: readonly Feature[], tools: FeatureTools): void {
  const mixed = columns.find(({ type }) => type === 'mixed');
  if (mixed === undefined) return;
  const detail = `expected columns of one type for ${name}, got column ${quoted(mixed.name)} with values of several`;
  throw Problem.at(tools.pointer('columns'), 'unsupported_type', detail);
}

/**
 * The categories that are grouped as infrequent, by their places, ascending; null where none is.
 * `min_frequency`: a count, or below 1 a share of the rows. Source: scikit-learn's `_identify_infrequent`.
 */
export function infrequentOf(
  counts: readonly number[],
  rows: number,
  { min_frequency, max_categories }: Grouping,
): number[] | null {
  const least = min_frequency ?? 0;
  const bound = least > 0 && least < 1 ? rows * least : least;
  const rare = counts.map((count) => count < bound);
  const groups = counts.length - rare.filter(Boolean).length + 1;
  if (max_categories !== null && max_categories < groups) {
    const order = counts.map((_, place) => place).sort((a, b) => counts[a]! - counts[b]! || a - b);
    for (const place of order.slice(0, Math.max(0, counts.length - (max_categories - 1)))) rare[place] = true;
  }
  const places = rare.flatMap((is, place) => (is ? [place] : []));
  return places.length === 0 ? null : places;
}

export interface Grouping {
  readonly min_frequency: number | null;
  readonly max_categories: number | null;
}

/** Group of each category: the frequent ones in order, then one for all that are infrequent. */
export function groupsOf(size: number, infrequent: readonly number[] | null): Int32Array {
  const rare = new Set(infrequent ?? []);
  let next = 0;
  const last = size - rare.size;
  return Int32Array.from({ length: size }, (_, place) => (rare.has(place) ? last : next++));
}

/** Parameters that both encoders have. */
export const grouping = {
  min_frequency: {
    description: 'Rarer categories are grouped as infrequent: a count, or below 1 a share of the rows.',
    type: ['number', 'null'],
    exclusiveMinimum: 0,
    default: null,
  },
  max_categories: {
    description: 'Columns or codes of a feature at most, the infrequent group included.',
    type: ['integer', 'null'],
    minimum: 1,
    default: null,
  },
} as const;
