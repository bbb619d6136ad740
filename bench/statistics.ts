import { writeJson } from '../src/adapters/json/write.js';
import { optionsCheck } from '../src/adapters/schema/options.js';
import { readConfig } from '../src/config.js';
import { endpoints } from '../src/domain/endpoints.js';
import type { Result } from '../src/domain/endpoint.js';
import { Notes } from '../src/domain/notes.js';
import { UNWATCHED } from '../src/domain/progress.js';
import { Trace } from '../src/domain/trace.js';
import type { Json } from '../src/ports/formats.js';
import type { Numbers, Table } from '../src/ports/tables.js';
import type { Row } from './compare.js';
import { blobs, mulberry32, normal, unseen } from './data.js';
import type { DirectPython, Operation } from './direct.js';
import { duel, withColumns } from './python.js';
import type { Seat } from './stage.js';

const ROWS = 1_000_000;
const AT_LEAST = 3;
const LIMITS = readConfig({}).tableLimits;
const checks = optionsCheck(endpoints);

/** What an endpoint answers over columns named c0, c1, …, as a lane computes it; nothing is encoded. */
function answer(
  seat: Seat,
  name: string,
  columns: readonly Numbers[],
  options: Readonly<Record<string, unknown>>,
): Result {
  const endpoint = endpoints.find((one) => one.name === name);
  if (endpoint === undefined) throw new RangeError(`no endpoint ${name}`);
  const names = columns.map((_, i) => `c${i}`);
  const numbers = new Map(columns.map((one, i) => [`c${i}`, unseen(one)]));
  const table: Table = {
    rows: columns[0]!.length,
    names,
    column: (column) => ({
      name: column,
      type: 'number',
      numbers: numbers.get(column)!,
      inexact: 0,
      cells: () => [],
    }),
  };
  const checked = checks.options(name, { body: options, beside: new Map(), query: [], depth: 32 });
  const { engine, arena: space } = seat;
  const question = {
    table,
    options: checked.values,
    pointer: checked.pointer,
    part: (part: string, value: unknown, at: string) => checks.part(name, part, value, at),
    engine,
    space,
    limits: LIMITS,
    notes: new Notes(),
    checkpoint: () => undefined,
    progress: UNWATCHED,
    trace: new Trace(),
    sha256: () => '',
    version: '',
    accept: 'json' as const,
    writeJson,
  };
  const result = endpoint.run(question);
  if (result instanceof Promise) throw new TypeError(`expected ${name} to answer at once`);
  return result;
}

/** Follows keys and places into a result; undefined where there is nothing. */
function at(value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined {
  return path.reduce<Json | undefined>((here, step) => {
    if (here instanceof Map) return (here as ReadonlyMap<string, Json>).get(String(step));
    if (typeof here !== 'object' || here === null) return undefined;
    return (here as Readonly<Record<string | number, Json>>)[step];
  }, value);
}

const number = (value: Json | undefined): number => (typeof value === 'number' ? value : NaN);

interface Contest {
  readonly name: string;
  readonly rivalName: string;
  readonly endpoint: string;
  /** Of the columns that were loaded, the first so many. */
  readonly columns: number;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly operation: Omit<Operation, 'name'>;
  /** Figures of ours that the rival has too. */
  readonly figures: (results: Json, table: Table | undefined) => readonly number[];
  readonly agree?: number;
}

/** A test of SciPy's by its name over the first so many columns, with parameters that both take by the same names. */
function scipy(
  test: string,
  columns: number,
  parameters: Readonly<Record<string, number | string>> = {},
  about: Partial<Contest> = {},
): Contest {
  return {
    name: `${test}, ${columns} × 1,000,000`,
    rivalName: 'SciPy',
    endpoint: test,
    columns,
    options: parameters,
    operation: { what: 'statistic', options: { test, columns, ...parameters } },
    figures: (results) =>
      [at(results, 'statistic'), at(results, 'p_value')].filter((value) => value !== undefined).map(number),
    agree: 1e-8,
    ...about,
  };
}

/** Columns that go together a little and differ a little: no test is decided before it begins. */
const samples = (): Float64Array[] => {
  const common = normal(601, ROWS);
  return Array.from({ length: 16 }, (_, i) =>
    normal(602 + i, ROWS).map((own, row) => own + 0.05 * common[row]! + 0.0005 * i),
  );
};

/** Whole numbers above zero. */
const counts = (): Float64Array[] => {
  const next = mulberry32(641);
  return Array.from({ length: 2 }, () =>
    Float64Array.from({ length: ROWS }, () => 20 + Math.floor(9 * next())),
  );
};

/** Values in tens, so that ties are many, and a key of ten groups behind them. */
const groups = (): Float64Array[] => {
  const next = mulberry32(651);
  return [...blobs(652, ROWS, 3, 3), Float64Array.from({ length: ROWS }, () => Math.floor(10 * next()))];
};

const TESTS: readonly Contest[] = [
  scipy('ttest_1samp', 1, { popmean: 0 }),
  scipy('ttest_ind', 2),
  scipy('ttest_rel', 2),
  scipy('f_oneway', 3),
  scipy('kruskal', 3),
  scipy('mannwhitneyu', 2),
  scipy('wilcoxon', 2),
  scipy('ks_1samp', 1, {}, { options: { cdf: 'norm', args: [0, 1] } }),
  scipy('ks_2samp', 2),
  scipy('shapiro', 1, {}, { agree: 1e-6 }),
  scipy('normaltest', 1),
  scipy('jarque_bera', 1),
  scipy('anderson', 1),
  scipy('levene', 2),
  scipy('bartlett', 2),
  scipy('pearsonr', 2),
  scipy('spearmanr', 2),
  scipy('kendalltau', 2),
];

const TABLES: readonly Contest[] = [scipy('chisquare', 1), scipy('chi2_contingency', 2)];

const matrix = (results: Json): number[] =>
  (at(results, 'matrix') as readonly (readonly Json[])[]).flatMap((row) => Array.from(row, number));

const correlation = (method: string, columns: number): Contest => ({
  name: `correlate, ${method}, 1,000,000 × ${columns}`,
  rivalName: 'pandas',
  endpoint: 'correlate',
  columns,
  options: { method },
  operation: { what: 'correlation', options: { method } },
  figures: matrix,
});

const values = (table: Table | undefined, name: string, from: number, to: number): number[] => {
  const column = table?.names.includes(name) === true ? table.column(name) : undefined;
  return column !== undefined && 'numbers' in column
    ? column.numbers.chunks.flatMap((chunk) => Array.from(chunk.values.subarray(from, to)))
    : [NaN];
};

/** Five rows of the table of a features answer, row after row. */
const firstRows =
  (names: readonly string[]) =>
  (_results: Json, table: Table | undefined): number[] => {
    const columns = names.map((name) => values(table, name, 0, 5));
    return Array.from({ length: 5 }, (_, row) => columns.map((column) => column[row] ?? NaN)).flat();
  };

const FIRST = ['c0', 'c1', 'c2', 'c3'];

/** fit_transform of a transformer of scikit-learn. */
function sklearn(
  step: string,
  of: string,
  kind: string,
  parameters: Readonly<Record<string, number | string>> = {},
  about: Partial<Contest> & { readonly names?: readonly string[] } = {},
): Contest {
  const { names, ...rest } = about;
  const columns = about.columns ?? 4;
  return {
    name: `${step}, 1,000,000 × ${columns}`,
    rivalName: 'scikit-learn',
    endpoint: 'features',
    columns,
    options: { steps: [{ name: step, ...parameters }] },
    operation: { what: 'transformer', options: { of, kind, columns, ...parameters } },
    figures: firstRows(names ?? FIRST.slice(0, columns)),
    ...rest,
  };
}

const TRANSFORMERS: readonly Contest[] = [
  sklearn('standard_scaler', 'preprocessing', 'StandardScaler'),
  sklearn('min_max_scaler', 'preprocessing', 'MinMaxScaler'),
  sklearn('robust_scaler', 'preprocessing', 'RobustScaler'),
  sklearn('simple_imputer', 'impute', 'SimpleImputer'),
  sklearn(
    'polynomial_features',
    'preprocessing',
    'PolynomialFeatures',
    { degree: 2 },
    {
      names: [
        '1',
        ...FIRST,
        'c0^2',
        'c0 c1',
        'c0 c2',
        'c0 c3',
        'c1^2',
        'c1 c2',
        'c1 c3',
        'c2^2',
        'c2 c3',
        'c3^2',
      ],
    },
  ),
  sklearn('power_transformer', 'preprocessing', 'PowerTransformer', {}, { agree: 1e-6, columns: 1 }),
  sklearn('quantile_transformer', 'preprocessing', 'QuantileTransformer', { subsample: ROWS }),
  sklearn('k_bins_discretizer', 'preprocessing', 'KBinsDiscretizer', { encode: 'ordinal' }),
  sklearn('variance_threshold', 'feature_selection', 'VarianceThreshold'),
  sklearn('pca', 'decomposition', 'PCA', { n_components: 2 }, { columns: 16, names: ['pca0', 'pca1'] }),
];

/** The last five of the column that a series step makes. */
const series = (
  name: string,
  step: Readonly<Record<string, unknown>>,
  column: string,
  operation: Readonly<Record<string, number | string>>,
): Contest => ({
  name: `${name}, 1,000,000`,
  rivalName: 'pandas',
  endpoint: 'features',
  columns: 1,
  options: { steps: [step] },
  operation: { what: 'series', options: operation },
  figures: (_results, table) => values(table, column, ROWS - 5, ROWS),
});

const SERIES: readonly Contest[] = [
  series('diff', { name: 'diff', periods: 1 }, 'c0', { method: 'diff' }),
  series('rolling mean of 50', { name: 'rolling', window: 50, agg: 'mean' }, 'c0', {
    method: 'rolling',
    window: 50,
    then: 'mean',
  }),
  series('rolling median of 50', { name: 'rolling', window: 50, agg: 'median' }, 'c0', {
    method: 'rolling',
    window: 50,
    then: 'median',
  }),
  ...(['sum', 'std', 'min', 'max'] as const).map((agg) =>
    series(`rolling ${agg} of 50`, { name: 'rolling', window: 50, agg }, 'c0', {
      method: 'rolling',
      window: 50,
      then: agg,
    }),
  ),
  series('lag', { name: 'lag', periods: 1 }, 'c0', { method: 'shift', periods: 1 }),
  series('ewm, span 20', { name: 'ewm', span: 20 }, 'c0', { method: 'ewm', span: 20, then: 'mean' }),
];

const SPECTRUM: Contest = {
  name: 'fft, magnitudes, 1,000,000',
  rivalName: 'SciPy',
  endpoint: 'features',
  columns: 1,
  options: { steps: [{ name: 'fft' }] },
  operation: { what: 'spectrum' },
  figures: (_results, table) => values(table, 'c0', 1, 6),
};

const OTHERS: readonly Contest[] = [
  {
    name: 'describe extended, 1,000,000 × 4',
    rivalName: 'pandas, NumPy, SciPy',
    endpoint: 'describe',
    columns: 4,
    options: { extended: true },
    operation: { what: 'extended' },
    figures: (results) =>
      ['skew', 'kurtosis', 'mad'].flatMap((key) =>
        ['c0', 'c1', 'c2', 'c3'].map((name) => number(at(results, name, key))),
      ),
  },
  {
    name: 'describe by ten groups, 1,000,000 × 3',
    rivalName: 'pandas',
    endpoint: 'describe',
    columns: 4,
    options: { groupby: 'c3' },
    operation: { what: 'grouped' },
    figures: (results) => [0, 1, 2, 3, 4].map((group) => number(at(results, group, 'c0', 'mean'))),
  },
];

/** Data, and what is measured on them. */
const PARTS: readonly { readonly make: () => Float64Array[]; readonly contests: readonly Contest[] }[] = [
  {
    make: samples,
    contests: [
      ...TESTS,
      ...['pearson', 'spearman'].map((method) => correlation(method, 16)),
      ...TRANSFORMERS,
      ...SERIES,
      SPECTRUM,
    ],
  },
  { make: () => samples().slice(0, 4), contests: [correlation('kendall', 4)] },
  { make: counts, contests: TABLES },
  { make: groups, contests: OTHERS },
];

/** The statistics endpoints over a seat, against SciPy, pandas and scikit-learn called directly. */
export async function measureStatistics(
  seat: Seat,
  python: DirectPython,
  told: (row: Row) => void,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { make, contests } of PARTS) {
    await withColumns(seat, python, make(), async (columns) => {
      for (const {
        name,
        rivalName,
        endpoint,
        options = {},
        operation,
        figures,
        agree,
        columns: width,
      } of contests) {
        const row = await duel(python, {
          group: 'statistics',
          name,
          rivalName,
          atLeast: AT_LEAST,
          operation: { name: 'x', ...operation },
          ours: () =>
            seat.arena.scratch(() => {
              const { results, table } = answer(seat, endpoint, columns.slice(0, width), options);
              return figures(results, table);
            }),
          ...(agree !== undefined && { agree }),
        });
        rows.push(row);
        told(row);
      }
    });
  }
  return rows;
}
