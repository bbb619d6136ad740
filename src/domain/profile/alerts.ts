import type { Alert, AlertCode, ColumnProfile, Correlations, Drift, Profile } from '../../ports/profile.js';
import type { Surveyed } from './columns.js';
import { THRESHOLDS } from './thresholds.js';

/** What a reader of the table should know, of the whole first, then in column order. */
export function alertsOf(
  surveyed: readonly Surveyed[],
  { columns, duplicates, correlations, drift }: Omit<Profile, 'overview' | 'alerts'>,
  reference: ReadonlyMap<string, Surveyed> | undefined,
): Alert[] {
  const alerts: Alert[] = [];
  if (duplicates.rows > 0) {
    const detail = `${counted(duplicates.rows, 'row is', 'rows are')} equal to an earlier one`;
    alerts.push({ code: 'duplicate_rows', value: duplicates.rows, threshold: 0, detail });
  }
  for (const one of surveyed) alerts.push(...columnAlerts(one, columns.get(one.column.name)!));
  alerts.push(...correlationAlerts(correlations));
  if (drift !== undefined && reference !== undefined) alerts.push(...driftAlerts(surveyed, reference, drift));
  return alerts;
}

function columnAlerts(surveyed: Surveyed, profile: ColumnProfile): Alert[] {
  const { column, rows, sorted } = surveyed;
  const alerts: Alert[] = [];
  const add = (code: AlertCode, value: number, threshold: number | null, detail: string): void => {
    alerts.push({ code, column: column.name, value, threshold, detail });
  };
  if (profile.count === 0) {
    add('all_missing', rows, null, 'every value is missing');
    return alerts;
  }
  if (profile.missing_share > THRESHOLDS.missing)
    add(
      'many_missing',
      profile.missing_share,
      THRESHOLDS.missing,
      `${percent(profile.missing_share)} of the values are missing`,
    );
  if (profile.type === 'mixed') add('mixed_types', profile.n_unique, null, 'values of several types');
  if (profile.n_unique === 1) {
    add('constant', 1, 1, 'one value throughout');
    return alerts;
  }
  // Measured numbers mostly differ all: only whole ones may be a key.
  if (profile.n_unique === rows && sorted?.every((value) => Number.isInteger(value)) !== false)
    add('unique', profile.n_unique, rows, 'every value is different');
  if (profile.type === 'number') {
    if (profile.zeros_share > THRESHOLDS.zeros)
      add(
        'many_zeros',
        profile.zeros_share,
        THRESHOLDS.zeros,
        `${percent(profile.zeros_share)} of the values are 0`,
      );
    if (profile.infinite > 0)
      add('infinite', profile.infinite, 0, `${counted(profile.infinite, 'value is', 'values are')} infinite`);
    if (profile.skew !== null && Math.abs(profile.skew) > THRESHOLDS.skew)
      add('skewed', profile.skew, THRESHOLDS.skew, `skewness of ${digits(profile.skew)}`);
    return alerts;
  }
  if (profile.type === 'timestamp') return alerts;
  if (profile.n_unique > THRESHOLDS.cardinality)
    add('high_cardinality', profile.n_unique, THRESHOLDS.cardinality, `${profile.n_unique} different values`);
  const imbalance = imbalanceOf(surveyed, profile);
  if (imbalance > THRESHOLDS.imbalance)
    add('imbalance', imbalance, THRESHOLDS.imbalance, 'few of the values make up most of the rows');
  return alerts;
}

/** 1 − entropy / greatest entropy: 0 where all values are as frequent, near 1 where one of them is nearly all. */
function imbalanceOf({ coded }: Surveyed, profile: ColumnProfile): number {
  const counts = profile.type === 'boolean' ? [profile.true, profile.false] : (coded?.counts ?? []);
  let entropy = 0;
  for (const count of counts) {
    const share = count / profile.count;
    if (share > 0) entropy -= share * Math.log2(share);
  }
  return 1 - entropy / Math.log2(profile.n_unique);
}

/** One a pair, by the larger of its coefficients. */
function correlationAlerts({ pearson, spearman }: Profile['correlations']): Alert[] {
  const alerts: Alert[] = [];
  const names = pearson?.columns ?? [];
  const valueOf = (of: Correlations | undefined, i: number, j: number): number => of?.matrix[i]?.[j] ?? 0;
  names.forEach((column, i) => {
    for (let j = i + 1; j < names.length; j++) {
      const [r, rho] = [valueOf(pearson, i, j), valueOf(spearman, i, j)];
      const isPearson = Math.abs(r) >= Math.abs(rho);
      const value = isPearson ? r : rho;
      if (Math.abs(value) < THRESHOLDS.correlation) continue;
      const detail = `${isPearson ? 'Pearson' : 'Spearman'} correlation of ${digits(value)}`;
      const threshold = THRESHOLDS.correlation;
      alerts.push({ code: 'high_correlation', column, other: names[j]!, value, threshold, detail });
    }
  });
  return alerts;
}

function driftAlerts(
  surveyed: readonly Surveyed[],
  reference: ReadonlyMap<string, Surveyed>,
  drift: Drift,
): Alert[] {
  const alerts: Alert[] = [];
  const names = new Set(surveyed.map(({ column }) => column.name));
  for (const { column } of surveyed) {
    const { name, type } = column;
    const other = reference.get(name);
    const found = drift.columns.get(name);
    const none = { column: name, value: null, threshold: null };
    if (other === undefined || found === undefined) {
      alerts.push({ code: 'missing_in_reference', ...none, detail: 'the reference has no such column' });
    } else if (other.column.type !== type) {
      const detail = `${other.column.type} in the reference, ${type} in the data`;
      alerts.push({ code: 'type_changed', ...none, detail });
    } else if (found.drifted) {
      const value = found.p_value ?? found.distance ?? null;
      const measure = found.p_value === undefined ? 'distance' : 'p-value';
      const detail = `drift by ${found.test ?? ''}: ${measure} ${value === null ? 'infinite' : digits(value)}`;
      alerts.push({ code: 'drift', column: name, value, threshold: found.threshold, detail });
    }
  }
  for (const name of reference.keys()) {
    if (names.has(name)) continue;
    const none = { column: name, value: null, threshold: null };
    alerts.push({
      code: 'missing_in_data',
      ...none,
      detail: 'the reference has such a column, the data has not',
    });
  }
  return alerts;
}

const digits = (value: number): string => String(Number(value.toPrecision(3)));
const percent = (share: number): string => `${digits(share * 100)} %`;
const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;
