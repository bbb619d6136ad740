import type { ColumnDrift, Drift } from '../../ports/profile.js';
import { html, type Markup } from './markup.js';
import { count, number, percent } from './numbers.js';
import { bar, binText, histogram } from './plots.js';
import { cell, name, TESTS } from './words.js';

/** Values of a column whose shares are drawn; the JSON answer has ten. */
const MOST_VALUES = 5;

/** What changed against the reference: a verdict, a table, both distributions of each column. `most` columns. */
export function driftSection(drift: Drift, most: number): Markup {
  const shown = [...drift.columns].slice(0, most);
  const verdict = drift.dataset_drift
    ? html`<span class="badge bad">Drift</span>`
    : html`<span class="badge good">No drift</span>`;
  const rows = shown.map(([column, found]) => row(column, found));
  const plots = shown.flatMap(([column, found]) => (found.test === null ? [] : [comparison(column, found)]));
  return html`<section aria-labelledby="drift">
    <h2 id="drift">Drift</h2>
    <p>
      ${verdict} ${count(drift.drifted)} of ${count(drift.compared)} compared columns have drifted,
      ${percent(drift.share_drifted)}: a table drifts from ${percent(drift.threshold)} on. The reference has
      ${count(drift.reference_rows)} rows.
    </p>
    <div class="scroll">
      <table>
        <caption class="unseen">
          Drift by column
        </caption>
        <thead>
          <tr>
            <th scope="col">Column</th>
            <th scope="col">Drift</th>
            <th scope="col">Compared by</th>
            <th scope="col" class="figure">Statistic</th>
            <th scope="col" class="figure">p-value or distance</th>
            <th scope="col" class="figure">Threshold</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
    <p class="legend"><span class="key reference"></span>Reference <span class="key data"></span>Data</p>
    <div class="tiles">${plots}</div>
  </section>`;
}

function row(column: string, found: ColumnDrift): Markup {
  const { test, detail, drifted, statistic, p_value, distance, threshold } = found;
  if (test === null)
    return html`<tr>
      <th scope="row">${name(column)}</th>
      <td><span class="badge note">Not compared</span></td>
      <td colspan="4">${detail}</td>
    </tr>`;
  const verdict = drifted
    ? html`<span class="badge bad">Drift</span>`
    : html`<span class="badge good">Stable</span>`;
  const relation = p_value === undefined ? '≥' : test === 'ks' ? '≤' : '<';
  return html`<tr>
    <th scope="row">${name(column)}</th>
    <td>${verdict}</td>
    <td>${TESTS[test]}</td>
    <td class="figure">${number(statistic)}</td>
    <td class="figure">${number(p_value ?? distance)}</td>
    <td class="figure">${relation} ${number(threshold)}</td>
  </tr>`;
}

function comparison(column: string, { n, histogram: bins, values = [] }: ColumnDrift): Markup {
  const title = html`<h3>${name(column)}</h3>`;
  if (bins !== undefined) {
    const { edges } = bins;
    const series = (['reference', 'data'] as const).map((which, i) => ({
      name: which,
      heights: bins[which].map((held) => held / n[i]!),
      say: (bin: number) =>
        `${which}, ${binText(number(edges[bin]), number(edges[bin + 1]), bins[which][bin]!, n[i]!)}`,
    }));
    const label = `Histograms of ${column} in the reference and in the data`;
    return html`<figure class="tile">
      ${title}${histogram(label, series)}
      <figcaption class="axis">
        <span>${number(edges[0])}</span><span>${number(edges.at(-1))}</span>
      </figcaption>
    </figure>`;
  }
  const rows = values.slice(0, MOST_VALUES).map(({ value, reference, data }) => {
    const shares = [reference / n[0], data / n[1]] as const;
    return html`<tr>
      <th scope="row">${cell(value)}</th>
      <td class="track">${bar(shares[0], 'reference')}${bar(shares[1])}</td>
      <td class="figure"><small>${percent(shares[0])}</small><small>${percent(shares[1])}</small></td>
    </tr>`;
  });
  return html`<div class="tile">
    ${title}
    <table class="bars pairs">
      <caption class="unseen">
        Shares of values in the reference and in the data
      </caption>
      <colgroup>
        <col class="label" />
        <col />
        <col class="figure" />
      </colgroup>
      <thead class="unseen">
        <tr>
          <th scope="col">Value</th>
          <th scope="col">Shares</th>
          <th scope="col">Percent, reference and data</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}
