import type { PageFacts, PageWriter } from '../../ports/formats.js';
import type { Alert, Overview, Profile } from '../../ports/profile.js';
import { columnSection } from './column.js';
import { driftSection } from './drift.js';
import { html, type Markup, styleSheet } from './markup.js';
import { correlationMatrix } from './matrix.js';
import { count, counted, percent } from './numbers.js';
import { STYLE } from './style.js';
import { badge, name, TYPES } from './words.js';

/** What a page has room for; the JSON answer has all. */
const MOST_COLUMNS = 200;
const MOST_ALERTS = 200;

export const writePage: PageWriter = (profile, facts) => {
  const { overview, alerts, correlations, drift } = profile;
  const title = `Profile of ${counted(overview.rows, 'row')}, ${counted(overview.columns, 'column')}`;
  const columns = [...profile.columns].slice(0, MOST_COLUMNS);
  const places = new Map(columns.map(([column], at) => [column, at]));
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        ${styleSheet(STYLE)}
      </head>
      <body>
        <header class="top">
          <h1>Profile</h1>
          <p>${title.replace('Profile of ', '')}</p>
        </header>
        <main>
          ${cards(profile)} ${warnings(facts)} ${alertSection(alerts, places)}
          ${drift && driftSection(drift, MOST_COLUMNS)} ${correlationSection(correlations)}
          <section aria-labelledby="columns">
            <h2 id="columns">Columns</h2>
            ${index(columns.map(([column]) => column))}
            ${columns.map(([column, one], at) => {
              const own = alerts.filter((alert) => alert.column === column || alert.other === column);
              return columnSection(column, one, own, at);
            })}
            ${left(profile.columns.size - columns.length, 'columns')}
          </section>
        </main>
        <footer>
          <p>analytics-service ${facts.version}, engine ${facts.engine}; request ${facts.requestId}</p>
          <p>results sha256 <code>${facts.resultSha256}</code></p>
        </footer>
      </body>
    </html> `;
  return page.text;
};

function cards({ overview, alerts, drift }: Profile): Markup {
  const card = (term: string, value: string, more: string | Markup, tone = ''): Markup =>
    html`<div class="card ${tone}">
      <dt>${term}</dt>
      <dd><strong>${value}</strong><small>${more}</small></dd>
    </div>`;
  return html`<section aria-label="Overview">
    <dl class="cards">
      ${card('Rows', count(overview.rows), drift === undefined ? '' : `reference ${count(drift.reference_rows)}`)}
      ${card('Columns', count(overview.columns), types(overview))}
      ${card('Missing cells', percent(overview.missing_share), count(overview.cells_missing))}
      ${card('Duplicate rows', percent(overview.duplicate_share), count(overview.duplicate_rows))}
      ${card('Alerts', count(alerts.length), '')}
      ${drift && card('Drift', drift.dataset_drift ? 'Yes' : 'No', `${count(drift.drifted)} of ${count(drift.compared)} columns`, drift.dataset_drift ? 'bad' : 'good')}
    </dl>
  </section>`;
}

const types = ({ types: found }: Overview): string =>
  (['number', 'boolean', 'string', 'timestamp', 'mixed'] as const)
    .flatMap((type) => (found[type] === undefined ? [] : `${found[type]} ${TYPES[type].toLowerCase()}`))
    .join(', ');

function warnings(facts: PageFacts): Markup {
  if (facts.warnings.length === 0) return html``;
  const items = facts.warnings
    .slice(0, MOST_ALERTS)
    .map(
      ({ column, detail }) =>
        html`<li>${column === undefined ? undefined : html`${name(column)}: `}${detail}</li>`,
    );
  return html`<section aria-labelledby="warnings">
    <h2 id="warnings">Warnings</h2>
    <ul class="plain">
      ${items}
    </ul>
  </section>`;
}

function alertSection(alerts: readonly Alert[], places: ReadonlyMap<string, number>): Markup {
  if (alerts.length === 0)
    return html`<section aria-labelledby="alerts">
      <h2 id="alerts">Alerts</h2>
      <p class="nothing">None.</p>
    </section>`;
  const link = (column: string | undefined): Markup => {
    if (column === undefined) return html`<span class="nothing">whole table</span>`;
    const at = places.get(column);
    return at === undefined ? name(column) : html`<a href="#column-${at}">${name(column)}</a>`;
  };
  const rows = alerts.slice(0, MOST_ALERTS).map(
    ({ code, column, other, detail }) =>
      html`<tr>
        <td>${badge(code)}</td>
        <th scope="row">${link(column)}${other === undefined ? undefined : html` and ${link(other)}`}</th>
        <td>${detail}</td>
      </tr>`,
  );
  return html`<section aria-labelledby="alerts">
    <h2 id="alerts">Alerts</h2>
    <div class="scroll">
      <table>
        <caption class="unseen">
          Alerts
        </caption>
        <thead>
          <tr>
            <th scope="col">Alert</th>
            <th scope="col">Column</th>
            <th scope="col">What was found</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
    ${left(alerts.length - rows.length, 'alerts')}
  </section>`;
}

function correlationSection({ pearson, spearman }: Profile['correlations']): Markup {
  if (pearson === undefined) return html``;
  return html`<section aria-labelledby="correlations">
    <h2 id="correlations">Correlations</h2>
    <div class="matrices">
      ${correlationMatrix('Pearson', pearson)}${spearman && correlationMatrix('Spearman', spearman)}
    </div>
  </section>`;
}

function index(columns: readonly string[]): Markup {
  const items = columns.map((column, at) => html`<li><a href="#column-${at}">${name(column)}</a></li>`);
  return html`<nav aria-label="Columns">
    <ul>
      ${items}
    </ul>
  </nav>`;
}

const left = (many: number, what: string): Markup =>
  many > 0 ? html`<p class="rest">and ${count(many)} more ${what}: the JSON answer has them</p>` : html``;
