/** States that no fit made: refused, or predictions end all the same. */
import fc from 'fast-check';
import { LINEAR_ESTIMATORS } from '../../src/domain/models/linear-estimators.js';
import { FURTHER_ESTIMATORS } from '../../src/domain/models/further-estimators.js';
import type { Estimator, State, StateShape } from '../../src/domain/models/estimator.js';
import { Problem } from '../../src/ports/problem.js';
import type { Json } from '../../src/ports/formats.js';
import { classesTarget, featuresOf, numbersTarget, openTools } from './lesson.js';

const COLUMNS = [
  [1, 2, 3, 4, 5, 6, 7, 8, 9],
  [2, 0, 1, 5, 1, 0, 3, 3, 7],
];
const NAMES = ['linear_regression', 'ridge', 'lasso', 'elastic_net', 'logistic_regression', 'gaussian_nb'];

function estimatorOf(name: string): Estimator {
  const found = [...LINEAR_ESTIMATORS, ...FURTHER_ESTIMATORS].find((each) => each.name === name);
  if (found === undefined) throw new RangeError(`no estimator ${name}`);
  return found;
}

function made(name: string, classes: number): { state: State; shape: StateShape } {
  const one = estimatorOf(name);
  const { properties } = one.parameters as { properties: Record<string, { default: unknown }> };
  const parameters = Object.fromEntries(Object.entries(properties).map(([key, at]) => [key, at.default]));
  const isClassifier = one.task === 'classification';
  const codes = COLUMNS[0]!.map((_, i) => i % classes);
  const target = isClassifier ? classesTarget(codes) : numbersTarget([1, 3, 2, 5, 4, 7, 6, 8, 9]);
  const state = one.fit({ ...openTools(), features: featuresOf(COLUMNS), target, parameters });
  return { state, shape: { features: 2, classes: isClassifier ? classes : 0 } };
}

const CASES = NAMES.flatMap((name) =>
  (name === 'gaussian_nb' ? [1, 2, 3] : name === 'logistic_regression' ? [2, 3] : [0]).map(
    (k) => [name, k] as const,
  ),
);

const odd: fc.Arbitrary<Json | undefined> = fc.oneof(
  fc.double(),
  fc.constantFrom<Json | undefined>(undefined, null, 'x', true, [], [1, 2], {}, Int32Array.of(1, 2)),
  fc.array(fc.double(), { maxLength: 7 }).map((list) => Float64Array.from(list)),
);

test.each(CASES)('%s of %d classes: what a fit made is taken', (name, classes) => {
  const { state, shape } = made(name, classes);
  const { verify } = estimatorOf(name);
  expect(() => verify?.(state, shape)).not.toThrow();
  expect(() => verify?.(state, { ...shape, features: 3 })).toThrow(RangeError);
  expect(() => verify?.({}, shape)).toThrow(TypeError);
});

test.each(CASES)('%s of %d classes: what is taken predicts, or says why not', (name, classes) => {
  const { state, shape } = made(name, classes);
  const one = estimatorOf(name);
  const tools = openTools();
  const features = featuresOf([
    [1, -2, 0, 1e300],
    [0, 5, 1e-300, -1e300],
  ]);
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...Object.keys(state)), odd, { minKeys: 1, maxKeys: 2 }),
      fc.integer({ min: 0, max: 4 }),
      (changes, others) => {
        const changed: State = Object.fromEntries(
          Object.entries({ ...state, ...changes }).filter(
            (entry): entry is [string, Json] => entry[1] !== undefined,
          ),
        );
        const asked = others === 4 ? shape : { features: 2, classes: others };
        try {
          one.verify?.(changed, asked);
        } catch (error) {
          if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
          expect(error.message).toMatch(/^expected .*, got /u);
          return;
        }
        try {
          const found = one.predict(changed, features, tools);
          if (found.kind === 'numbers') expect(found.values).toHaveLength(4);
          if (found.kind !== 'classes') return;
          expect(found.probabilities).toHaveLength(4 * asked.classes);
          for (const code of found.codes) {
            expect(code).toBeGreaterThanOrEqual(0);
            expect(code).toBeLessThan(asked.classes);
          }
        } catch (error) {
          if (!(error instanceof Problem)) throw error;
        }
      },
    ),
    { numRuns: 200 },
  );
});
