import type {
  Alert,
  AlertCode,
  ColumnDrift,
  ColumnProfile,
  Correlations,
  Profile,
} from '../../ports/profile.js';
import type { Column } from '../../ports/tables.js';
import { THRESHOLDS } from './thresholds.js';
import type { Coded } from './values.js';

/** A column and what was found of it. */
export interface Examined {
  readonly column: Column;
  readonly rows: number;
  readonly profile: ColumnProfile;
  /** Of what is no number. */
  readonly coded: Coded | undefined;
  /** Whether all its numbers are whole. */
  readonly isWhole: boolean;
  readonly drift: ColumnDrift | undefined;
}

/** What a reader of the table should know: of the whole, then in column order, of pairs, of drift. */
export function alertsOf(
  examined: readonly Examined[],
  { duplicates, correlations }: Pick<Profile, 'duplicates' | 'correlations'>,
  reference: ReadonlyMap<string, Column> | undefined,
): Alert[] {
  const alerts: Alert[] = [];
  if (duplicates.rows > 0) {
    const detail = `${counted(duplicates.rows, 'row is', 'rows are')} equal to an earlier one`;
    alerts.push({ code: 'duplicate_rows', value: duplicates.rows, threshold: 0, detail });
  }
  for (const one of examined) alerts.push(...columnAlerts(one));
  alerts.push(...correlationAlerts(correlations));
  if (reference !== undefined) alerts.push(...driftAlerts(examined, reference));
  return alerts;
}

function columnAlerts(examined: Examined): Alert[] {
  const { column, rows, profile, isWhole } = examined;
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
  if (profile.n_unique === rows && (profile.type !== 'number' || isWhole))
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
  const imbalance = imbalanceOf(examined);
  if (imbalance > THRESHOLDS.imbalance)
    add('imbalance', imbalance, THRESHOLDS.imbalance, 'few of the values make up most of the rows');
  return alerts;
}

/** 1 − entropy / greatest entropy: 0 where all values are as frequent, near 1 where one of them is nearly all. */
function imbalanceOf({ coded, profile }: Examined): number {
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
      // Of equal ones Pearson's, whatever the last digits are.
      const isPearson = Math.abs(r) >= Math.abs(rho) - 1e-9;
      const value = isPearson ? r : rho;
      if (Math.abs(value) < THRESHOLDS.correlation) continue;
      const detail = `${isPearson ? 'Pearson' : 'Spearman'} correlation of ${digits(value)}`;
      const threshold = THRESHOLDS.correlation;
      alerts.push({ code: 'high_correlation', column, other: names[j]!, value, threshold, detail });
    }
  });
  return alerts;
}

function driftAlerts(examined: readonly Examined[], reference: ReadonlyMap<string, Column>): Alert[] {
  const alerts: Alert[] = [];
  const names = new Set(examined.map(({ column }) => column.name));
  for (const { column, drift: found } of examined) {
    const { name, type } = column;
    const other = reference.get(name);
    const none = { column: name, value: null, threshold: null };
    if (other === undefined || found === undefined) {
      alerts.push({ code: 'missing_in_reference', ...none, detail: 'the reference has no such column' });
    } else if (other.type !== type) {
      const detail = `${other.type} in the reference, ${type} in the data`;
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
