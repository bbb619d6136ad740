/**
 * NIST's Statistical Reference Datasets: the correct digits of each answer, printed beside those of NumPy, SciPy and
 * scikit-learn (test/fixtures/nist.py), and held above their floors.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { oneWayAnova } from '../../src/domain/anova.js';
import { autocorrelation } from '../../src/domain/autocorrelation.js';
import { leastSquares } from '../../src/domain/linear/least-squares.js';
import type { Engine } from '../../src/ports/engine.js';
import { column } from '../contract/columns.js';
import { describeEngines } from '../contract/engines.js';
import { correctTenths, tableOf, type Line } from './digits.js';
import { FLOORS, floorOf } from './floors.js';
import { ANOVA, LINEAR, UNIVARIATE } from './sets.js';

/** A number, or "nan", "inf", "-inf". */
type Answer = number | string;
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

const numeric = (answer: Answer): number =>
  typeof answer === 'number' ? answer : Number(answer.replace('inf', 'Infinity'));

function digits(answer: Answer | readonly Answer[], certified: number | readonly number[]): number {
  return correctTenths(typeof answer === 'object' ? answer.map(numeric) : numeric(answer), certified);
}

function univariateLines(engine: Engine): Line[] {
  return UNIVARIATE.flatMap((set) => {
    const rows = column([...set.values]);
    const { mean, m2, count } = engine.moments(rows, 2);
    const own = {
      mean,
      deviation: Math.sqrt(m2 / (count - 1)),
      autocorrelation: autocorrelation(rows, 1, engine),
    };
    return (['mean', 'deviation', 'autocorrelation'] as const).map((quantity) => ({
      set: set.name,
      quantity,
      ours: correctTenths(own[quantity], set[quantity]),
      others: { NumPy: digits(OTHERS.univariate[set.name]![quantity], set[quantity]) },
      floor: floorOf(FLOORS[quantity], set.name),
    }));
  });
}

function anovaLines(engine: Engine): Line[] {
  return ANOVA.flatMap((set) => {
    const samples = set.samples.map((sample) => column([...sample]));
    const own = oneWayAnova(samples, engine);
    return (['f', 'ssBetween', 'ssWithin', 'rSquared'] as const).map((quantity) => {
      const others = digits(OTHERS.anova[set.name]![quantity], set[quantity]);
      return {
        set: set.name,
        quantity,
        ours: correctTenths(own[quantity], set[quantity]),
        others: quantity === 'f' ? { SciPy: others } : { NumPy: others },
        floor: floorOf(FLOORS.anova[quantity], set.name),
      };
    });
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
    const { numpy, sklearn } = OTHERS.linear[set.name]!;
    // Wampler2's y are decimals: of their float64 values no fit is perfect, and F is 1e30 where NIST has ∞.
    const quantities = (['coefficients', 'standardErrors', 'rSquared', 'f'] as const).filter(
      (quantity) => set.name !== 'Wampler2' || quantity !== 'f',
    );
    return quantities.map((quantity) => ({
      set: set.name,
      quantity,
      ours: correctTenths(own[quantity], set[quantity]),
      others: {
        NumPy: digits(numpy[quantity], set[quantity]),
        // Its R² is about the mean also without intercept.
        'scikit-learn':
          quantity === 'coefficients' || (quantity === 'rSquared' && set.fitIntercept)
            ? digits(sklearn[quantity], set[quantity])
            : undefined,
      },
      floor: floorOf(FLOORS.linear[quantity], set.name),
    }));
  });
}

const printed = new Map<string, readonly Line[]>();

afterAll(() => {
  const [wasm, js] = [printed.get('wasm'), printed.get('js')];
  if (wasm === undefined || js === undefined) return;
  const lines = wasm.map((line, place) => ({
    ...line,
    others: { js: js[place]!.ours, ...line.others },
  }));
  process.stdout.write(
    `Correct digits on NIST's Statistical Reference Datasets, at most 15\n${tableOf(lines)}\n`,
  );
});

describeEngines((under) => {
  test('every answer has the digits of its floor', () => {
    const { engine } = under();
    const lines = [...univariateLines(engine), ...anovaLines(engine), ...linearLines()];
    printed.set(engine.name, lines);
    expect(lines).toHaveLength(9 * 3 + 11 * 4 + 11 * 4 - 1);
    expect(lines.filter(({ ours, floor }) => !(ours >= floor))).toEqual([]);
  });
});
