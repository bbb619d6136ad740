/** Linear models against scikit-learn. */
import { GOLDEN, distance } from './golden.js';
import { classesTarget, codesOf, featuresOf, fitted, numbersTarget } from './lesson.js';

const numbers = GOLDEN.fits.filter(({ estimator }) => estimator !== 'logistic_regression');
const classes = GOLDEN.fits.filter(({ estimator }) => estimator === 'logistic_regression');
const named = (cases: typeof GOLDEN.fits) =>
  cases.map((each) => [`${each.data}: ${each.estimator} ${JSON.stringify(each.parameters)}`, each] as const);

test.each(named(numbers))('%s', (_, { data, estimator, parameters, expected }) => {
  const { columns, target } = GOLDEN.data[data]!;
  const features = featuresOf(columns);
  const got = fitted(estimator, features, numbersTarget(target), parameters);
  expect(distance(got.shown['coef_'] as Float64Array, expected.coef_ as number[])).toBeLessThan(1e-7);
  const offset = data === 'offset' ? 1e6 : 1;
  expect(distance([got.shown['intercept_'] as number], [expected.intercept_ as number], offset)).toBeLessThan(
    1e-7,
  );
  const predicted = got.estimator.predict(got.state, features, got.tools);
  if (predicted.kind !== 'numbers') throw new Error('expected numbers');
  expect(distance(predicted.values, expected.predictions!)).toBeLessThan(1e-7);
  if (expected.n_iter_ === undefined) return;
  expect(got.shown['n_iter_']).toBe(expected.n_iter_);
});

test.each(named(classes))('%s', (_, { data, estimator, parameters, expected }) => {
  const { columns, target } = GOLDEN.data[data]!;
  const features = featuresOf(columns);
  const got = fitted(estimator, features, classesTarget(target), parameters);
  const predicted = got.estimator.predict(got.state, features, got.tools);
  if (predicted.kind !== 'classes') throw new Error('expected classes');
  expect([...predicted.codes]).toEqual(expected.labels);
  expect(distance(predicted.probabilities!, expected.probabilities!.flat())).toBeLessThan(1e-7);
  const rows = got.shown['coef_'] as Float64Array[];
  const want = (expected.coef_ as number[][]).flat();
  expect(
    distance(
      rows.flatMap((row) => [...row]),
      want,
    ),
  ).toBeLessThan(1e-6);
  expect(codesOf(got)).toEqual([]);
});
