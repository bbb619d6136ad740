/** NIST's Statistical Reference Datasets, read from the files as NIST and commons-math have them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { multiply, widened } from '../../src/domain/double-double.js';

const FOLDER = join(__dirname, '..', 'corpora', 'nist');

export interface UnivariateSet {
  readonly name: string;
  readonly values: Float64Array;
  readonly mean: number;
  readonly deviation: number;
  /** Lag 1. */
  readonly autocorrelation: number;
}

export interface AnovaSet {
  readonly name: string;
  /** One sample a treatment. */
  readonly samples: readonly Float64Array[];
  readonly ssBetween: number;
  readonly ssWithin: number;
  readonly f: number;
  readonly rSquared: number;
}

export interface LinearSet {
  readonly name: string;
  readonly columns: readonly Float64Array[];
  readonly y: Float64Array;
  readonly fitIntercept: boolean;
  /** The intercept first, where there is one; then one a column. */
  readonly coefficients: readonly number[];
  readonly standardErrors: readonly number[];
  readonly rSquared: number;
  /** ∞ where the fit is exact. */
  readonly f: number;
  readonly ssRegression: number;
  readonly ssResidual: number;
}

const NUMBER = /[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/gu;

function files(kind: string): { name: string; text: string }[] {
  return readdirSync(FOLDER)
    .filter((file) => file.startsWith(`${kind}_`))
    .sort()
    .map((file) => ({
      name: /_(\w+)\./u.exec(file)![1]!,
      text: readFileSync(join(FOLDER, file), 'utf8'),
    }));
}

function find(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`expected ${pattern.source} in a NIST file`);
  return Number(found);
}

function numbersIn(line: string): number[] {
  return (line.match(NUMBER) ?? []).map(Number);
}

/** Rows of numbers after the heading `Data:` that names their columns. */
function rowsOf(text: string): number[][] {
  const lines = text.split(/\r?\n/u);
  const heading = lines.findLastIndex((line) => line.startsWith('Data:'));
  return lines
    .slice(heading + 1)
    .map(numbersIn)
    .filter((row) => row.length > 0);
}

export const UNIVARIATE: readonly UnivariateSet[] = files('univariate').map(({ name, text }) => {
  const lines = text.trimEnd().split(/\r?\n/u);
  const first = lines.findLastIndex((line) => !/^\s*[-+\d.eE]+\s*$/u.test(line) || /^-+$/u.test(line)) + 1;
  return {
    name,
    values: Float64Array.from(lines.slice(first), Number),
    mean: find(text, /(?:Sample Mean\s+ybar:|^mean\s+=)\s*(\S+)/mu),
    deviation: find(text, /(?:Sample Standard Deviation.*s:|^standardDeviation\s+=)\s*(\S+)/mu),
    autocorrelation: find(
      text,
      /(?:Sample Autocorrelation.*r\(1\):|^autocorrelationCoefficient\s+=)\s*(\S+)/mu,
    ),
  };
});

export const ANOVA: readonly AnovaSet[] = files('anova').map(({ name, text }) => {
  const [, ssBetween, , f] = numbersIn(/^Between \S+(.*)$/mu.exec(text)![1]!);
  const [, ssWithin] = numbersIn(/^Within \S+(.*)$/mu.exec(text)![1]!);
  const bySample = new Map<number, number[]>();
  for (const [treatment, value] of rowsOf(text)) {
    const sample = bySample.get(treatment!);
    if (sample === undefined) bySample.set(treatment!, [value!]);
    else sample.push(value!);
  }
  return {
    name,
    samples: [...bySample.values()].map((sample) => Float64Array.from(sample)),
    ssBetween: ssBetween!,
    ssWithin: ssWithin!,
    f: f!,
    rSquared: find(text, /Certified R-Squared\s+(\S+)/u),
  };
});

/** Rounded once, which Math.pow does not promise. */
function power(x: number, exponent: number): number {
  let product = widened(x);
  for (let factor = 1; factor < exponent; factor++) product = multiply(product, widened(x));
  return product.hi;
}

/** Highest power of x in the sets that are polynomials in one column. */
const DEGREES: Readonly<Record<string, number>> = {
  Filip: 10,
  Pontius: 2,
  Wampler1: 5,
  Wampler2: 5,
  Wampler3: 5,
  Wampler4: 5,
  Wampler5: 5,
};

export const LINEAR: readonly LinearSet[] = files('linear').map(({ name, text }) => {
  const estimates = [...text.matchAll(/^\s+B(\d+)\s+(\S+)\s+(\S+)\s*$/gmu)];
  const rows = rowsOf(text);
  const degree = DEGREES[name];
  const predictors = rows.map(([, ...x]) =>
    degree === undefined ? x : Array.from({ length: degree }, (_, place) => power(x[0]!, place + 1)),
  );
  const table = /^Regression\s+\d+\s+(\S+)\s+\S+\s+(\S+)\s*$/mu.exec(text)!;
  return {
    name,
    columns: predictors[0]!.map((_, j) => Float64Array.from(predictors, (row) => row[j]!)),
    y: Float64Array.from(rows, ([y]) => y!),
    fitIntercept: estimates[0]![1] === '0',
    coefficients: estimates.map(([, , estimate]) => Number(estimate)),
    standardErrors: estimates.map(([, , , error]) => Number(error)),
    rSquared: find(text, /R-Squared\s+(\S+)/u),
    f: table[2] === 'Infinity' ? Infinity : Number(table[2]),
    ssRegression: Number(table[1]),
    ssResidual: find(text, /^Residual\s+\d+\s+(\S+)/mu),
  };
});
