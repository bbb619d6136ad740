import { Problem } from '../../src/ports/problem.js';
import { encodingOf } from '../../src/adapters/http/encoding.js';
import { acceptOf, ARROW_STREAM, mediaOf } from '../../src/adapters/http/negotiate.js';
import { parameterised } from '../../src/adapters/http/parameters.js';
import { ZstdFrames } from '../../src/adapters/http/zstd.js';

const JSON_MEDIA = 'application/json';

describe('Accept', () => {
  test.each([
    [undefined, JSON_MEDIA],
    ['', JSON_MEDIA],
    ['*/*', JSON_MEDIA],
    ['application/*', JSON_MEDIA],
    [ARROW_STREAM, ARROW_STREAM],
    [`${ARROW_STREAM}, application/json`, ARROW_STREAM],
    [`application/json, ${ARROW_STREAM}`, JSON_MEDIA],
    [`application/json;q=0.5, ${ARROW_STREAM};q=0.6`, ARROW_STREAM],
    [`*/*, ${ARROW_STREAM}`, ARROW_STREAM],
    [`${ARROW_STREAM};q=0, */*;q=0.1`, JSON_MEDIA],
    [`application/json;q=0, application/*`, ARROW_STREAM],
    ['text/html,application/xhtml+xml,*/*;q=0.8', JSON_MEDIA],
    ['application/json; charset=utf-8', JSON_MEDIA],
    [`APPLICATION/VND.APACHE.ARROW.STREAM`, ARROW_STREAM],
    [`${ARROW_STREAM}; codecs="zstd,lz4", application/json;q=0.9`, ARROW_STREAM],
  ])('%s → %s', (header, type) => {
    expect(acceptOf(header, [JSON_MEDIA, ARROW_STREAM]).type).toBe(type);
  });

  test.each(['image/png', '*/*;q=0', 'application/json;q=0', `${JSON_MEDIA};q=x`, ',,', '"'])(
    '%s → 406',
    (header) => {
      expect(() => acceptOf(header, [JSON_MEDIA])).toThrow(Problem);
    },
  );

  test.each([
    ['', false],
    ['; codecs=lz4', true],
    ['; codecs="lz4"', true],
    ['; codecs="zstd,lz4"', true],
    ['; codecs="zstd, LZ4"; q=0.5', true],
    ['; CODECS=lz4;q=1', true],
    ['; codecs=zstd', false],
    ['; codecs=', false],
    [', application/json; codecs=lz4', false],
  ])('Arrow%s: LZ4 %s', (parameters, lz4) => {
    const { codecs } = acceptOf(`${ARROW_STREAM}${parameters}`, [JSON_MEDIA, ARROW_STREAM]);
    expect(codecs.includes('lz4')).toBe(lz4);
  });

  test('sixteen kilobytes of anything are read in no time', () => {
    const started = performance.now();
    for (const text of ['"', '\\"', ',', ';', '; a="', ' ', '"\\', ';a=" ,', '*/*,', '; =']) {
      const header = text.repeat(16_384 / text.length);
      parameterised(header);
      try {
        acceptOf(header, [JSON_MEDIA]);
        mediaOf(header);
        encodingOf(header);
      } catch (error) {
        expect(error).toBeInstanceOf(Problem);
      }
    }
    expect(performance.now() - started).toBeLessThan(250);
  });
});

describe('frames of zstd', () => {
  // magic, descriptor, block header; RFC 8878. Block header: last << 0 | type << 1 | size << 3.
  const plain = '28b52ffd';
  const frames: readonly (readonly [string, string])[] = [
    ['empty, single segment', `${plain}2000010000`],
    ['one raw block of three bytes, a checksum', `${plain}240319000061626300000000`],
    ['a window descriptor, two raw blocks', `${plain}00580800006109000062`],
    ['a repeated byte', `${plain}20094b000061`],
    ['a dictionary id of four bytes, a content size of eight', `${plain}e300000000${'00'.repeat(8)}010000`],
    ['skippable', '5f2a4d180200000061ff'],
    ['skippable and empty', '502a4d1800000000'],
  ];

  test.each(frames)('%s: the end is found, wherever it is cut', (_name, hex) => {
    const bytes = Buffer.from(hex, 'hex');
    const two = Buffer.concat([bytes, bytes]);
    for (let cut = 0; cut <= two.length; cut++) {
      const scan = new ZstdFrames();
      const pieces = [...scan.split(two.subarray(0, cut))];
      expect([hex, cut, scan.whole]).toEqual([hex, cut, cut > 0 && cut % bytes.length === 0]);
      pieces.push(...scan.split(two.subarray(cut)));
      expect(Buffer.concat(pieces)).toEqual(two);
      expect(scan.whole).toBe(true);
    }
    const whole = new ZstdFrames().split(two);
    expect(whole.map(({ length }) => length)).toEqual([bytes.length, bytes.length]);
  });

  test.each([
    ['text', '7b7d7b7d'],
    ['a reserved block type', `${plain}2000070000`],
    ['something after the end', `${plain}200001000061626364`],
  ])('%s → Problem', (_name, hex) => {
    expect(() => new ZstdFrames().split(Buffer.from(hex, 'hex'))).toThrow(
      /^expected a body compressed with zstd/u,
    );
  });
});
