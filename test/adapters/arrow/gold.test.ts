import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Cell } from '../../../src/ports/tables.js';
import { cellsOf, CORPORA, fixture, loadEngine, outcome, read } from './reading.js';

/** Arrow's integration JSON, as far as it is looked at here. */
interface GoldField {
  readonly name: string;
  readonly type: {
    readonly name: string;
    readonly unit?: 'DAY' | 'SECOND' | 'MILLISECOND' | 'MICROSECOND' | 'NANOSECOND';
    readonly scale?: number;
    readonly precision?: number | 'HALF' | 'SINGLE' | 'DOUBLE';
  };
  readonly dictionary?: { readonly id: number };
}
interface GoldColumn {
  readonly count: number;
  readonly VALIDITY?: readonly (0 | 1)[];
  readonly DATA?: readonly (number | string | boolean)[];
}
interface Gold {
  readonly schema: { readonly fields: readonly GoldField[] };
  readonly batches: readonly { readonly columns: readonly GoldColumn[] }[];
  readonly dictionaries?: readonly {
    readonly id: number;
    readonly data: { readonly columns: readonly GoldColumn[] };
  }[];
}

const FOLDER = join(CORPORA, 'arrow-gold');
const NAMES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json.gz'))
  .map((name) => name.slice(0, -'.json.gz'.length));
const READ = new Set([
  'null',
  'bool',
  'int',
  'floatingpoint',
  'decimal',
  'utf8',
  'largeutf8',
  'date',
  'timestamp',
]);
const NANOSECONDS = {
  DAY: 86_400_000_000_000n,
  SECOND: 1_000_000_000n,
  MILLISECOND: 1_000_000n,
  MICROSECOND: 1000n,
  NANOSECOND: 1n,
};

/** Integers of 64 bits and decimals are strings in the JSON. */
function cellOf(value: number | string | boolean, { name, unit, scale, precision }: GoldField['type']): Cell {
  switch (name) {
    case 'floatingpoint':
      return precision === 'SINGLE' ? Math.fround(Number(value)) : Number(value);
    case 'int':
      return Number(value);
    case 'bool':
      return value === 1 || value === true;
    case 'decimal':
      return Number(`${String(value)}e${-(scale ?? 0)}`);
    case 'date':
    case 'timestamp': {
      const nanoseconds = BigInt(value) * NANOSECONDS[unit ?? 'MILLISECOND'];
      const milliseconds = nanoseconds / 1_000_000n - (nanoseconds % 1_000_000n < 0n ? 1n : 0n);
      const date = new Date(Number(milliseconds));
      if (Number.isNaN(date.getTime())) return `${nanoseconds} ns`;
      const rest = String(nanoseconds - milliseconds * 1_000_000n).padStart(6, '0');
      const finer = rest === '000000' ? '' : rest.replace(/000$/u, '');
      return `${date.toISOString().slice(0, -1)}${finer}Z`;
    }
    default:
      return value;
  }
}

const cellsIn = ({ count, VALIDITY, DATA }: GoldColumn, type: GoldField['type']): Cell[] =>
  Array.from({ length: count }, (_, row) =>
    DATA === undefined || VALIDITY?.[row] === 0 ? null : cellOf(DATA[row]!, type),
  );

function expectedCells(gold: Gold, index: number): Cell[] {
  const { type, dictionary } = gold.schema.fields[index]!;
  const columns = gold.batches.map((batch) => batch.columns[index]!);
  if (dictionary === undefined) return columns.flatMap((column) => cellsIn(column, type));
  const [values] = gold.dictionaries!.find(({ id }) => id === dictionary.id)!.data.columns;
  const words = cellsIn(values!, type);
  return columns.flatMap((column) =>
    cellsIn(column, { name: 'int' }).map((word) => (word === null ? null : (words[Number(word)] ?? null))),
  );
}

describe("Arrow's integration files", () => {
  beforeAll(loadEngine);

  test('there are seventeen', () => {
    expect(NAMES.length).toBe(17);
  });

  describe.each(NAMES)('%s', (name) => {
    const gold = JSON.parse(gunzipSync(readFileSync(join(FOLDER, `${name}.json.gz`))).toString()) as Gold;
    const { fields } = gold.schema;

    test.each(['stream', 'arrow_file'])(
      '%s: the values of the JSON beside it; other types are 422',
      (format) => {
        const body = Uint8Array.from(readFileSync(join(FOLDER, `${name}.${format}`)));
        if (new Set(fields.map((field) => field.name)).size < fields.length) {
          expect(outcome(body)).toBe('duplicate_column');
          return;
        }
        expect(outcome(body)).toBe('read');
        const table = read(body);
        expect(table.names).toEqual(fields.map((field) => field.name));
        for (const [i, field] of fields.entries()) {
          const cells = cellsOf(table, field.name);
          if (READ.has(field.type.name))
            expect([field.name, cells]).toEqual([field.name, expectedCells(gold, i)]);
          else expect([field.name, cells]).toEqual([field.name, undefined]);
        }
      },
    );
  });

  test('files and streams of the fixtures hold the same cells', () => {
    for (const name of [
      'decimals',
      'dictionaries',
      'floats',
      'sliced',
      'times',
      'sliced-lz4',
      'compressed-zstd',
    ]) {
      const [stream, file] = [read(fixture(`${name}.arrows`)), read(fixture(`${name}.arrow`))];
      for (const column of stream.names) expect(cellsOf(file, column)).toEqual(cellsOf(stream, column));
    }
  });
});
