import type { MapsKernel } from '../../ports/maps.js';
import { linesOf } from '../lines.js';
import type { Arena } from './arena.js';
import { BLOCK } from './columns.js';
import type { Operation, Team } from './team.js';

type Columns = readonly Float64Array[];

/** Buckets in which the search for a value's place begins: for each edge, and at least. */
const BUCKETS = 4;
const LEAST = 4096;

/** See assembly/maps.ts. */
export function maps(arena: Arena, team: Team): MapsKernel {
  const pointers = (columns: Columns | readonly number[]): number => {
    const placed = columns.map((one) => (typeof one === 'number' ? one : arena.place(one)));
    const list = arena.take(placed.length * 4);
    arena.int32At(list, placed.length).set(placed);
    return list;
  };
  const rowsOf = (columns: Columns): number => columns[0]?.length ?? 0;

  /** New columns, `count` of them, that `run` fills; it is given the arguments that all tasks begin with. */
  const made = (
    columns: Columns,
    count: number,
    parameters: readonly number[],
    run: (head: readonly number[], rows: number, blocks: number) => void,
  ): Float64Array[] => {
    const rows = rowsOf(columns);
    const outs = Array.from({ length: count }, () => arena.take(rows * 8));
    arena.scratch(() => {
      const blocks = Math.ceil(rows / BLOCK);
      const given = arena.place(Float64Array.from(parameters));
      run([pointers(columns), pointers(outs), rows, blocks, given], rows, blocks);
    });
    return outs.map((out) => arena.float64At(out, rows));
  };

  /** A column of each column. */
  const each = (
    operation: Operation,
    columns: Columns,
    parameters: readonly number[],
    rest: () => readonly number[] = () => [],
  ): Float64Array[] =>
    made(columns, columns.length, parameters, (head, rows, blocks) => {
      team.run(operation, blocks * columns.length, rows * columns.length, [...head, ...rest()]);
    });

  /** How many of the edges lie in the buckets before each, and behind all; the arguments that say it. */
  const search = (edges: Float64Array): { parameters: number[]; args: () => number[] } => {
    const [low, high] = [edges[0] ?? 0, edges.at(-1) ?? 0];
    const buckets = Math.max(BUCKETS * edges.length, LEAST) + 1;
    const scale = high > low ? (buckets - 1) / (high - low) : 0;
    const starts = new Int32Array(buckets + 1);
    // As the kernel has it.
    const bucketOf = (value: number): number => {
      const place = (value - low) * scale;
      return place >= 0 ? Math.trunc(Math.min(place, buckets - 1)) : 0;
    };
    for (const edge of edges) starts[bucketOf(edge) + 1]!++;
    for (let bucket = 1; bucket < starts.length; bucket++) starts[bucket]! += starts[bucket - 1]!;
    return {
      parameters: [low, scale],
      args: () => [arena.place(edges), edges.length, arena.place(starts), buckets],
    };
  };

  return {
    gaps: (columns) =>
      arena.scratch(() => {
        const rows = rowsOf(columns);
        const blocks = Math.ceil(rows / BLOCK);
        const units = blocks * columns.length;
        const counts = arena.take(units * 8);
        team.run('gaps', units, rows * columns.length, [pointers(columns), 0, rows, blocks, 0, counts]);
        const found = arena.int32At(counts, units * 2);
        return columns.map((_, column) => {
          let [missing, infinite] = [0, 0];
          for (let unit = column * blocks; unit < (column + 1) * blocks; unit++) {
            missing += found[2 * unit]!;
            infinite += found[2 * unit + 1]!;
          }
          return { missing, infinite };
        });
      }),
    scale: (columns, scalings) =>
      each(
        'scale',
        columns,
        scalings.flatMap(({ centre, divisor, factor, shift }) => [centre, divisor, factor, shift]),
      ),
    multiply: (columns, others) => each('multiply', columns, [], () => [pointers(others)]),
    project: (columns, centres, weights, starts = weights.map(() => 0)) => {
      const [d, k] = [columns.length, weights.length];
      return made(columns, k, [...centres, ...weights.flat(), ...starts], (head, rows, blocks) => {
        team.run('project', blocks, rows * d * Math.ceil(k / 2), [...head, d, k]);
      });
    },
    places: (values, edges) => {
      const { parameters, args } = search(Float64Array.from(edges));
      return each('places', [values], parameters, () => [...args(), 0, 0])[0]!;
    },
    shares: (values, distribution) => {
      const { parameters, args } = search(distribution.quantiles);
      const lines = linesOf(distribution);
      return each('places', [values], parameters, () => [
        ...args(),
        arena.place(lines),
        distribution.isNormal ? 1 : 0,
      ])[0]!;
    },
    logarithms: (columns) => each('logarithms', columns, []),
    powers: (columns, lambdas) => each('powers', columns, lambdas),
  };
}
