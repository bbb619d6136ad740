/** Linear models beyond scikit-learn's answers: NIST's digits, inference, large tables, warnings and refusals. */
import { byNormalEquations } from '../../src/domain/models/normal-equations.js';
import { permutation } from '../../src/domain/permutation.js';
import { leastSquares } from '../../src/domain/linear/least-squares.js';
import { correctDigits } from '../nist/digits.js';
import { LINEAR } from '../nist/sets.js';
import { GOLDEN, distance } from './golden.js';
import {
  classesTarget,
  codesOf,
  featuresOf,
  fitted,
  numbersTarget,
  openTools,
  type Fitted,
} from './lesson.js';

const coefficientsOf = ({ shown }: Fitted): Float64Array => shown['coef_'] as Float64Array;

interface Row {
  readonly name: string;
  readonly coefficient: number;
  readonly standard_error: number;
  readonly t: number;
  readonly p_value: number;
  readonly confidence_interval: readonly [number, number];
}

test.each(LINEAR.filter(({ name }) => name !== 'Wampler2'))(
  'NIST $name: coefficients and standard errors',
  ({ columns, y, fitIntercept, coefficients, standardErrors, name }) => {
    const got = fitted('linear_regression', featuresOf(columns), numbersTarget(y), {
      fit_intercept: fitIntercept,
    });
    const rows = got.shown['coefficients'] as unknown as Row[];
    // Certified values are of decimals, of which float64 keeps fewer digits where columns are powers.
    const digits = name === 'Filip' ? 7 : name === 'Longley' ? 11 : 8;
    expect(
      correctDigits(
        rows.map((row) => row.coefficient),
        coefficients,
      ),
    ).toBeGreaterThan(digits);
    expect(
      correctDigits(
        rows.map((row) => row.standard_error),
        standardErrors,
      ),
    ).toBeGreaterThan(digits - 1);
    // Wampler1 is exact: its t are not finite.
    const warned = { Filip: ['ill_conditioned'], Wampler1: ['not_finite'] }[name];
    expect(codesOf(got)).toEqual(warned ?? []);
  },
);

test('Longley: t, p and 95 % intervals as statsmodels has them', () => {
  const { columns, y } = LINEAR.find(({ name }) => name === 'Longley')!;
  const { shown } = fitted('linear_regression', featuresOf(columns), numbersTarget(y));
  const [intercept, , , unemployed] = shown['coefficients'] as unknown as Row[];
  expect(intercept!.name).toBe('intercept');
  expect(intercept!.t).toBeCloseTo(-3.910802918, 8);
  expect(intercept!.p_value).toBeCloseTo(0.003560403664, 10);
  expect(unemployed!.confidence_interval[0]).toBeCloseTo(-3.1250664, 5);
  expect(unemployed!.confidence_interval[1]).toBeCloseTo(-0.91539297, 6);
  expect(shown).toMatchObject({ rank_: 6, df_model: 6, df_residual: 9 });
  expect(shown['r2']).toBeCloseTo(0.995479004577296, 12);
});

test('collinear columns are named, and get the coefficients of least norm', () => {
  const { columns, target } = GOLDEN.data['collinear']!;
  const got = fitted('linear_regression', featuresOf(columns), numbersTarget(target));
  expect(codesOf(got)).toEqual(['collinear_columns']);
  expect(got.shown['rank_']).toBe(3);
  expect(got.shown['collinear']).toHaveLength(1);
});

test('no degrees of freedom: nulls and a warning', () => {
  const { columns, target } = GOLDEN.data['wide']!;
  const got = fitted('linear_regression', featuresOf(columns), numbersTarget(target));
  expect(codesOf(got)).toContain('no_degrees_of_freedom');
  expect((got.shown['coefficients'] as unknown as Row[])[1]).toMatchObject({
    standard_error: null,
    p_value: null,
    confidence_interval: [null, null],
  });
});

const many = (values: readonly number[], times: number, order: Uint32Array): Float64Array => {
  const out = new Float64Array(values.length * times);
  for (let i = 0; i < out.length; i++) out[i] = values[order[i]! % values.length]!;
  return out;
};

test('an exact fit has no spread: t is null, and named', () => {
  const got = fitted('linear_regression', featuresOf([[1, 2, 3, 4]]), numbersTarget([2, 4, 6, 8]));
  expect(got.shown['coef_']).toEqual(Float64Array.of(2));
  expect((got.shown['coefficients'] as unknown as Row[])[1]).toMatchObject({ standard_error: 0, t: null });
  expect(codesOf(got)).toEqual(['not_finite']);
});

test('a single row, and a constant target', () => {
  const one = fitted('linear_regression', featuresOf([[3]]), numbersTarget([5]));
  expect(one.shown).toMatchObject({ intercept_: 5, r2: null, rank_: 0 });
  for (const name of ['ridge', 'lasso', 'elastic_net', 'linear_regression']) {
    const { shown } = fitted(name, featuresOf([[1, 2, 5]]), numbersTarget([0.1, 0.1, 0.1]));
    expect(shown['intercept_']).toBeCloseTo(0.1, 15);
    expect(Math.abs((shown['coef_'] as Float64Array)[0]!)).toBeLessThan(1e-15);
  }
});

test('sums of products are taken where they keep their digits, and only there', () => {
  const { engine } = openTools();
  const { columns, target } = GOLDEN.data['diabetes']!;
  const [x, y] = [featuresOf(columns).columns, Float64Array.from(target)];
  expect(byNormalEquations(x, y, true, engine)?.rank).toBe(10);
  expect(byNormalEquations([...x, x[0]!], y, true, engine)).toBeUndefined();
  expect(byNormalEquations(x, x[3]!, true, engine)).toBeUndefined();
  expect(byNormalEquations([x[0]!.map((value) => value + 1e6)], y, true, engine)).toBeUndefined();
});

test.each([true, false])(
  'many rows: sums of products have the digits of orthogonal factors, intercept %p',
  (fitIntercept) => {
    for (const data of ['penguins mass', 'diabetes', 'iris width']) {
      const { columns, target } = GOLDEN.data[data]!;
      const times = Math.ceil(2 ** 18 / target.length / columns.length) + 1;
      const order = permutation(4, target.length * times);
      const repeated = columns.map((column) => many(column, times, order));
      const y = many(target, times, order);
      const { shown } = fitted('linear_regression', featuresOf(repeated), numbersTarget(y), {
        fit_intercept: fitIntercept,
      });
      const want = leastSquares(repeated, y, { fitIntercept });
      expect(distance(shown['coef_'] as Float64Array, [...want.coefficients])).toBeLessThan(1e-11);
      const rows = shown['coefficients'] as unknown as Row[];
      const errors = [...(fitIntercept ? [want.interceptStandardError] : []), ...want.standardErrors];
      rows.forEach((row, k) => {
        expect(distance([row.standard_error], [errors[k]!])).toBeLessThan(1e-9);
      });
      expect(distance([shown['intercept_'] as number], [want.intercept], 1)).toBeLessThan(1e-9);
      expect(distance([shown['r2'] as number], [want.rSquared])).toBeLessThan(1e-11);
      expect(distance([shown['f'] as number], [want.f])).toBeLessThan(1e-9);
      expect(
        distance([shown['residual_standard_error'] as number], [want.residualStandardError]),
      ).toBeLessThan(1e-11);
      const ratio = (shown['condition'] as number) / want.condition;
      expect(ratio).toBeGreaterThan(0.1);
      expect(ratio).toBeLessThan(10);
    }
  },
);

test.each([
  ['ridge', { alpha: 400 }, { alpha: 1 }],
  ['lasso', { alpha: 0.1, tol: 1e-10 }, { alpha: 0.1, tol: 1e-10 }],
  ['elastic_net', { alpha: 0.01, tol: 1e-10 }, { alpha: 0.01, tol: 1e-10 }],
])('%s: rows 400 times over, by sums of products, weigh as much', (name, of, small) => {
  const { columns, target } = GOLDEN.data['diabetes']!;
  const order = permutation(1, target.length * 400);
  const large = fitted(
    name,
    featuresOf(columns.map((column) => many(column, 400, order))),
    numbersTarget(many(target, 400, order)),
    of,
  );
  const plain = fitted(name, featuresOf(columns), numbersTarget(target), small);
  expect(distance(coefficientsOf(large), [...coefficientsOf(plain)])).toBeLessThan(1e-9);
  expect(large.shown['n_iter_']).toBe(plain.shown['n_iter_']);
});

test.each(['iris', 'two of iris'])('logistic regression: %s 1,500 times over is the same', (data) => {
  const { columns, target } = GOLDEN.data[data]!;
  const order = permutation(2, target.length * 1500);
  const large = fitted(
    'logistic_regression',
    featuresOf(columns.map((column) => many(column, 1500, order))),
    classesTarget([...many(target, 1500, order)]),
    { C: 1 / 1500, tol: 1e-9 },
  );
  const plain = fitted('logistic_regression', featuresOf(columns), classesTarget(target), { tol: 1e-9 });
  const flat = ({ shown }: Fitted): number[] =>
    (shown['coef_'] as unknown as Float64Array[]).flatMap((row) => [...row]);
  expect(distance(flat(large), flat(plain))).toBeLessThan(1e-8);
});

test('softmax: coefficients of all classes add up to 0, probabilities to 1', () => {
  const { columns, target } = GOLDEN.data['penguins']!;
  const features = featuresOf(columns);
  const got = fitted('logistic_regression', features, classesTarget(target), {
    penalty: 'none',
    max_iter: 12,
  });
  const rows = got.shown['coef_'] as unknown as Float64Array[];
  rows[0]!.forEach((_, j) => {
    expect(Math.abs(rows.reduce((sum, row) => sum + row[j]!, 0))).toBeLessThan(1e-9);
  });
  const predicted = got.estimator.predict(got.state, features, got.tools);
  if (predicted.kind !== 'classes') throw new Error('expected classes');
  for (let row = 0; row < features.rows; row++) {
    const sum = [0, 1, 2].reduce((all, c) => all + predicted.probabilities![row * 3 + c]!, 0);
    expect(sum).toBeCloseTo(1, 14);
  }
});

test('classes that a line parts, without a penalty: it ends, and says so or separates them', () => {
  const column = [-3, -2, -1, 1, 2, 3];
  const features = featuresOf([column]);
  const got = fitted('logistic_regression', features, classesTarget([0, 0, 0, 1, 1, 1]), { penalty: null });
  const predicted = got.estimator.predict(got.state, features, got.tools);
  if (predicted.kind !== 'classes') throw new Error('expected classes');
  expect([...predicted.codes]).toEqual([0, 0, 0, 1, 1, 1]);
  expect(predicted.probabilities![11]).toBeGreaterThan(0.999);
  expect((got.shown['coef_'] as unknown as Float64Array[])[0]![0]).toBeLessThan(1e6);
});

test.each([
  ['lasso', { alpha: 1e-5, max_iter: 2 }, 'not_converged'],
  ['elastic_net', { alpha: 0 }, 'no_penalty'],
])('%s %j warns: %s', (name, parameters, code) => {
  const { columns, target } = GOLDEN.data['diabetes']!;
  expect(codesOf(fitted(name, featuresOf(columns), numbersTarget(target), parameters))).toContain(code);
});

test('logistic regression: max_iter is honoured, and warned of', () => {
  const { columns, target } = GOLDEN.data['penguins']!;
  const got = fitted('logistic_regression', featuresOf(columns), classesTarget(target), { max_iter: 2 });
  expect(codesOf(got)).toEqual(['not_converged']);
  expect(got.shown['n_iter_']).toEqual([2]);
});

test('a constant column has no say in any of them', () => {
  const { columns, target } = GOLDEN.data['diabetes']!;
  const constant = target.map(() => 0.1);
  for (const name of ['ridge', 'lasso', 'elastic_net']) {
    const got = coefficientsOf(fitted(name, featuresOf([...columns, constant]), numbersTarget(target)));
    expect(got.at(-1)).toBe(0);
  }
  const classes = target.map((value) => (value > 140 ? 1 : 0));
  const got = fitted('logistic_regression', featuresOf([...columns, constant]), classesTarget(classes), {
    penalty: null,
  });
  expect((got.shown['coef_'] as unknown as Float64Array[])[0]!.at(-1)).toBe(0);
});

test.each(['linear_regression', 'ridge', 'lasso', 'elastic_net', 'logistic_regression'])(
  '%s refuses no rows, no columns, infinite values and the wrong kind of target',
  (name) => {
    const right = name === 'logistic_regression' ? classesTarget([0, 1]) : numbersTarget([0, 1]);
    const wrong = name === 'logistic_regression' ? numbersTarget([0, 1]) : classesTarget([0, 1]);
    const fit =
      (columns: number[][], target = right) =>
      () =>
        fitted(name, featuresOf(columns), target);
    expect(fit([])).toThrow(/expected at least one column/u);
    expect(fit([[]])).toThrow(/expected at least one complete row/u);
    expect(fit([[1, Infinity]])).toThrow(/expected finite values in column x0, got Infinity/u);
    expect(fit([[1, 2]], wrong)).toThrow(/expected a target of/u);
  },
);

test('a single class cannot be told apart', () => {
  const fit = () => fitted('logistic_regression', featuresOf([[1, 2, 3]]), classesTarget([0, 0, 0]));
  expect(fit).toThrow(/expected rows of at least 2 classes/u);
});

test.each([
  ['linear_regression', {}],
  ['ridge', { alpha: 1e-3, solver: 'svd' }],
])('%s by orthogonal factors ends when the request does', (name, given) => {
  // Nearly collinear, so that sums of products are not enough.
  const x = Float64Array.from({ length: 20_000 }, (_, i) => Math.sin(i));
  const features = featuresOf([x, x.map((value, i) => value + 1e-9 * Math.cos(i * i))]);
  const target = numbersTarget(x.map((value, i) => value + Math.cos(3 * i)));
  const { estimator, tools } = fitted(name, features, target, given);
  let calls = 0;
  const checkpoint = (): void => {
    if (++calls === 2) throw new Error('cancelled');
  };
  const { properties } = estimator.parameters as { properties: Record<string, { default: unknown }> };
  const defaults = Object.fromEntries(Object.entries(properties).map(([key, at]) => [key, at.default]));
  const lesson = { ...tools, features, target, parameters: { ...defaults, ...given }, checkpoint };
  expect(() => estimator.fit(lesson)).toThrow('cancelled');
});

test('as many calls as it takes: a long fit asks whether it is still wanted', () => {
  const { columns, target } = GOLDEN.data['diabetes']!;
  let calls = 0;
  const count = (): void => {
    if (++calls === 3) throw new Error('cancelled');
  };
  const { estimator, tools } = fitted('lasso', featuresOf(columns), numbersTarget(target));
  const parameters = {
    alpha: 0,
    fit_intercept: true,
    max_iter: 1e9,
    tol: 0,
    positive: false,
    selection: 'cyclic',
    random_state: null,
  };
  const lesson = {
    ...tools,
    features: featuresOf(columns),
    target: numbersTarget(target),
    parameters,
    checkpoint: count,
  };
  expect(() => estimator.fit(lesson)).toThrow('cancelled');
});
