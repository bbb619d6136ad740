import { readConfig } from '../src/config.js';
import type { JsonKernel } from '../src/ports/engine.js';
import { mulberry32 } from './data.js';
import type { Case, Contest, Stage } from './stage.js';

const { tableLimits: LIMITS } = readConfig({});
const NAMES = ['a', 'b', 'c', 'd'];
type Shape = 'document' | 'lines';

/** Rows of random doubles of 16 and 17 digits, of four sizes. */
function rows(count: number): string[] {
  const next = mulberry32(901);
  const scale = [1, 100, 1e6, -1];
  return Array.from(
    { length: count },
    () => `{${NAMES.map((name, i) => `"${name}":${next() * scale[i]!}`).join(',')}}`,
  );
}

function columns(count: number): string {
  const next = mulberry32(902);
  const values = NAMES.map((name) => `"${name}":[${Array.from({ length: count }, next).join(',')}]`);
  return `{"columns":{${values.join(',')}}}`;
}

/** One column of few strings, one of many. */
function strings(count: number): string {
  const next = mulberry32(903);
  const row = (): string =>
    `{"few":"group ${Math.floor(9 * next())}","many":"id-${Math.floor(1e9 * next())}"}`;
  return `{"data":[${Array.from({ length: count }, row).join(',')}]}`;
}

/** What is left of a table, so that nothing of it is done for nothing. */
function figure({ table }: ReturnType<JsonKernel>): number {
  return table.names.reduce((sum, name) => {
    const column = table.column(name);
    if (!('numbers' in column)) return sum + column.missing;
    const { values } = column.numbers.chunks.at(-1)!;
    return sum + values[values.length - 1]!;
  }, table.rows);
}

/** JSON.parse, and the shortest loop that copies what it made to columns. */
function parsed(body: Uint8Array): number {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  const { data } = JSON.parse(text) as { data: Record<string, number>[] };
  const made = NAMES.map(() => new Float64Array(data.length));
  for (let row = 0; row < data.length; row++) {
    const cells = data[row]!;
    for (let i = 0; i < NAMES.length; i++) made[i]![row] = cells[NAMES[i]!]!;
  }
  return made.reduce((sum, values) => sum + values[values.length - 1]!, data.length);
}

function contest({ wasm, js, arena }: Stage, text: string, shape: Shape, leanest: boolean): Contest {
  const body = Buffer.from(text);
  const ours = arena.bytes(body.length);
  ours.set(body);
  return {
    ours: () => arena.scratch(() => figure(wasm.json(ours, shape, LIMITS))),
    rival: () => (leanest ? parsed(body) : figure(js.json(body, shape, LIMITS))),
    agree: 0,
  };
}

const against = (
  name: string,
  rival: Case['rival'],
  text: () => string,
  bounds: Pick<Case, 'floor' | 'target'>,
  shape: Shape = 'document',
): Case => ({
  family: 'json',
  name,
  rival,
  ...bounds,
  prepare: (stage) => contest(stage, text(), shape, rival === 'JSON.parse'),
});

// Floors: about two thirds of the lowest median ratio of several runs (two cores, Node 20).
export const cases: readonly Case[] = [
  against('rows, 1,000,000 × 4 doubles', 'JSON.parse', () => `{"data":[${rows(1_000_000).join(',')}]}`, {
    floor: 5,
    target: 6,
  }),
  against('columns, 200,000 × 4 doubles', 'js engine', () => columns(200_000), { floor: 3 }),
  against('lines, 200,000 × 4 doubles', 'js engine', () => rows(200_000).join('\n'), { floor: 6 }, 'lines'),
  against('rows, 200,000 × 2 strings', 'js engine', () => strings(200_000), { floor: 3 }),
];
