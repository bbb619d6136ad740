/** Bits of a bitmap from its start, the least significant of a byte first. */

/** How many of the first `length` bits are 1. */
export function countOnes(bitmap: Uint8Array, length: number): number {
  const bytes = length >> 3;
  const words = bitmap.byteOffset % 4 === 0 ? bytes >> 2 : 0;
  const ints = new Int32Array(bitmap.buffer, words === 0 ? 0 : bitmap.byteOffset, words);
  let ones = 0;
  for (let i = 0; i < words; i++) ones += onesOf(ints[i]!);
  for (let i = words * 4; i < bytes; i++) ones += onesOf(bitmap[i]!);
  if (length % 8 !== 0) ones += onesOf(bitmap[bytes]! & ((1 << (length % 8)) - 1));
  return ones;
}

/** Hacker's Delight, 5-1. */
function onesOf(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Whether row `row` is valid; no bitmap: every row is. */
export function isValid(validity: Uint8Array | null, row: number): boolean {
  return validity === null || ((validity[row >> 3]! >> (row & 7)) & 1) === 1;
}
