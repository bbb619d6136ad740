/** Changes to bytes that a decoder should survive. */
import type { Random } from './random.js';

const TOKENS = [
  ...[
    '{',
    '}',
    '[',
    ']',
    '"',
    ',',
    ':',
    '\n',
    '\r',
    '\\',
    '\\u',
    '\\ud800',
    '\\u0000',
    'NaN',
    'Infinity',
    '1e999',
  ],
  ...[
    '-',
    '0',
    '00',
    '1e',
    '.',
    '9'.repeat(400),
    'null',
    'true',
    '"__proto__":',
    '"data"',
    '"columns"',
    '"options"',
  ],
  ...[
    '\u0000',
    '\ufeff',
    '""',
    ' ',
    '\t',
    '[['.repeat(40),
    '{"a":'.repeat(40),
    'ARROW1',
    'PAR1',
    '--',
    '\r\n\r\n',
  ],
];
const INTEGERS = [
  0n,
  1n,
  -1n,
  -5n,
  4n,
  7n,
  8n,
  127n,
  255n,
  65535n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 40n,
  2n ** 62n,
  -(2n ** 63n),
];

type Mutation = (bytes: Buffer, random: Random) => Buffer;

const spliced = (bytes: Buffer, at: number, remove: number, insert: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);

const MUTATIONS: readonly Mutation[] = [
  (bytes, random) => {
    for (let i = random.size(8); i > 0; i--) bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
    return bytes;
  },
  (bytes, random) => {
    bytes[random.below(bytes.length)] = random.pick([0, 1, 127, 128, 255, random.below(256)]);
    return bytes;
  },
  (bytes, random) => {
    const value = BigInt.asUintN(64, random.pick(INTEGERS));
    const width = random.pick([2, 4, 4, 8, 8]);
    if (bytes.length < 8) return bytes;
    const free = random.below(bytes.length - 7);
    const at = random.oneIn(3) ? free : free - (free % width);
    const word = Buffer.alloc(8);
    word.writeBigUInt64LE(value);
    word.copy(bytes, at, 0, width);
    return bytes;
  },
  (bytes, random) => bytes.subarray(0, random.below(bytes.length)),
  (bytes, random) => Buffer.concat([bytes, Buffer.from(random.pick(TOKENS))]),
  (bytes, random) => Buffer.concat([bytes, bytes]).subarray(0, bytes.length + random.below(bytes.length)),
  (bytes, random) => spliced(bytes, random.below(bytes.length), random.size(64), Buffer.alloc(0)),
  (bytes, random) =>
    spliced(bytes, random.below(bytes.length), random.oneIn(2) ? 0 : 1, Buffer.from(random.pick(TOKENS))),
  (bytes, random) => spliced(bytes, random.below(bytes.length), 0, Buffer.from(random.pick(TOKENS))),
  (bytes, random) => {
    const from = random.below(bytes.length);
    const part = bytes.subarray(from, from + random.size(256));
    return spliced(bytes, random.below(bytes.length), random.oneIn(2) ? part.length : 0, Buffer.from(part));
  },
  (bytes, random) => {
    const at = random.below(bytes.length);
    return spliced(
      bytes,
      at,
      0,
      Buffer.alloc(random.size(4096), random.pick([0, 0x20, 0x22, 0x2c, 0x5b, 0x7b, 0xff])),
    );
  },
];

/** `bytes` with one to a few changes; `bytes` itself is left alone. */
export function mutate(bytes: Buffer, random: Random): Buffer {
  let changed: Buffer = Buffer.from(bytes);
  for (let i = random.size(5); i > 0 && changed.length > 0; i--)
    changed = random.pick(MUTATIONS)(changed, random);
  return changed;
}
