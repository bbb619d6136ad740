import type {
  Alert,
  BooleanProfile,
  ColumnProfile,
  NumberProfile,
  TextProfile,
  TimestampProfile,
} from '../../ports/profile.js';
import { html, type Markup } from './markup.js';
import { count, instant, number, percent, span } from './numbers.js';
import { bar, binText, histogram, strip } from './plots.js';
import { badge, cell, name, TYPES } from './words.js';

/** All that there is to show of a column. `at`: its number, for links. */
export function columnSection(
  title: string,
  profile: ColumnProfile,
  alerts: readonly Alert[],
  at: number,
): Markup {
  const codes = [...new Set(alerts.map(({ code }) => code))];
  return html`<article class="column" id="column-${at}" aria-labelledby="column-${at}-name">
    <header>
      <h3 id="column-${at}-name">${name(title)}</h3>
      <span class="badge type">${TYPES[profile.type]}</span>${codes.map(badge)}
    </header>
    <div class="halves">
      <div>${plotOf(title, profile)}</div>
      <div>${facts(presence(profile))}${statisticsOf(profile)}</div>
    </div>
  </article>`;
}

type Fact = readonly [term: string, value: string | Markup];

function presence({ count: present, missing, missing_share, n_unique }: ColumnProfile): readonly Fact[] {
  const gone = html`${count(missing)} <small>${percent(missing_share)}</small>${bar(missing_share, 'gone')}`;
  return [
    ['Values', count(present)],
    ['Different', count(n_unique)],
    ['Missing', gone],
  ];
}

function facts(list: readonly Fact[], kind = ''): Markup {
  return html`<dl class="facts ${kind}">
    ${list.map(
      ([term, value]) =>
        html`<div>
          <dt>${term}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

function plotOf(title: string, profile: ColumnProfile): Markup {
  if (profile.count === 0) return html`<p class="nothing">No values.</p>`;
  switch (profile.type) {
    case 'number':
      return numberPlot(title, profile);
    case 'boolean':
      return topTable(title, booleanTop(profile), 2);
    case 'timestamp':
      return instantPlot(title, profile);
    case 'string':
    case 'mixed':
      return topTable(title, profile.top, profile.n_unique);
  }
}

function statisticsOf(profile: ColumnProfile): Markup {
  switch (profile.type) {
    case 'number':
      return numberFacts(profile);
    case 'timestamp':
      return facts([
        ['First', instant(profile.min)],
        ['Last', instant(profile.max)],
        ['Span', span(profile.span_seconds)],
      ]);
    case 'string':
    case 'mixed':
      return lengthFacts(profile);
    case 'boolean':
      return html``;
  }
}

function numberPlot(title: string, profile: NumberProfile): Markup {
  const { histogram: bins, min, max } = profile;
  if (bins === null) return html`<p class="nothing">No histogram: the range is not finite.</p>`;
  const { counts, edges } = bins;
  const total = counts.reduce((sum, held) => sum + held, 0);
  const heights = {
    name: 'data',
    heights: counts,
    say: (bin: number) => binText(number(edges[bin]), number(edges[bin + 1]), counts[bin]!, total),
  };
  const ends = [edges[0]!, edges.at(-1)!] as const;
  const { '5%': q5, '25%': q25, '50%': median, '75%': q75, '95%': q95 } = profile;
  const isWhole =
    min !== null &&
    max !== null &&
    q5 !== null &&
    q25 !== null &&
    median !== null &&
    q75 !== null &&
    q95 !== null;
  const said = `Median ${number(median)}, half of the values from ${number(q25)} to ${number(q75)}`;
  return html`<figure>
    ${histogram(`Histogram of ${title}`, [heights])}${isWhole ? strip(ends, [min, q5, q25, median, q75, q95, max], said) : undefined}${axis(number(ends[0]), number(ends[1]), `up to ${count(Math.max(...counts))} in a bin`)}
  </figure>`;
}

const axis = (low: string, high: string, middle: string): Markup =>
  html`<figcaption class="axis">
    <span>${low}</span><span class="middle">${middle}</span><span>${high}</span>
  </figcaption>`;

function numberFacts(profile: NumberProfile): Markup {
  const zeros = html`${count(profile.zeros ?? 0)} <small>${percent(profile.zeros_share)}</small>`;
  const first: readonly Fact[] = [
    ['Mean', number(profile.mean)],
    ['Std', number(profile.std)],
    ['Zeros', zeros],
    ['Min', number(profile.min)],
    ['Median', number(profile['50%'])],
    ['Max', number(profile.max)],
  ];
  const more: readonly Fact[] = [
    ['5 %', number(profile['5%'])],
    ['25 %', number(profile['25%'])],
    ['75 %', number(profile['75%'])],
    ['95 %', number(profile['95%'])],
    ['Mode', number(profile.mode)],
    ['Range', number(profile.range)],
    ['Sum', number(profile.sum)],
    ['Variance', number(profile.variance)],
    ['Skewness', number(profile.skew)],
    ['Kurtosis', number(profile.kurtosis)],
    ['Std error', number(profile.sem)],
    ['Median abs. deviation', number(profile.mad)],
    ['Coeff. of variation', number(profile.cv)],
    ['Negative', count(profile.negative)],
    ['Infinite', count(profile.infinite)],
  ];
  return html`${facts(first)}
    <details>
      <summary>More statistics</summary>
      ${facts(more)}
    </details>`;
}

function booleanTop(profile: BooleanProfile): TextProfile['top'] {
  return [true, false].map((value) => {
    const held = value ? profile.true : profile.false;
    return { value, count: held, share: held / profile.count };
  });
}

function topTable(title: string, top: TextProfile['top'], unique: number): Markup {
  const rows = top.map(
    ({ value, count: held, share }) =>
      html`<tr>
        <th scope="row">${cell(value)}</th>
        <td class="track">${bar(share)}</td>
        <td class="figure">${count(held)}</td>
        <td class="figure"><small>${percent(share)}</small></td>
      </tr>`,
  );
  const rest = unique - top.length;
  const more = rest > 0 ? html`<p class="rest">and ${count(rest)} more</p>` : undefined;
  return html`<table class="bars">
      <caption class="unseen">
        Most frequent values of ${title}
      </caption>
      <colgroup>
        <col class="label" />
        <col />
        <col class="figure" />
        <col class="figure" />
      </colgroup>
      <thead class="unseen">
        <tr>
          <th scope="col">Value</th>
          <th scope="col">Share</th>
          <th scope="col">Rows</th>
          <th scope="col">Percent</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
    ${more}`;
}

function lengthFacts({ lengths }: TextProfile): Markup {
  if (lengths === undefined) return html``;
  return facts([
    ['Shortest', count(lengths.min)],
    ['Mean length', number(lengths.mean)],
    ['Longest', count(lengths.max)],
  ]);
}

function instantPlot(title: string, { histogram: bins, min, max }: TimestampProfile): Markup {
  if (bins === null) return html`<p class="nothing">No histogram.</p>`;
  const { counts, edges } = bins;
  const total = counts.reduce((sum, held) => sum + held, 0);
  const heights = {
    name: 'data',
    heights: counts,
    say: (bin: number) => binText(instant(edges[bin]!), instant(edges[bin + 1]!), counts[bin]!, total),
  };
  const middle = `up to ${count(Math.max(...counts))} in a bin`;
  return html`<figure>
    ${histogram(`Histogram of ${title}`, [heights])}${axis(instant(min), instant(max), middle)}
  </figure>`;
}
