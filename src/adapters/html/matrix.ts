import type { Correlations } from '../../ports/profile.js';
import { html, type Markup } from './markup.js';
import { coefficient } from './numbers.js';
import { name } from './words.js';

/** Columns of which a matrix is drawn; of more the strongest pairs are listed. */
const MOST = 25;
const CELL = 44;
/** Columns up to which there is room for a name of the usual length. */
const PAIRS = 30;

/** A matrix of correlations: a cell is blue for a positive one, red for a negative one, the fuller the stronger. */
export function correlationMatrix(title: string, { columns, matrix }: Correlations): Markup {
  if (columns.length > MOST) return strongest(title, columns, matrix);
  const size = columns.length * CELL;
  const cells = matrix.flatMap((row, i) =>
    row.map((value, j) => {
      const strength = Math.abs(value ?? 0);
      const sign = value === null ? 'none' : value < 0 ? 'negative' : 'positive';
      const [x, y] = [j * CELL, i * CELL];
      const said = `${columns[i]!} and ${columns[j]!}: ${coefficient(value)}`;
      return html`<g class="${strength > 0.55 ? 'strong' : 'weak'}"
        ><rect
          class="${sign}"
          x="${x + 1}"
          y="${y + 1}"
          width="${CELL - 2}"
          height="${CELL - 2}"
          rx="4"
          fill-opacity="${(0.06 + 0.94 * strength).toFixed(2)}"
          ><title>${said}</title></rect
        ><text x="${x + CELL / 2}" y="${y + CELL / 2}">${coefficient(value)}</text></g
      >`;
    }),
  );
  const heads = columns.map((column) => html`<li>${name(column)}</li>`);
  return html`<figure class="matrix">
    <figcaption><h3>${title}</h3></figcaption>
    <div class="scroll">
      <div class="grid" style="--cells:${columns.length}">
        <ol class="rows">
          ${heads}
        </ol>
        <svg
          viewBox="0 0 ${size} ${size}"
          role="img"
          aria-label="${title} correlation of ${columns.length} columns"
        >
          ${cells}
        </svg>
        <ol class="heads" aria-hidden="true">
          ${heads}
        </ol>
      </div>
    </div>
  </figure>`;
}

function strongest(
  title: string,
  columns: readonly string[],
  matrix: readonly (readonly (number | null)[])[],
): Markup {
  const pairs = columns.flatMap((column, i) =>
    columns.slice(i + 1).map((other, j) => ({ column, other, value: matrix[i]?.[i + 1 + j] ?? null })),
  );
  const sorted = pairs.sort((a, b) => Math.abs(b.value ?? 0) - Math.abs(a.value ?? 0)).slice(0, PAIRS);
  const rows = sorted.map(
    ({ column, other, value }) =>
      html`<tr>
        <th scope="row">${name(column)}</th>
        <td>${name(other)}</td>
        <td class="figure">${coefficient(value)}</td>
      </tr>`,
  );
  return html`<div class="scroll">
    <table>
      <caption>
        ${title}: the strongest pairs of ${columns.length} columns
      </caption>
      <thead>
        <tr>
          <th scope="col">Column</th>
          <th scope="col">Column</th>
          <th scope="col" class="figure">Coefficient</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}
