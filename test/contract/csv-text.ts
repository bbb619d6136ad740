/** Tables drawn for the CSV laws, and an RFC 4180 writer that takes every liberty it has. */
import fc from 'fast-check';

/** Cells with the form in which each is to be written. */
export interface CsvColumn {
  readonly name: string;
  readonly type: 'number' | 'boolean' | 'string';
  readonly cells: (number | boolean | string | null)[];
  readonly forms: string[];
}

/** Choices of the writer, used one after another and over again. */
export type CsvStyle = readonly number[];

interface Written {
  readonly cell: number | boolean | string | null;
  readonly form: string;
}

const missing: fc.Arbitrary<Written> = fc.constant({ cell: null, form: '' });

const numbers = fc
  .tuple(fc.double({ noNaN: true }), fc.constantFrom('', ' ', '\t', '  '), fc.nat(3))
  .map(([cell, blanks, how]): Written => {
    // Large integers would not be the literal of their float64: String() fills them up with zeros.
    const exponential = (how === 0 || Math.abs(cell) > 2 ** 53) && Number.isFinite(cell);
    const digits = exponential ? cell.toExponential() : String(cell);
    // String() forgets the sign of zero.
    const signed = Object.is(cell, -0) ? `-${digits.replace('-', '')}` : digits;
    return { cell, form: `${blanks}${how === 1 && !signed.startsWith('-') ? '+' : ''}${signed}${blanks}` };
  });

const booleans = fc
  .constantFrom('true', 'True', 'TRUE', 'false', 'False', 'FALSE')
  .map((form): Written => ({ cell: form.toLowerCase() === 'true', form }));

const text = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1 }),
  fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', 'a', ' ', '1', '\0'), minLength: 1 }),
  fc.constantFrom('1', 'true', 'nan', '1e999', '-.5'),
);
const strings = text.map((form): Written => ({ cell: form, form }));

const kinds = { number: numbers, boolean: booleans, string: strings } as const;

const columnOf = (name: string, rows: number): fc.Arbitrary<CsvColumn> =>
  fc.constantFrom('number', 'boolean', 'string').chain((type) =>
    fc
      .array(fc.oneof({ weight: 4, arbitrary: kinds[type] }, { weight: 1, arbitrary: missing }), {
        minLength: rows,
        maxLength: rows,
      })
      .map((drawn) => {
        // A column of strings has one at least that is nothing else.
        const cells = type === 'string' ? [...drawn.slice(0, -1), { cell: 'text', form: 'text' }] : drawn;
        return { name, type, cells: cells.map(({ cell }) => cell), forms: cells.map(({ form }) => form) };
      }),
  );

export const csvTables: fc.Arbitrary<{ columns: CsvColumn[]; style: CsvStyle }> = fc
  .tuple(
    fc.uniqueArray(fc.oneof(fc.string({ unit: 'grapheme' }), text), { minLength: 1, maxLength: 5 }),
    fc.integer({ min: 1, max: 12 }),
  )
  .chain(([names, rows]) =>
    fc.record({
      columns: fc.tuple(...names.map((name) => columnOf(name, rows))),
      style: fc.array(fc.nat(11), { minLength: 1, maxLength: 50 }),
    }),
  );

/** The table as CSV: a byte order mark or none, any line endings, blank lines, quotes where they need not be, short lines. */
export function written(columns: readonly CsvColumn[], style: CsvStyle): string {
  let used = 0;
  const choose = (n: number): number => style[used++ % style.length]! % n;
  const end = (): string => ['\n', '\r\n', '\r'][choose(3)]!.repeat(1 + (choose(4) === 0 ? 1 : 0));
  const field = (form: string, alone: boolean): string => {
    const needed = /[",\n\r]/u.test(form) || (alone && form === '');
    return needed || choose(3) === 0 ? `"${form.replaceAll('"', '""')}"` : form;
  };
  const line = (forms: readonly string[]): string =>
    forms.map((form) => field(form, forms.length === 1)).join(',');
  const lines = columns[0]!.cells.map((_, row) => {
    const forms = columns.map((column) => column.forms[row]!);
    while (forms.length > 1 && forms.at(-1) === '' && choose(2) === 0) forms.pop();
    return line(forms);
  });
  const head = (choose(2) === 0 ? '\ufeff' : '') + (choose(4) === 0 ? '\n' : '');
  const rest = lines.map((text) => end() + text).join('');
  return `${head}${line(columns.map(({ name }) => name))}${rest}${choose(2) === 0 ? end() : ''}`;
}
