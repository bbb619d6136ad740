import type { AlertCode, ColumnProfile, DriftTest } from '../../ports/profile.js';
import { html, type Markup } from './markup.js';
import { number } from './numbers.js';

/** Characters of a client's text that are shown. */
const MOST = 120;

/** A column's name or a value, cut where it is long, kept apart from the direction in which its letters run. */
export function name(text: string): Markup {
  if (text.trim() === '') return html`<bdi class="blank">${text === '' ? 'empty' : 'blank'}</bdi>`;
  const characters = Array.from(text.slice(0, 2 * MOST));
  if (characters.length <= MOST) return html`<bdi>${text}</bdi>`;
  return html`<bdi title="${text.slice(0, 1000)}">${characters.slice(0, MOST).join('')}…</bdi>`;
}

export const cell = (value: string | number | boolean): Markup =>
  name(typeof value === 'number' ? number(value) : String(value));

/** What an alert is called, and how loud it is. */
export const ALERTS: Readonly<Record<AlertCode, readonly [words: string, tone: 'bad' | 'warn' | 'note']>> = {
  all_missing: ['All missing', 'bad'],
  constant: ['Constant', 'warn'],
  duplicate_rows: ['Duplicate rows', 'warn'],
  drift: ['Drift', 'bad'],
  high_cardinality: ['High cardinality', 'note'],
  high_correlation: ['High correlation', 'warn'],
  imbalance: ['Imbalance', 'note'],
  infinite: ['Infinite values', 'warn'],
  many_missing: ['Missing values', 'warn'],
  many_zeros: ['Zeros', 'note'],
  missing_in_data: ['Not in the data', 'bad'],
  missing_in_reference: ['Not in the reference', 'bad'],
  mixed_types: ['Mixed types', 'warn'],
  skewed: ['Skewed', 'warn'],
  type_changed: ['Type changed', 'bad'],
  unique: ['Unique', 'note'],
};

export const TESTS: Readonly<Record<DriftTest, string>> = {
  ks: 'Kolmogorov–Smirnov',
  chisquare: 'χ²',
  z: 'z of proportions',
  wasserstein: 'Wasserstein, normed',
  jensenshannon: 'Jensen–Shannon',
};

export const TYPES: Readonly<Record<ColumnProfile['type'], string>> = {
  number: 'Number',
  boolean: 'Boolean',
  string: 'Text',
  timestamp: 'Timestamp',
  mixed: 'Mixed',
};

export function badge(code: AlertCode): Markup {
  const [words, tone] = ALERTS[code];
  return html`<span class="badge ${tone}">${words}</span>`;
}
