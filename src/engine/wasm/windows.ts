import { AGGREGATES, type WindowsKernel } from '../../ports/windows.js';
import { SEGMENT, segmentRows } from '../segments.js';
import type { Arena } from './arena.js';
import { BLOCK } from './columns.js';
import type { Team } from './team.js';

/** Segments of a unit, and the state they need: assembly/windows.ts. */
const SEGMENTS = 8;
const SCRATCH = 512;

export function windows(arena: Arena, team: Team): WindowsKernel {
  const made = (
    values: Float64Array,
    fill: (pointer: number, rows: number, out: number) => void,
  ): Float64Array => {
    const rows = values.length;
    const out = arena.take(rows * 8);
    arena.scratch(() => {
      fill(arena.place(values), rows, out);
    });
    return arena.float64At(out, rows);
  };
  const shifted = (values: Float64Array, periods: number, subtract: 0 | 1): Float64Array =>
    made(values, (pointer, rows, out) => {
      const by = Math.max(-rows, Math.min(rows, periods));
      team.run('shifted', Math.ceil(rows / BLOCK), rows, [pointer, rows, by, subtract, out]);
    });
  return {
    shift: (values, periods) => shifted(values, periods, 0),
    diff: (values, periods) => shifted(values, periods, 1),
    rolling: (values, options) =>
      made(values, (pointer, rows, out) => {
        // A window that is longer than the column loses no row.
        const window = Math.max(1, Math.min(options.window, rows));
        const least = Math.min(options.least, rows + 1);
        const aggregate = AGGREGATES.indexOf(options.aggregate);
        const about = [pointer, rows, window, least, aggregate];
        if (options.aggregate === 'min' || options.aggregate === 'max') {
          const stretches = Math.max(1, Math.floor(BLOCK / window));
          const bytes = Math.ceil((window * 12) / 64) * 64;
          const units = Math.ceil(rows / (stretches * window));
          const scratch = arena.take(bytes * team.lanes);
          team.run('extremes', units, rows, [...about, stretches, out, scratch, bytes]);
        } else {
          const segment = segmentRows(window, rows);
          const scratch = arena.take(SCRATCH * team.lanes);
          const units = Math.ceil(rows / (segment * SEGMENTS));
          team.run('rolling', units, rows, [...about, segment, out, scratch]);
        }
      }),
    fading: (values, { alpha, adjust }) =>
      made(values, (pointer, rows, out) => {
        // Without `adjust` one segment: what it begins with is not a sum that is carried on.
        const segment = adjust ? SEGMENT : Math.max(1, rows);
        const segments = Math.ceil(rows / segment);
        const units = Math.ceil(segments / SEGMENTS);
        const factor = wordsOf(1 - alpha);
        const scratch = arena.take(SCRATCH * team.lanes);
        // A unit reads the starts of all its segments.
        const starts = arena.float64At(arena.take(units * SEGMENTS * 16), units * SEGMENTS * 2).fill(NaN);
        const parts = arena.float64At(arena.take(segments * 32), segments * 4);
        if (segments > 1) {
          const args = [pointer, rows, ...factor, segments, segment, parts.byteOffset, scratch];
          team.run('faded', units, rows, args);
        }
        carry(parts, starts, segments);
        const fresh = wordsOf(adjust ? 1 : alpha);
        const about = [pointer, rows, ...factor, ...fresh, adjust ? 1 : 0, segment];
        team.run('fading', units, rows, [...about, starts.byteOffset, out, scratch]);
      }),
  };
}

/** What each segment begins with, the mean above it and its weight, from what those before it add up. */
function carry(parts: Float64Array, starts: Float64Array, segments: number): void {
  let [mean, weight] = [NaN, 1];
  for (let segment = 0; segment < segments; segment++) {
    starts[2 * segment] = mean;
    starts[2 * segment + 1] = weight;
    const at = 4 * segment;
    const [sum, weights, decay, pending] = [parts[at]!, parts[at + 1]!, parts[at + 2]!, parts[at + 3]!];
    const isKnown = !Number.isNaN(mean);
    if (weights === 0) weight = isKnown ? weight * pending : weight;
    else {
      const above = isKnown ? weight * decay : 0;
      mean = (isKnown ? above * mean + sum : sum) / (above + weights);
      weight = (above + weights) * pending;
    }
  }
}

/** The two words of a float64, as a task takes it. */
function wordsOf(value: number): number[] {
  return Array.from(new Int32Array(Float64Array.of(value).buffer));
}
