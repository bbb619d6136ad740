/** The golden cases: what pandas, SciPy and scikit-learn answered (see test/golden/README.md). */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from './columns.js';

/** "nan", "inf" and "-inf" stand for themselves. */
type Golden = number | string;

interface GoldenFile {
  readonly name: string;
  readonly options: { readonly k: number; readonly seed: number; readonly popmean: number };
  readonly data: readonly Readonly<Record<string, number | boolean | string | null>>[];
  readonly expected: {
    readonly summary: Readonly<Record<string, Readonly<Record<string, Golden>>>>;
    readonly clusters?: Readonly<Record<string, Readonly<Record<string, Golden>>>>;
    readonly kmeans?: {
      readonly labels: readonly number[];
      readonly centers: readonly (readonly number[])[];
      readonly inertia: number;
      readonly n_iter: number;
    };
    readonly moments?: Readonly<Record<string, Readonly<Record<string, Golden>>>>;
  };
}

export interface GoldenCase extends Omit<GoldenFile, 'data'> {
  readonly rows: (name: string) => Row[];
  /** Columns that k-means takes: numbers, not booleans. */
  readonly numeric: readonly string[];
}

const FOLDER = join(__dirname, '..', 'golden');

export const goldenNumber = (value: Golden): number =>
  value === 'nan' ? NaN : value === 'inf' ? Infinity : value === '-inf' ? -Infinity : Number(value);

export const GOLDEN: readonly GoldenCase[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => {
    const { data, ...rest } = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as GoldenFile;
    return {
      ...rest,
      numeric: Object.keys(rest.expected.summary).filter((name) => 'mean' in rest.expected.summary[name]!),
      rows: (name) =>
        data.map((row) => {
          const cell = row[name];
          return cell === null || cell === undefined ? null : Number(cell);
        }),
    };
  });
