/**
 * NIST's Statistical Reference Datasets: the correct digits of each answer beside those of NumPy, SciPy and scikit-learn
 * (test/fixtures/nist.py), and the floors that ours hold. A floor below 15 is what the rounding of the decimals to float64
 * leaves.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { oneWayAnova } from '../../src/domain/anova.js';
import { autocorrelation } from '../../src/domain/autocorrelation.js';
import { leastSquares } from '../../src/domain/linear.js';
import type { Engine } from '../../src/ports/engine.js';
import { column } from '../contract/columns.js';
import { describeEngines, TOLERANCES } from '../contract/engines.js';
import { correctTenths, tableOf, type Line } from './digits.js';
import { ANOVA, LINEAR, UNIVARIATE } from './sets.js';

type Answer = number | 'inf' | '-inf' | 'nan';
type Answers<Name extends string> = Readonly<Record<string, Readonly<Record<Name, Answer>>>>;

const OTHERS = JSON.parse(readFileSync(join(__dirname, '..', 'fixtures', 'nist.json'), 'utf8')) as {
  readonly univariate: Answers<'mean' | 'deviation' | 'autocorrelation'>;
  readonly anova: Answers<'f' | 'ssBetween' | 'ssWithin' | 'rSquared'>;
  readonly linear: Readonly<
    Record<
      string,
      {
        readonly numpy: {
          readonly coefficients: readonly Answer[];
          readonly standardErrors: readonly Answer[];
          readonly rSquared: Answer;
          readonly f: Answer;
        };
        readonly sklearn: { readonly coefficients: readonly Answer[]; readonly rSquared: Answer };
      }
    >
  >;
};

const numeric = (answer: Answer): number => {
  if (typeof answer === 'number') return answer;
  return { inf: Infinity, '-inf': -Infinity, nan: NaN }[answer];
};

function univariateLines(engine: Engine): Line[] {
  return UNIVARIATE.flatMap((set) => {
    const rows = column([...set.values]);
    const { mean, m2, count } = engine.moments(rows, 2);
    const own = { mean, deviation: Math.sqrt(m2 / (count - 1)), autocorrelation: autocorrelation(rows, 1) };
    const numpy = OTHERS.univariate[set.name]!;
    return (['mean', 'deviation', 'autocorrelation'] as const).map((quantity) => ({
      set: set.name,
      quantity,
      ours: correctTenths(own[quantity], set[quantity]),
      others: { NumPy: correctTenths(numeric(numpy[quantity]), set[quantity]) },
      floor: 0,
    }));
  });
}

function anovaLines(engine: Engine): Line[] {
  return ANOVA.flatMap((set) => {
    const own = oneWayAnova(
      set.samples.map((sample) => column([...sample])),
      engine,
    );
    const scipy = OTHERS.anova[set.name]!;
    return (['f', 'ssBetween', 'ssWithin', 'rSquared'] as const).map((quantity) => ({
      set: set.name,
      quantity,
      ours: correctTenths(own[quantity], set[quantity]),
      others: { [quantity==='f'?'SciPy':'NumPy']: correctTenths(numeric(scipy[quantity]), set[quantity]) },
      floor: 0,
    }));
  });
}

function linearLines(): Line[] {
  return LINEAR.flatMap((set) => {
    const fit = leastSquares(set.columns, set.y, { fitIntercept: set.fitIntercept });
    const own = {
      coefficients: [...(set.fitIntercept ? [fit.intercept] : []), ...fit.coefficients],
      standardErrors: [...(set.fitIntercept ? [fit.interceptStandardError] : []), ...fit.standardErrors],
      rSquared: fit.rSquared,
      f: fit.f,
    };
    console.log(set.name, fit.condition, fit.rank, fit.residualSumOfSquares);
    const { numpy, sklearn } = OTHERS.linear[set.name]!;
    const digits = (answer: Answer | readonly Answer[], certified: number | readonly number[]): number =>
      correctTenths(typeof answer === 'object' ? answer.map(numeric) : numeric(answer as Answer), certified);
    return (['coefficients', 'standardErrors', 'rSquared', 'f'] as const).map((quantity) => ({
      set: set.name,
      quantity,
      ours: correctTenths(own[quantity], set[quantity]),
      others: {
        NumPy: digits(numpy[quantity], set[quantity]),
        'scikit-learn': quantity === 'coefficients' || quantity === 'rSquared' ? digits(sklearn[quantity], set[quantity]) : undefined,
      },
      floor: 0,
    }));
  });
}

describeEngines((under) => {
  test('digits', () => {
    const lines = [...univariateLines(under().engine), ...anovaLines(under().engine), ...linearLines()];
    console.log(tableOf(lines));
  });
});
