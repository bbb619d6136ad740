// Prints assembly/powers.ts: node assembly/powers.mjs > assembly/powers.ts
const SMALLEST = -342;
const LARGEST = 308;
const BITS = 128n;

/** The highest 128 bits of 5^q: rounded up where 5^-q is an integer that fits into 64 bits, cut elsewhere. */
export function significand(q) {
  if (q < 0) {
    const divisor = 5n ** BigInt(-q);
    const cut = (1n << (BigInt(divisor.toString(2).length) + BITS - 1n)) / divisor;
    return q >= -27 ? cut + 1n : cut;
  }
  const power = 5n ** BigInt(q);
  const excess = BigInt(power.toString(2).length) - BITS;
  return excess > 0n ? power >> excess : power << -excess;
}

const hex = (word) => `0x${word.toString(16).padStart(16, '0')}`;

function source() {
  const powers = Array.from({ length: LARGEST - SMALLEST + 1 }, (_, i) => significand(SMALLEST + i));
  const words = powers.map((power) => `${hex(power >> 64n)}, ${hex(power & (2n ** 64n - 1n))},`);
  const lines = words.flatMap((_, i) => (i % 2 === 0 ? [`  ${words.slice(i, i + 2).join(' ')}`] : []));
  return `/** Made by assembly/powers.mjs. */

/** Exponents of the first and the last power of five of the table. */
export const SMALLEST_POWER: i32 = ${SMALLEST};
export const LARGEST_POWER: i32 = ${LARGEST};

/**
 * The highest 128 bits of 5^q for Eisel and Lemire's algorithm, 16 bytes each: high word, low word. They are cut, but
 * from 5^-27 to 5^-1 rounded up. Source: Lemire, Number Parsing at a Gigabyte per Second, 2021.
 */
// prettier-ignore
export const POWERS: usize = memory.data<u64>([
${lines.join('\n')}
]);
`;
}

if (process.argv[1]?.endsWith('powers.mjs')) process.stdout.write(source());
