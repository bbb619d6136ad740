import { excerpt, Problem } from '../../ports/problem.js';
import type { Cell } from '../../ports/tables.js';
import { codesOf, type Feature, isNumber, type NumberFeature } from '../features/column.js';
import type { Target, Task } from './estimator.js';

/** Classes up to which a column is a target of classes. */
const MOST_CLASSES = 1000;

/** What a supervised model is to learn, of all rows: none of them lacks it. Throws 422 at `pointer`. */
export function targetOf(feature: Feature, task: Task, pointer: string): Target {
  return task === 'regression' ? numbersOf(feature, pointer) : classesOf(feature, pointer);
}

function numbersOf(feature: Feature, pointer: string): Target {
  if (isNumber(feature)) return { kind: 'numbers', values: feature.values };
  const detail = `expected a target of numbers for a regression, got column ${quoted(feature)} of type ${feature.type}`;
  throw Problem.at(pointer, 'unsupported_type', detail);
}

function classesOf(feature: Feature, pointer: string): Target {
  if (isNumber(feature)) refuseContinuous(feature, pointer);
  const found = isNumber(feature) ? codesOfNumbers(feature.values) : codesOf(feature, MOST_CLASSES);
  if (found === null) {
    const detail = `expected at most ${MOST_CLASSES} classes in the target ${quoted(feature)}, got more: a regressor learns numbers`;
    throw Problem.at(pointer, 'unsupported_value', detail);
  }
  if (feature.type === 'mixed') {
    const detail = `expected a target of one type, got column ${quoted(feature)} of several`;
    throw Problem.at(pointer, 'unsupported_type', detail);
  }
  const order = [...found.texts.keys()].sort((a, b) => compare(found.texts[a]!, found.texts[b]!));
  const place = new Int32Array(order.length);
  order.forEach((code, rank) => {
    place[code] = rank;
  });
  const cellOf = (value: Cell): Cell => (feature.type === 'boolean' ? value === 1 : value);
  return {
    kind: 'classes',
    codes: found.codes.map((code) => place[code]!),
    classes: order.map((code) => cellOf(found.texts[code]!)),
  };
}

/** scikit-learn's "Unknown label type: continuous". */
function refuseContinuous(feature: NumberFeature, pointer: string): void {
  const odd = feature.values.find((value) => !Number.isInteger(value));
  if (odd === undefined) return;
  const detail = `expected classes in the target ${quoted(feature)}: text, booleans or whole numbers, got ${odd}; a regressor learns numbers`;
  throw Problem.at(pointer, 'unsupported_value', detail);
}

function codesOfNumbers(values: Float64Array): { codes: Int32Array; texts: number[] } | null {
  const places = new Map<number, number>();
  const codes = new Int32Array(values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    let code = places.get(value);
    if (code === undefined) {
      if (places.size === MOST_CLASSES) return null;
      code = places.size;
      places.set(value, code);
    }
    codes[row] = code;
  }
  return { codes, texts: [...places.keys()] };
}

/** Numbers by size, text by code points, as NumPy sorts them. */
function compare(a: Cell, b: Cell): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
}

/** A target of classes in those of another: −1 for one that is not among them. */
export function codesAmong(
  { codes, classes }: Extract<Target, { kind: 'classes' }>,
  known: readonly Cell[],
): Int32Array {
  const places = new Map(known.map((value, place) => [value, place]));
  const table = classes.map((value) => places.get(value) ?? -1);
  return codes.map((code) => table[code]!);
}

/** Of some rows; of classes only those that are among them. */
export function takeTarget(target: Target, rows: ArrayLike<number>): Target {
  if (target.kind === 'numbers')
    return { kind: 'numbers', values: Float64Array.from(rows, (row) => target.values[row]!) };
  const codes = Int32Array.from(rows, (row) => target.codes[row]!);
  const there = new Uint8Array(target.classes.length);
  for (const code of codes) there[code] = 1;
  const classes = target.classes.filter((_, code) => there[code] === 1);
  return {
    kind: 'classes',
    codes: codesAmong({ kind: 'classes', codes, classes: target.classes }, classes),
    classes,
  };
}

const quoted = ({ name }: Feature): string => JSON.stringify(excerpt(name, 60));
