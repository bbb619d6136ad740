import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The part of jstat that is measured; the package ships no types. */
export interface JStat {
  mean(values: readonly number[]): number;
  stdev(values: readonly number[], sample: boolean): number;
  skewness(values: readonly number[]): number;
  kurtosis(values: readonly number[]): number;
  min(values: readonly number[]): number;
  max(values: readonly number[]): number;
  quantiles(values: readonly number[], q: readonly number[], alphap: number, betap: number): number[];
  readonly studentt: { cdf(t: number, df: number): number; inv(p: number, df: number): number };
  readonly chisquare: { cdf(x: number, df: number): number };
}

/** The part of simple-statistics that is measured. */
export interface SimpleStatistics {
  mean(values: readonly number[]): number;
  sampleStandardDeviation(values: readonly number[]): number;
  sampleSkewness(values: readonly number[]): number;
  sampleKurtosis(values: readonly number[]): number;
  min(values: readonly number[]): number;
  max(values: readonly number[]): number;
  quantile(values: readonly number[], q: readonly number[]): number[];
}

export interface NodeRivals {
  readonly kmeans: typeof import('ml-kmeans').kmeans;
  readonly kmeansGenerator: typeof import('ml-kmeans').kmeansGenerator;
  readonly jStat: JStat;
  /** Null where it is not installed. */
  readonly simple: SimpleStatistics | null;
}

/** Folder of the package, from the sources as from dist/. */
export function packageRoot(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, 'asconfig.json'))) {
    const parent = dirname(folder);
    if (parent === folder)
      throw new Error('expected to run inside the package, found no asconfig.json above');
    folder = parent;
  }
  return folder;
}

/**
 * Loads the rivals of bench/rivals/node. Two of them are dependencies of the service in the same version, and Node finds
 * those further up when the package of the rivals is not installed; so only the third needs `install`, from the registry.
 */
export async function nodeRivals(install: boolean): Promise<NodeRivals> {
  const folder = join(packageRoot(), 'bench', 'rivals', 'node');
  const require = createRequire(join(folder, 'package.json'));
  if (install && !existsSync(join(folder, 'node_modules', 'simple-statistics'))) npmInstall(folder);
  const { kmeans, kmeansGenerator } = (await import(
    pathToFileURL(require.resolve('ml-kmeans')).href
  )) as typeof import('ml-kmeans');
  const { jStat } = require('jstat') as { jStat: JStat };
  return {
    kmeans,
    kmeansGenerator,
    jStat,
    simple: optional(require, 'simple-statistics') as SimpleStatistics | null,
  };
}

function optional(require: NodeJS.Require, name: string): unknown {
  try {
    return require(name) as unknown;
  } catch {
    return null;
  }
}

function npmInstall(folder: string): void {
  try {
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], folder, 120_000);
  } catch (error) {
    console.log(`simple-statistics cannot be installed (${reason(error)}): measuring without it`);
  }
}

/** Where the Python rivals live, and the interpreter that has their packages. */
export interface PythonRivals {
  readonly folder: string;
  readonly python: string;
}

/**
 * Makes bench/rivals/python/.venv where there is none. Null, with a line that says why, where that cannot be.
 * What is already there is never cleared or repaired: it may be a link to somebody's own environment.
 */
export function pythonRivals(folder = join(packageRoot(), 'bench', 'rivals', 'python')): PythonRivals | null {
  const environment = join(folder, '.venv');
  const python = join(environment, 'bin', 'python');
  try {
    if (lstatSync(environment, { throwIfNoEntry: false }) === undefined) {
      console.log('making bench/rivals/python/.venv (pandas, scikit-learn, pyarrow, DuckDB; some minutes)');
      run('python3', ['-m', 'venv', '.venv'], folder, 120_000);
      run(python, ['-m', 'pip', 'install', '--quiet', '-r', 'requirements.txt'], folder, 900_000);
    }
    run(python, ['-c', 'import fastapi, numpy, pandas, pyarrow, scipy, sklearn, uvicorn'], folder, 120_000);
    return { folder, python };
  } catch (error) {
    console.log(
      `the Python rivals cannot be set up (${reason(error)}): measuring without them; ` +
        'remove bench/rivals/python/.venv to have it made again',
    );
    return null;
  }
}

function run(command: string, args: readonly string[], cwd: string, timeout: number): void {
  execFileSync(command, args, { cwd, timeout, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** The last line of what a command said on stderr, else the error's own first line. */
export function reason(error: unknown): string {
  // Null when the command could not even be started.
  const stderr = error instanceof Error && 'stderr' in error ? error.stderr : null;
  const said = Buffer.isBuffer(stderr) ? stderr.toString().trim() : '';
  const text = said === '' ? String(error instanceof Error ? error.message : error) : said;
  return (text.split('\n').at(-1) ?? text).slice(0, 200);
}
