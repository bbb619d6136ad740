/** Rows by the values of a column: codes, order of the keys, segments. */
import fc from 'fast-check';
import { type Grouping, groupRows, splitNumbers } from '../../src/domain/grouping.js';
import { Notes } from '../../src/domain/notes.js';
import { Problem } from '../../src/ports/problem.js';
import type { Space } from '../../src/ports/space.js';
import { type Cell, type Column, numericCells } from '../../src/ports/tables.js';
import { anyRows, batchesOf, column, type Row } from '../contract/columns.js';

const space: Space = {
  float64: (length) => new Float64Array(length),
  bytes: (length) => new Uint8Array(length),
  scratch: (use) => use(),
};

function textColumn(type: 'string' | 'timestamp' | 'mixed', cells: readonly Cell[]): Column {
  return { name: 'key', type, missing: cells.filter((cell) => cell === null).length, cells: () => cells };
}

function numberColumn(rows: readonly Row[], type: 'number' | 'boolean' = 'number'): Column {
  const numbers = column(rows);
  return { name: 'key', type, numbers, inexact: 0, cells: () => numericCells(type, numbers) };
}

function grouped(key: Column, rows: number, most?: number): Grouping & { warnings: unknown[] } {
  const notes = new Notes();
  const table = { rows, names: ['key'], column: () => key };
  return { ...groupRows(table, 'key', '/options/groupby', space, notes, most), warnings: notes.warnings() };
}

const refusal = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return error instanceof Problem ? [error.faults[0]?.pointer, error.code] : error;
  }
  return undefined;
};

describe('groups of rows', () => {
  test('numbers in order, zeros of both signs one key, missing in none', () => {
    const { labels, codes, sizes, warnings } = grouped(
      numberColumn([10, -0, null, 9, 0, Infinity, 1.5, 10, -Infinity]),
      9,
    );
    expect(labels).toEqual(['-inf', '0', '1.5', '9', '10', 'inf']);
    expect([...codes]).toEqual([4, 1, -1, 3, 1, 5, 2, 4, 0]);
    expect([...sizes]).toEqual([1, 2, 1, 1, 2, 1]);
    expect(warnings).toEqual([
      { code: 'rows_dropped', column: 'key', detail: '1 rows without a key left out of the groups' },
    ]);
  });

  test('booleans: false before true', () => {
    expect(grouped(numberColumn([1, 0, 1], 'boolean'), 3).labels).toEqual(['false', 'true']);
  });

  test('strings in the order of code points, not of UTF-16', () => {
    const cells = ['\u{1f600}', '\uff5e', 'b', 'a', 'B', '', 'ab', '\u{1f600}'];
    const { labels, codes } = grouped(textColumn('string', cells), cells.length);
    expect(labels).toEqual(['', 'B', 'a', 'ab', 'b', '\uff5e', '\u{1f600}']);
    expect([...codes].map((code) => labels[code])).toEqual(cells);
  });

  test('a dictionary gives what its cells give', () => {
    const cells = ['x', null, 'c', 'x', 'm'];
    const texts = ['x', 'c', 'lost', 'm'];
    const places = Int32Array.of(0, -1, 1, 0, 3);
    const plain = textColumn('string', cells);
    const dictionary = {
      counts: () => Uint32Array.of(2, 1, 0, 1),
      places: () => places,
      text: (place: number) => texts[place]!,
    };
    expect(grouped({ ...plain, type: 'string', missing: 1, dictionary }, 5)).toEqual(grouped(plain, 5));
  });

  test('instants in the order of time', () => {
    const inOrder = [
      '-9000000000000000000000 ns',
      '-000044-03-15T12:00:00.000Z',
      '2024-02-29T12:00:00.000Z',
      '2024-02-29T12:00:00.123Z',
      '2024-02-29T12:00:00.123456Z',
      '2024-02-29T12:00:00.123456789Z',
      '2024-02-29T12:00:00.124Z',
      '+012024-02-29T12:00:00.000Z',
    ];
    const shuffled = [5, 2, 7, 0, 4, 1, 6, 3].map((i) => inOrder[i]!);
    expect(grouped(textColumn('timestamp', shuffled), 8).labels).toEqual(inOrder);
  });

  test('a key without a single value makes no groups; values of several types are refused', () => {
    const { labels, codes } = grouped(textColumn('mixed', [null, null]), 2);
    expect([labels, [...codes]]).toEqual([[], [-1, -1]]);
    expect(refusal(() => grouped(textColumn('mixed', [1, 'a']), 2))).toEqual([
      '/options/groupby',
      'unsupported_type',
    ]);
  });

  test('more groups than there may be are refused', () => {
    const key = numberColumn([1, 2, 3, 1]);
    expect(grouped(key, 4, 3).labels).toHaveLength(3);
    expect(refusal(() => grouped(key, 4, 2))).toEqual(['/options/groupby', 'invalid_option']);
  });

  test('segments hold the rows of their group, in row order, whatever the batches', () => {
    fc.assert(
      fc.property(
        anyRows(60).chain((rows) =>
          fc.tuple(
            fc.constant(rows),
            fc.array(fc.option(fc.integer({ min: -2, max: 3 })), {
              minLength: rows.length,
              maxLength: rows.length,
            }),
            batchesOf(rows.length),
          ),
        ),
        ([rows, keys, batches]) => {
          const grouping = grouped(numberColumn(keys), rows.length);
          const segments = splitNumbers({ numbers: column(rows, batches) }, grouping, space);
          const expected = [...new Set(keys.filter((key) => key !== null))]
            .sort((a, b) => a - b)
            .map((key) => rows.filter((_, row) => keys[row] === key).map((row) => row ?? NaN));
          expect(segments.map(({ chunks }) => Array.from(chunks[0]!.values))).toEqual(expected);
        },
      ),
      { numRuns: 200 },
    );
  });
});
