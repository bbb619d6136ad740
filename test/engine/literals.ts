/** Decimal literals that are hard to round, drawn with a seed; and a reader of them over the compiled kernels. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { instantiateSync } from '@assemblyscript/loader';
import { mulberry32 } from '../../bench/data.js';

/** What was read of a literal: `length` 0 says none, `inexact` that it is an integer that float64 cannot hold. */
export interface Reading {
  readonly value: number;
  readonly length: number;
  readonly inexact: boolean;
}

export type ReadLiterals = (literals: readonly string[], lenient: boolean) => Reading[];

interface DecimalExports {
  decimal_lines(source: number, length: number, lenient: boolean, out: number): number;
}

/** Reads through `decimal_lines` of a build. */
export function openDecimal(build: 'release' | 'debug'): ReadLiterals {
  const file = join(__dirname, '..', '..', 'dist', 'wasm', `${build}.wasm`);
  const memory = new WebAssembly.Memory({ initial: 1024, maximum: 65536, shared: true });
  const module = new WebAssembly.Module(readFileSync(file));
  const { exports } = instantiateSync<DecimalExports & Record<string, unknown>>(module, { env: { memory } });
  const base = 2 ** 20;
  return (literals, lenient) => {
    // A literal may hold any byte but a newline.
    const text = Buffer.from(literals.map((literal) => `${literal}\n`).join(''), 'latin1');
    const out = base + Math.ceil((text.length + 64) / 8) * 8;
    const missing = out + 16 * literals.length - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / 65536));
    const view = new Uint8Array(memory.buffer);
    view.set(text, base);
    view.fill(0, base + text.length, out);
    const count = exports.decimal_lines(base, text.length, lenient, out);
    if (count !== literals.length) throw new Error(`expected ${literals.length} lines, got ${count}`);
    const results = new DataView(memory.buffer, out);
    return literals.map((_, i) => ({
      value: results.getFloat64(16 * i, true),
      length: results.getUint32(16 * i + 8, true),
      inexact: results.getUint32(16 * i + 12, true) === 1,
    }));
  };
}

/**
 * How many literals are not read as JavaScript reads them (same bits, whole literal, integers that lose digits known),
 * and the first of them.
 */
export function differences(
  read: ReadLiterals,
  literals: readonly string[],
): { wrong: number; first: unknown } {
  let wrong = 0;
  let first: unknown = null;
  read(literals, false).forEach((reading, i) => {
    const literal = literals[i]!;
    const value = Number(literal);
    const integer = /^-?\d+$/u.test(literal);
    const inexact =
      integer &&
      !(Number.isFinite(value) && (Number.isSafeInteger(value) || BigInt(literal) === BigInt(value)));
    if (Object.is(reading.value, value) && reading.length === literal.length && reading.inexact === inexact) {
      return;
    }
    if (wrong++ === 0) first = { literal, expected: { value, length: literal.length, inexact }, reading };
  });
  return { wrong, first };
}

/** Seeded source of literals of every kind, as many as asked. */
export function literalSource(seed: number): (count: number) => string[] {
  const next = mulberry32(seed);
  const below = (n: number): number => Math.floor(next() * n);
  const view = new DataView(new ArrayBuffer(8));
  const finite = (): number => {
    for (;;) {
      view.setUint32(0, below(2 ** 32));
      view.setUint32(4, below(2 ** 32));
      const value = view.getFloat64(0);
      if (Number.isFinite(value)) return value;
    }
  };
  const subnormal = (): number => {
    view.setUint32(0, below(2) * 2 ** 31 + (below(4) === 0 ? below(2 ** 20) : below(4)));
    view.setUint32(4, below(2 ** 32));
    return view.getFloat64(0);
  };
  const digits = (count: number): string => {
    let text = String(1 + below(9));
    while (text.length < count) text += String(below(10));
    return text;
  };
  const sign = (): string => (below(4) === 0 ? '-' : '');
  const moved = (text: string): string => {
    const point = 1 + below(text.length);
    return point === text.length ? text : `${text.slice(0, point)}.${text.slice(point)}`;
  };

  const kinds: readonly (() => string)[] = [
    () => String(finite()),
    () => finite().toExponential(16),
    () => finite().toPrecision(20 + below(21)),
    () => next().toString(),
    () => (next() * 2000 - 1000).toPrecision(1 + below(21)),
    () => `${sign()}${below(1e6)}.${String(below(1e4)).padStart(below(8), '0')}`,
    () => sign() + midpoint(Math.abs(below(4) === 0 ? subnormal() : finite()), below, 0),
    () => sign() + midpoint(Math.abs(below(4) === 0 ? subnormal() : finite()), below, 1),
    () => sign() + midpoint(Math.abs(finite()), below, -1),
    () => sign() + midpoint(10 ** below(23) * (1 + below(1e6)), below, below(3) - 1),
    () => `${sign()}${moved(digits(17 + below(24)))}e${below(640) - 330}`,
    () => `${sign()}${moved(digits(1 + below(19)))}e${below(50) - 25}`,
    () => subnormal().toPrecision(17 + below(24)),
    () => `${sign()}${moved(digits(1 + below(25)))}e${['', '-', '+'][below(3)]!}${digits(1 + below(9))}`,
    () => String((2n ** BigInt(53 + below(12)) + BigInt(below(4097)) - 2048n) * (below(4) === 0 ? -1n : 1n)),
    () => String(BigInt(below(2 ** 21)) << BigInt(44 + below(90))),
    () => String(10n ** BigInt(below(40)) + BigInt(below(5)) - 2n),
    () => `${sign()}1${'0'.repeat(below(40))}.${'0'.repeat(below(40))}${below(2)}`,
    () => `${sign()}0.${'0'.repeat(below(60))}${digits(1 + below(30))}e${below(300) - 100}`,
    () => sign() + digits(1 + below(25)),
  ];
  return (count) => Array.from({ length: count }, (_, i) => kinds[i % kinds.length]!());
}

/** The number half-way between `value` ≥ 0 and the next float64, written out, or one beside it in its last digit. */
export function midpoint(value: number, below: (n: number) => number, step: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const biased = Number(bits >> 52n);
  const fraction = bits & (2n ** 52n - 1n);
  const doubled = 2n * (biased === 0 ? fraction : fraction + 2n ** 52n) + 1n;
  const exponent = Math.max(biased, 1) - 1076;
  const places = Math.max(0, -exponent);
  const exact = exponent >= 0 ? doubled << BigInt(exponent) : doubled * 5n ** BigInt(places);
  // Below the last digit, so that the integer keeps its parity: further digits, mostly zeros.
  const further = [0, 0, 1, 5, 25, 400][below(6)]!;
  const scaled = exact * 10n ** BigInt(further) + BigInt(step);
  const text = String(scaled);
  const point = places + further;
  if (below(2) === 0) return `${text}e-${point}`;
  if (point === 0) return text;
  const padded = text.padStart(point + 1, '0');
  return `${padded.slice(0, -point)}.${padded.slice(-point)}`;
}
