import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from '../../src/domain/models/estimator.js';
import { accuracy, classesOf, featuresOf, fit, numbersOf, pick, r2, said } from './lessons.js';

interface Case {
  readonly set: string;
  readonly estimator: string;
  readonly parameters: object;
  readonly scores: readonly number[];
  readonly leaves: readonly number[];
  readonly labels: readonly number[];
  readonly importances: readonly number[];
}
interface Golden {
  readonly sets: Readonly<
    Record<string, { columns: number[][]; target: number[]; test: number[] } | undefined>
  >;
  readonly cases: readonly Case[];
  readonly oob: readonly { set: string; oob_score: number }[];
  readonly isolation: readonly {
    set: string;
    mean_scores: number[];
    deviation: number;
    offset: number;
    first_scores: number[];
  }[];
}
const golden = JSON.parse(
  readFileSync(join(__dirname, '..', 'golden', 'models', 'trees.json'), 'utf8'),
) as Golden;

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

function setOf(name: string) {
  const set = golden.sets[name]!;
  const all = featuresOf(set.columns);
  const heldOut = new Set(set.test);
  const train = Array.from({ length: all.rows }, (_, i) => i).filter((row) => !heldOut.has(row));
  const values = (rows: readonly number[]): number[] => rows.map((row) => set.target[row]!);
  const target = (rows: readonly number[]): Target =>
    name === 'diabetes' ? numbersOf(values(rows)) : classesOf(values(rows));
  return { all, train, held: set.test, values, target };
}

describe.each(golden.cases)('$estimator $parameters on $set', (one) => {
  const { all, train, held, values, target } = setOf(one.set);
  const score = one.estimator.endsWith('classifier') ? accuracy : r2;
  const predicted = one.scores.map((_, random_state) => {
    const { predict } = fit(
      one.estimator,
      { ...one.parameters, random_state },
      pick(all, train),
      target(train),
    );
    return said(predict(pick(all, held)));
  });

  test('scores what scikit-learn does, on average over 20 seeds', () => {
    const scores = predicted.map((labels) => score(labels, values(held)));
    console.log(
      one.estimator,
      one.set,
      mean(scores),
      mean(one.scores),
      scores.filter((s, i) => Math.abs(s - one.scores[i]!) < 1e-9).length,
      accuracy(predicted[0]!, one.labels),
    );
    expect(Math.abs(mean(scores) - mean(one.scores))).toBeLessThanOrEqual(0.02);
  });
});
