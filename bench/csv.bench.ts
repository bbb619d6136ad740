import { parse } from 'csv-parse/sync';
import { readConfig } from '../src/config.js';
import type { Table } from '../src/ports/tables.js';
import { mulberry32 } from './data.js';
import type { Case, Contest, Stage } from './stage.js';

const { tableLimits: LIMITS } = readConfig({});

/** Rows of random doubles of 16 and 17 digits, of four sizes. */
function doubles(count: number): string {
  const next = mulberry32(1001);
  const scale = [1, 100, 1e6, -1];
  const line = (): string => scale.map((factor) => next() * factor).join(',');
  return `a,b,c,d\n${Array.from({ length: count }, line).join('\n')}\n`;
}

/** What spreadsheets hold: an integer, money, a word, a sentence in quotes, a boolean, a gap now and then. */
function ledger(count: number): string {
  const next = mulberry32(1002);
  const line = (_: unknown, i: number): string => {
    const money = next() < 0.1 ? '' : (1000 * next()).toFixed(2);
    const note = `"item ${Math.floor(1e6 * next())}, ""new"""`;
    return `${i},${money},group ${Math.floor(9 * next())},${note},${next() < 0.5 ? 'true' : 'false'}`;
  };
  return `id,price,group,note,paid\r\n${Array.from({ length: count }, line).join('\r\n')}\r\n`;
}

/** Numbers, until the last line says that they were strings: the second pass over everything. */
const late = (count: number): string => `${doubles(count)}w,x,y,z\n`;

/** What is left of a table, so that nothing of it is done for nothing. */
function figure(table: Table): number {
  return table.names.reduce((sum, name) => {
    const column = table.column(name);
    if (!('numbers' in column)) return sum + column.missing;
    const { values } = column.numbers.chunks.at(-1)!;
    const last = values[values.length - 1]!;
    return Number.isNaN(last) ? sum : sum + last;
  }, table.rows);
}

/** csv-parse, and the shortest function that puts what it found into columns of numbers. */
function parsed(body: Buffer, rows: number): number {
  const made = Array.from({ length: 4 }, () => new Float64Array(rows));
  let row = 0;
  parse(body, {
    from: 2,
    on_record: (fields: readonly string[]) => {
      for (let i = 0; i < made.length; i++) made[i]![row] = Number(fields[i]);
      row++;
      return undefined;
    },
  });
  return made.reduce((sum, values) => sum + values[row - 1]!, row);
}

function contest({ wasm, js, arena }: Stage, text: string, rows: number, leanest: boolean): Contest {
  const body = Buffer.from(text);
  const ours = arena.bytes(body.length);
  ours.set(body);
  return {
    ours: () => arena.scratch(() => figure(wasm.csv(ours, LIMITS))),
    rival: () => (leanest ? parsed(body, rows) : figure(js.csv(body, LIMITS))),
    agree: 0,
  };
}

const against = (
  name: string,
  rival: Case['rival'],
  text: (rows: number) => string,
  rows: number,
  bounds: Pick<Case, 'floor' | 'target'>,
): Case => ({
  family: 'csv',
  name: `${name}, ${rows.toLocaleString('en')} rows`,
  rival,
  ...bounds,
  prepare: (stage) => contest(stage, text(rows), rows, rival === 'csv-parse'),
});

// Floors: about two thirds of the lowest median ratio of several runs (two cores, Node 20): 38, 18.7 and 7.7.
export const cases: readonly Case[] = [
  against('4 columns of doubles', 'csv-parse', doubles, 1_000_000, { floor: 25, target: 25 }),
  against('numbers, strings and booleans', 'js engine', ledger, 200_000, { floor: 12 }),
  against('strings after a million numbers', 'js engine', late, 250_000, { floor: 5 }),
];
