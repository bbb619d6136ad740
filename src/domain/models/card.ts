/** What a fitted pipeline's card says of what goes in and what comes out. */
import type { ModelCard, ModelInput, ModelOutput } from '../../ports/registry.js';
import type { Space } from '../../ports/space.js';
import type { Cell, Table } from '../../ports/tables.js';
import { columnOf, featureOf, isNumber, numberFeature } from '../features/column.js';
import type { FeatureTable } from '../features/steps.js';
import { columnBytes } from '../tables.js';
import { type ColumnDetails, learnsTarget } from './lesson.js';
import type { Trained } from './train.js';

/** The columns that a step or the estimator takes; others may be absent when it is asked. */
export function inputsOfCard({ columns }: FeatureTable, { steps, features }: Trained): readonly ModelInput[] {
  const taken = new Set([...steps.flatMap((step) => step.columns), ...features]);
  return columns
    .filter(({ name }) => taken.has(name))
    .map(({ name, type }) => ({ name, type: type === 'mixed' ? 'string' : type }));
}

/** Text cells that are written at a time. */
const RUN = 65_536;

/** Names and values of the columns that came, the same whatever format, batches or bitmaps they came in. */
export function* trainingBytes(table: Table, space: Space): Iterable<string | Uint8Array> {
  const { rows, names } = table;
  for (const name of names) {
    const feature = featureOf(table.column(name), rows, space);
    if (isNumber(feature)) {
      const { type, values } = feature;
      yield type;
      const column = columnOf(numberFeature(name, values));
      yield* columnBytes({ rows, names: [name], column: () => column });
      continue;
    }
    yield JSON.stringify(name);
    let run: Cell[] = [];
    for (const cell of feature.cells()) {
      run.push(cell);
      if (run.length < RUN) continue;
      yield JSON.stringify(run);
      run = [];
    }
    yield JSON.stringify(run);
  }
}

/** The target, where one is learnt. */
export function targetFacts(
  target: string | undefined,
  { classes, estimator }: Trained,
  details: readonly ColumnDetails[],
): ModelCard['target'] {
  if (target === undefined || !learnsTarget(estimator)) return null;
  const type = details.find(({ name }) => name === target)?.type ?? 'number';
  return {
    name: target,
    type: type === 'mixed' ? 'string' : type,
    ...(classes !== undefined && { classes }),
  };
}

/** What it answers for a row. */
export function outputsOf(
  { estimator, classes = [] }: Trained,
  target: string | undefined,
  details: readonly ColumnDetails[],
): readonly ModelOutput[] {
  if (estimator.task !== 'classification') return [{ name: 'predictions', type: 'number', width: 1 }];
  const type = details.find(({ name }) => name === target)?.type ?? 'number';
  return [
    { name: 'predictions', type: type === 'mixed' ? 'string' : type, width: 1 },
    { name: 'probabilities', type: 'number', width: classes.length },
  ];
}
