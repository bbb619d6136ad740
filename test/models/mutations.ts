/** States as an enemy would write them: those of a fit, with something changed. */
import fc from 'fast-check';
import type { Json } from '../../src/ports/formats.js';

/** What may stand anywhere. */
const anything: fc.Arbitrary<Json | undefined> = fc.oneof(
  fc.constantFrom<Json | undefined>(
    undefined,
    null,
    true,
    -1,
    0,
    0.5,
    1,
    2,
    7,
    1e9,
    2 ** 53,
    -1e308,
    1e308,
    NaN,
    Infinity,
    '',
    'mean',
    '__proto__',
  ),
  fc.double(),
  fc.integer({ min: -3, max: 40 }),
  fc.array(fc.oneof(fc.integer({ min: -1, max: 9 }), fc.constant(null)), { maxLength: 6 }),
  fc.constant<Json>({}),
  fc.constant<Json>(new Map()),
  fc.array(fc.integer({ min: -2, max: 9 }), { maxLength: 6 }).map((list) => Int32Array.from(list)),
  fc.array(fc.double(), { maxLength: 6 }).map((list) => Float64Array.from(list)),
);

interface Change {
  /** Which of the places there are, as a share of them. */
  readonly at: number;
  readonly how: 'replace' | 'drop' | 'repeat' | 'swap';
  readonly value: Json | undefined;
}

export const changes: fc.Arbitrary<readonly Change[]> = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    how: fc.constantFrom('replace', 'replace', 'drop', 'repeat', 'swap'),
    value: anything,
  }),
  { minLength: 1, maxLength: 3 },
);

type Path = readonly (string | number)[];

/** Places of a value, its own first: of long lists the first few. */
function pathsOf(value: Json | undefined, path: Path = []): Path[] {
  const inner: [string | number, Json | undefined][] = isTyped(value)
    ? Array.from(value.subarray(0, 4), (one, i): [number, Json] => [i, one])
    : Array.isArray(value)
      ? (value as readonly Json[]).slice(0, 6).map((one, i): [number, Json] => [i, one])
      : isRecord(value)
        ? Object.entries(value)
        : [];
  return [path, ...inner.flatMap(([key, of]) => pathsOf(of, [...path, key]))];
}

const isTyped = (value: unknown): value is Float64Array | Int32Array =>
  value instanceof Float64Array || value instanceof Int32Array;
const isRecord = (value: unknown): value is Record<string, Json | undefined> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** A copy with the changes made. */
export function changed(value: Json, list: readonly Change[]): Json | undefined {
  return list.reduce<Json | undefined>((now, change) => {
    const paths = pathsOf(now);
    return made(now, paths[Math.min(paths.length - 1, Math.floor(change.at * paths.length))]!, change);
  }, value);
}

function made(value: Json | undefined, [key, ...rest]: Path, change: Change): Json | undefined {
  if (key === undefined) return change.how === 'replace' ? change.value : value;
  const isLast = rest.length === 0;
  if (isRecord(value)) {
    const copy = { ...value };
    if (isLast && change.how === 'drop') Reflect.deleteProperty(copy, key);
    else copy[String(key)] = made(copy[String(key)], rest, change);
    return copy;
  }
  const entries: (Json | undefined)[] = Array.from(value as readonly Json[]);
  const at = Number(key);
  if (isLast && change.how === 'drop') entries.splice(at, 1);
  else if (isLast && change.how === 'repeat') entries.splice(at, 0, entries[at]);
  else if (isLast && change.how === 'swap') [entries[at], entries[0]] = [entries[0], entries[at]];
  else entries[at] = made(entries[at], rest, change);
  if (value instanceof Float64Array) return Float64Array.from(entries, Number);
  if (value instanceof Int32Array) return Int32Array.from(entries, Number);
  return entries as readonly Json[];
}

/** Whether `verify` lets it pass. Whatever else it throws fails the test. */
export function passes(verify: () => void): boolean {
  try {
    verify();
    return true;
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) {
      if (/^expected .+, got .*/su.test(error.message) && error.message.length < 300) return false;
    }
    throw error;
  }
}
