import type { SilhouetteKernel } from '../../ports/engine.js';
import { Stopped } from '../../ports/progress.js';
import { labelledRows } from '../labelings.js';
import type { Arena } from './arena.js';
import type { Team } from './team.js';

/** Rows of a unit: four at a time go against all. */
const UNIT = 64;

export function silhouette(arena: Arena, team: Team): SilhouetteKernel {
  return (columns, labels, stopping) =>
    arena.scratch(() => {
      const { values, rows, labelings } = labelledRows(columns, labels, (length) => arena.float64(length));
      const defined = labelings.filter((one) => one.defined);
      const [d, count] = [columns.length, defined.length];
      const scores = labelings.map(() => NaN);
      if (count === 0) return scores;
      const starts = arena.int32At(arena.take((count + 1) * 4), count + 1);
      starts[0] = 0;
      defined.forEach(({ sizes }, i) => {
        starts[i + 1] = starts[i]! + sizes.length;
      });
      const clusters = starts[count]!;
      const sizes = arena.float64(clusters);
      sizes.set(defined.flatMap((one) => one.sizes));
      const places = arena.int32At(arena.take(rows * count * 4), rows * count);
      defined.forEach(({ codes }, i) => {
        for (let row = 0; row < rows; row++) places[row * count + i] = (starts[i]! + codes[row]!) * 32;
      });
      const units = Math.ceil(rows / UNIT);
      const out = arena.float64(units * count);
      const scratch = arena.take(team.lanes * (d + clusters) * 32);
      const [first, own, all] = [places.byteOffset, starts.byteOffset, sizes.byteOffset];
      const args = [values.byteOffset, rows, d, UNIT, count, first, own, all, scratch, out.byteOffset];
      const run = (): true => {
        team.run('silhouette', units, rows * rows * (d + count), args);
        return true;
      };
      if ((stopping === undefined ? run() : team.breakable(run)) === undefined)
        throw new Stopped('silhouettes were broken off');
      let next = 0;
      return labelings.map((one) => {
        if (!one.defined) return NaN;
        const i = next++;
        let sum = 0;
        for (let unit = 0; unit < units; unit++) sum += out[unit * count + i]!;
        return sum / rows;
      });
    });
}
