/** Decimal literals as float64: every bit as JavaScript's own reading has it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { differences, literalSource, openDecimal } from './literals.js';

const root = join(__dirname, '..', '..');

describe.each(['release', 'debug'] as const)('%s', (build) => {
  const read = openDecimal(build);

  test('literals of every kind, hard ones too', () => {
    const draw = literalSource(build === 'release' ? 1 : 2);
    for (let batch = 0; batch < (build === 'release' ? 25 : 5); batch++) {
      expect(differences(read, draw(10_000))).toEqual({ wrong: 0, first: null });
    }
  });

  test('landmarks', () => {
    const literals = [
      '0',
      '-0',
      '0.0',
      '-0e5',
      '0e999999',
      '0e-999999',
      `0.${'0'.repeat(5000)}`,
      '1e999999999999',
      '-1e999999999999',
      '1e-999999999999',
      `1e${'9'.repeat(5000)}`,
      `0.${'0'.repeat(5000)}1e5001`,
      `0.${'0'.repeat(5000)}123456789012345678901e5001`,
      `1${'0'.repeat(5000)}e-5000`,
      '9'.repeat(5000),
      `${'9'.repeat(5000)}e-5000`,
      `${'123456789'.repeat(600)}.5e-5399`,
      '1e308',
      '1e309',
      '1.7976931348623157e308',
      '1.7976931348623158e308',
      '1.7976931348623159e308',
      // Half-way between the largest float64 and what would follow it, and just below.
      '179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880',
      '179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042879',
      '4.9406564584124654e-324',
      '2.4703282292062328e-324',
      '2.4703282292062327e-324',
      '2.2250738585072011e-308',
      '2.2250738585072014e-308',
      '2.225073858507201136057409796709131975934819546351645648023426109724822222021076945516529523908135087914149158913039621106870086438694594645527657207407820621743379988141063267329253552286881372149012981122451451889849057222307285255133155755015914397476397983411801999323962548289017107081850690630666655994938275772572015763062690663332647565300009245888316433037779791869612049497390377829704905051080609940730262937128958950003583799967207254304360284078895771796150945516748243471030702609144621572289880258182545180325707018860872113128079512233426288368622321503775666622503982534335974568884423900265498198385487948292206894721689831099698365846814022854243330660339850886445804001034933970427567186443383770486037861622771738545623065874679014086723327636718749999e-308',
      '9007199254740993',
      '9007199254740993.0000000000000000000000000000000000000001',
      '9007199254740992.9999999999999999999999999999999999999999',
      '9007199254740995',
      '18446744073709551615',
      '18446744073709551616',
      '1180591620717411303424',
      '1180591620717411303425',
      `${2n ** 1023n}`,
      `${2n ** 1023n + 1n}`,
      `${2n ** 1023n + 2n ** 971n}`,
      '9223372036854775808',
      '9999999999999999999',
      '0.1234567890123456',
    ];
    expect(differences(read, literals)).toEqual({ wrong: 0, first: null });
  });

  const JSON_NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/u;
  const LENIENT = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/u;

  test.each([
    ['JSON', JSON_NUMBER, false],
    ['lenient', LENIENT, true],
  ] as const)('%s: reads a text to its end exactly when the grammar has it', (_, grammar, lenient) => {
    const character = fc.constantFrom(
      ...Array.from('000123456789..eE+-'),
      ' ',
      '\0',
      ',',
      'x',
      '/',
      ':',
      'é',
    );
    const texts = fc.array(
      fc.string({ unit: character, maxLength: 24 }).filter((text) => text !== ''),
      { minLength: 1, maxLength: 200 },
    );
    fc.assert(
      fc.property(texts, (drawn) => {
        const readings = read(drawn, lenient);
        drawn.forEach((text, i) => {
          const { length, value } = readings[i]!;
          expect({ text, whole: length === text.length }).toEqual({ text, whole: grammar.test(text) });
          if (length > 0) {
            const read = text.slice(0, length);
            expect({ text, read: grammar.test(read), value }).toEqual({
              text,
              read: true,
              value: Number(read),
            });
          }
        });
      }),
    );
  });

  test.each([
    '',
    '-',
    '+1',
    '.5',
    '-.5',
    '1.',
    '1.e5',
    '1e',
    '1e+',
    '01',
    '-01',
    '00',
    'Infinity',
    'NaN',
    'x',
  ])('no JSON number: "%s"', (text) => {
    expect(read([text], false)).toEqual([{ value: 0, length: 0, inexact: false }]);
  });

  test.each([
    ['+1', 1],
    ['.5', 0.5],
    ['-.5e1', -5],
    ['2.', 2],
    ['+2.e-1', 0.2],
    ['007', 7],
    [`${'0'.repeat(40)}9007199254740993`, 9007199254740992],
    [`${'0'.repeat(40)}.5`, 0.5],
  ])('lenient: "%s"', (text, value) => {
    expect(read([text], true)).toEqual([{ value, length: text.length, inexact: value > 2 ** 52 }]);
  });

  test.each(['', '+', '.', '-.', '.e1', '1e', '+-1', 'inf', 'nan'])('no lenient number: "%s"', (text) => {
    expect(read([text], true)).toEqual([{ value: 0, length: 0, inexact: false }]);
  });

  test('the longest tie, 768 digits, and a digit far behind it', () => {
    const tie = `${2n ** 54n - 1n}`;
    const digits = String(BigInt(tie) * 5n ** 1075n);
    const literals = [
      `${digits}e-1075`,
      `${digits}${'0'.repeat(2000)}1e-3076`,
      `${BigInt(digits) - 1n}${'9'.repeat(2000)}e-3075`,
    ];
    expect(digits.length).toBe(768);
    expect(differences(read, literals)).toEqual({ wrong: 0, first: null });
  });
});

describe('the table of powers of five', () => {
  const source = readFileSync(join(root, 'assembly', 'powers.ts'), 'utf8');
  const words = Array.from(source.matchAll(/0x([0-9a-f]{16})/gu), ([word]) => BigInt(word));
  const powers = Array.from({ length: words.length / 2 }, (_, i) => ({
    q: i - 342,
    significand: (words[2 * i]! << 64n) | words[2 * i + 1]!,
  }));

  test('is what its script prints', () => {
    const printed = execFileSync(process.execPath, [join(root, 'assembly', 'powers.mjs')], {
      encoding: 'utf8',
    });
    expect(source).toBe(printed);
  });

  test('has the highest 128 bits of each', () => {
    expect(powers).toHaveLength(651);
    const wrong = powers.filter(({ q, significand }) => {
      if (significand >> 127n !== 1n) return true;
      const five = 5n ** BigInt(Math.abs(q));
      const bits = BigInt(five.toString(2).length);
      if (q >= 0)
        return bits <= 128n ? significand !== five << (128n - bits) : significand !== five >> (bits - 128n);
      // 2^(127 + bits) / 5^-q, rounded up where 5^-q has at most 64 bits.
      const product = significand * five;
      const one = 1n << (127n + bits);
      const [low, high] = q >= -27 ? [product - five, product] : [product, product + five];
      return !(low <= one && one < high + (q >= -27 ? 1n : 0n));
    });
    expect(wrong).toEqual([]);
  });
});
