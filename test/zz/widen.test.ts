/** Every storage as float64, exactly; what float64 cannot hold is counted. */
import fc from 'fast-check';
import { NUMBER_STORAGE, type NumberStorage } from '../../src/ports/engine.js';
import { describeEngines, type UnderTest } from './engines.js';

type Source = Parameters<UnderTest['engine']['widen']>[0];

const source = (storage: NumberStorage, view: ArrayBufferView, more: Partial<Source> = {}): Source => ({
  storage,
  bytes: new Uint8Array(view.buffer, view.byteOffset, view.byteLength),
  validity: null,
  bitOffset: 0,
  length: storage === 'bit' ? view.byteLength * 8 : view.byteLength / WIDTHS[storage],
  ...more,
});

const WIDTHS: Record<Exclude<NumberStorage, 'bit'>, number> = {
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float16: 2,
  float32: 4,
};

const bitmap = (bits: readonly boolean[], offset: number): Uint8Array => {
  const bytes = new Uint8Array(Math.ceil((offset + bits.length) / 8)).fill(0xa5);
  bits.forEach((bit, i) => {
    const mask = 1 << ((offset + i) & 7);
    if (bit) bytes[(offset + i) >> 3]! |= mask;
    else bytes[(offset + i) >> 3]! &= ~mask;
  });
  return bytes;
};

/** binary16 by way of the bits of binary32. */
function half(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return (bits & 0x8000 ? -1 : 1) * (fraction / 2 ** 24);
  const wide = ((bits & 0x8000) << 16) | ((exponent === 31 ? 255 : exponent + 112) << 23) | (fraction << 13);
  return new Float32Array(Int32Array.of(wide).buffer)[0]!;
}

describeEngines((under) => {
  const widen = (...given: Parameters<typeof source>): { values: number[]; inexact: number } => {
    const { values, inexact } = under().engine.widen(source(...given));
    return { values: Array.from(values), inexact };
  };

  test.each([
    ['int8', Int8Array.of(-128, -1, 0, 1, 127)],
    ['uint8', Uint8Array.of(0, 1, 128, 255)],
    ['int16', Int16Array.of(-32768, -1, 0, 32767)],
    ['uint16', Uint16Array.of(0, 32768, 65535)],
    ['int32', Int32Array.of(-(2 ** 31), -1, 0, 2 ** 31 - 1)],
    ['uint32', Uint32Array.of(0, 2 ** 31, 2 ** 32 - 1)],
    ['float32', Float32Array.of(0, -0, 1.5, -3.4028234663852886e38, 1e-45, Infinity, -Infinity, NaN, 0.1)],
  ] as const)('%s', (storage, numbers) => {
    expect(widen(storage, numbers)).toEqual({ values: Array.from(numbers), inexact: 0 });
    // A view that begins in the middle of a word.
    const shifted = new Uint8Array(numbers.byteLength + 1);
    shifted.set(new Uint8Array(numbers.buffer), 1);
    expect(widen(storage, shifted.subarray(1))).toEqual({ values: Array.from(numbers), inexact: 0 });
  });

  test('float16, its landmarks', () => {
    const bits = [
      0x0000, 0x8000, 0x0001, 0x83ff, 0x0400, 0x3555, 0x3c00, 0xc000, 0x7bff, 0x7c00, 0xfc00, 0x7e01,
    ];
    const values = [0, -0, 2 ** -24, -1023 * 2 ** -24, 2 ** -14, 0.333251953125, 1, -2, 65504];
    expect(widen('float16', Uint16Array.from(bits)).values).toEqual([...values, Infinity, -Infinity, NaN]);
  });

  test('float16, all of it', () => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const { values } = widen('float16', bits);
    const wrong = values.findIndex((value, i) => !Object.is(value, half(i)));
    expect(wrong).toBe(-1);
  });

  test('int64: rounded to nearest, counted where float64 has no such number', () => {
    const numbers = [
      0n,
      -1n,
      2n ** 53n,
      2n ** 53n + 1n,
      -(2n ** 53n) - 1n,
      2n ** 53n + 2n,
      2n ** 63n - 1n,
      -(2n ** 63n),
    ];
    expect(widen('int64', BigInt64Array.from(numbers))).toEqual({ values: numbers.map(Number), inexact: 3 });
  });

  test('uint64: rounded to nearest, counted where float64 has no such number', () => {
    const numbers = [0n, 2n ** 63n, 2n ** 63n + 1n, 2n ** 64n - 1n, 2n ** 64n - 2048n, 2n ** 53n + 3n];
    expect(widen('uint64', BigUint64Array.from(numbers))).toEqual({
      values: numbers.map(Number),
      inexact: 3,
    });
  });

  test.each([
    ['int64', BigInt64Array, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
    ['uint64', BigUint64Array, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })],
  ] as const)('%s: missing ones are not counted, wherever the bitmap begins', (storage, array, value) => {
    // Shifted down by any number of bits, so that exact ones come as often.
    const integer = fc.tuple(value, fc.bigInt({ min: 0n, max: 63n })).map(([x, shift]) => x >> shift);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(integer, fc.boolean()), { maxLength: 70 }),
        fc.nat(20),
        (cells, bitOffset) => {
          const numbers = cells.map(([x]) => x);
          const valid = cells.map(([, bit]) => bit);
          const lost = cells.filter(([x, bit]) => bit && BigInt(Number(x)) !== x).length;
          const validity = bitmap(valid, bitOffset);
          const got = widen(storage, array.from(numbers), { validity, bitOffset });
          expect(got).toEqual({ values: numbers.map(Number), inexact: lost });
        },
      ),
    );
  });

  test('bits from any offset', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 100 }), fc.nat(70), (bits, bitOffset) => {
        const given = { bitOffset, length: bits.length, validity: bitmap(bits, bitOffset) };
        expect(widen('bit', bitmap(bits, bitOffset), given)).toEqual({
          values: bits.map(Number),
          inexact: 0,
        });
      }),
    );
  });

  test.each(NUMBER_STORAGE)('%s: no rows', (storage) => {
    expect(widen(storage, new Uint8Array(0))).toEqual({ values: [], inexact: 0 });
  });

  test('the values stay when the next column is widened', () => {
    const first = under().engine.widen(source('int8', Int8Array.of(1, 2, 3)));
    const second = under().engine.widen(source('int8', Int8Array.of(4, 5, 6)));
    expect(Array.from(first.values)).toEqual([1, 2, 3]);
    expect(Array.from(second.values)).toEqual([4, 5, 6]);
  });
});
