import { html } from '../../../src/adapters/html/markup.js';
import { coefficient, count, instant, number, percent, span } from '../../../src/adapters/html/numbers.js';
import { writePage } from '../../../src/adapters/html/page.js';
import { ALERTS } from '../../../src/adapters/html/words.js';
import { results } from '../../../src/domain/profile/schema.js';
import type { ColumnProfile, Profile } from '../../../src/ports/profile.js';

const FACTS = { warnings: [], engine: 'js', version: '1.2.3', requestId: 'r-1', resultSha256: 'ab' } as const;
const TEXT: ColumnProfile = {
  type: 'string',
  count: 2,
  missing: 0,
  missing_share: 0,
  n_unique: 1,
  top: [{ value: '<b>&"\'', count: 2, share: 1 }],
};

function profileOf(
  columns: readonly (readonly [string, ColumnProfile])[],
  more: Partial<Profile> = {},
): Profile {
  return {
    overview: {
      rows: 2,
      columns: columns.length,
      cells_missing: 0,
      missing_share: 0,
      duplicate_rows: 0,
      duplicate_share: 0,
      types: {},
    },
    columns: new Map(columns),
    correlations: {},
    duplicates: { rows: 0, share: 0 },
    alerts: [],
    ...more,
  };
}

describe('a page', () => {
  test('what is put into HTML is text', () => {
    expect(html`<p title="${'"><script>'}">${'a & b'}${html`<b>${'<'}</b>`}${3}${undefined}</p>`.text).toBe(
      '<p title="&quot;&gt;&lt;script&gt;">a &amp; b<b>&lt;</b>3</p>',
    );
    expect(html`<p>${'\0\x1b[31m\x7f\t\u0085'}</p>`.text).toBe('<p>\ufffd\ufffd[31m\ufffd\t\ufffd</p>');
  });

  test('names and values of clients, names as long as they like', () => {
    const page = writePage(
      profileOf([
        ['<script>alert(1)</script>', TEXT],
        ['', TEXT],
        ['n'.repeat(5000), TEXT],
      ]),
      { ...FACTS, warnings: [{ code: 'x', column: '<i>', detail: '<u>' }] },
    );
    expect(page).not.toMatch(/<script|<i>|<u>|<b>/u);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).toContain('<bdi class="blank">empty</bdi>');
    expect(page.length).toBeLessThan(40_000);
  });

  test('a thousand columns: the first two hundred, and how many more there are', () => {
    const columns = Array.from({ length: 1000 }, (_, i) => [`c${i}`, TEXT] as const);
    const alerts = columns.map(([column]) => ({
      code: 'constant' as const,
      column,
      value: 1,
      threshold: 1,
      detail: 'one value',
    }));
    const page = writePage(profileOf(columns, { alerts }), FACTS);
    expect(page.match(/<article/gu)).toHaveLength(200);
    expect(page).toContain('and 800 more columns');
    expect(page).toContain('and 800 more alerts');
    expect(page.length).toBeLessThan(1_000_000);
  });

  test('a matrix of many columns is a list of the strongest pairs', () => {
    const names = Array.from({ length: 40 }, (_, i) => `c${i}`);
    const matrix = names.map((_, i) => names.map((__, j) => (i === j ? 1 : i + j === 1 ? -0.99 : null)));
    const page = writePage(profileOf([], { correlations: { pearson: { columns: names, matrix } } }), FACTS);
    expect(page).toContain('Pearson: the strongest pairs of 40 columns');
    expect(page.indexOf('−0.99')).toBeGreaterThan(0);
  });

  test('every alert that the answer may have has a name', () => {
    const { code } = results.properties.alerts.items.properties;
    expect(Object.keys(ALERTS).sort()).toEqual([...code.enum].sort());
  });

  test.each([
    [0, '0'],
    [-1234, '−1,234'],
    [0.1 + 0.2, '0.3'],
    [1234.5678, '1,235'],
    [-0.000012345, '−1.234e−5'],
    [1e21, '1e21'],
    [999_999.5, '1,000,000'],
    [null, '–'],
  ])('the number %p is written %p', (value, text) => {
    expect(number(value)).toBe(text);
  });

  test('counts, shares, spans, instants', () => {
    expect([1, 1000, 1234567].map(count)).toEqual(['1', '1,000', '1,234,567']);
    expect([0, 0.0001, 0.5, 0.12345, 0.9999, 1].map(percent)).toEqual([
      '0 %',
      '< 0.1 %',
      '50 %',
      '12.3 %',
      '> 99.9 %',
      '100 %',
    ]);
    expect([1, 90, 7200, 86_400 * 2.5, null].map(span)).toEqual([
      '1 second',
      '1.5 minutes',
      '2 hours',
      '2.5 days',
      '–',
    ]);
    expect(instant('2024-02-29T00:00:00.000Z')).toBe('2024-02-29');
    expect(instant('2024-02-29T12:30:00.000Z')).toBe('2024-02-29 12:30:00');
    expect(coefficient(-0.456)).toBe('−0.46');
  });
});
