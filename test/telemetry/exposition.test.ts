import { parseExposition, valueOf } from './exposition.js';

const head = '# HELP a_total Help.\n# TYPE a_total counter\n';
const histogram = (...lines: string[]): string =>
  `# HELP h Help.\n# TYPE h histogram\n${lines.map((line) => `h_${line}\n`).join('')}`;

describe('the reader of Prometheus’s text format', () => {
  test('reads samples, labels with escapes, and every number', () => {
    const text = `${head}a_total{x="a\\"b\\\\c\\nd",y=""} 1e-7\na_total{x="b",y="é{},= "} 3\na_total +Inf\n`;
    const families = parseExposition(text);
    expect(valueOf(families, 'a_total', { x: 'a"b\\c\nd', y: '' })).toBe(1e-7);
    expect(valueOf(families, 'a_total', { x: 'b', y: 'é{},= ' })).toBe(3);
    expect(valueOf(families, 'a_total')).toBe(Infinity);
  });

  test.each([
    ['no line feed at its end', `${head}a_total 1`, 'line feed'],
    ['a comment', `# EOF\n${head}a_total 1\n`, 'neither HELP nor TYPE'],
    ['a sample without its head', 'a_total 1\n', 'without HELP'],
    ['a type without help', '# TYPE a_total counter\na_total 1\n', 'no HELP'],
    ['another type', '# HELP a A.\n# TYPE a info\na 1\n', 'another type'],
    ['a family twice', `${head}a_total 1\n${head}a_total{x="1"} 1\n`, 'there before'],
    ['a series twice', `${head}a_total{x="1"} 1\na_total{x="1"} 2\n`, 'there before'],
    ['a sample of another family', `${head}b_total 1\n`, 'another family'],
    ['a label twice', `${head}a_total{x="1",x="2"} 1\n`, 'label twice'],
    ['a quote that is not escaped', `${head}a_total{x="a"b"} 1\n`, 'no label'],
    ['an escape that is none', `${head}a_total{x="a\\t"} 1\n`, 'no label'],
    ['a name with a dot', '# HELP a.b A.\n# TYPE a.b gauge\na.b 1\n', 'no name'],
    ['no number', `${head}a_total 1,5\n`, 'no number'],
    ['a timestamp', `${head}a_total 1 1395066363000\n`, 'no name of a metric'],
    ['a gauge that says it counts', '# HELP a_total A.\n# TYPE a_total gauge\na_total 1\n', '_total'],
    ['a counter below zero', `${head}a_total -1\n`, 'below zero'],
    ['no bucket +Inf', histogram('bucket{le="1"} 1', 'sum 1', 'count 1'), '+Inf'],
    ['buckets that fall', histogram('bucket{le="1"} 2', 'bucket{le="+Inf"} 1', 'sum 1', 'count 1'), 'add up'],
    [
      'another count',
      histogram('bucket{le="1"} 1', 'bucket{le="+Inf"} 2', 'sum 1', 'count 1'),
      'last bucket',
    ],
    ['no sum', histogram('bucket{le="+Inf"} 1', 'count 1'), 'not one _sum'],
  ])('refuses %s', (_name, text, why) => {
    expect(() => parseExposition(text)).toThrow(why);
  });
});
