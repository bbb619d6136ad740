import type { CheckedOptions } from '../../ports/formats.js';
import { Problem } from '../../ports/problem.js';
import type { JSONSchema } from '../../ports/schema.js';
import type { Transformer } from '../features/transformer.js';
import { transformers } from '../features/transformers.js';
import * as shared from '../options.js';
import type { Estimator } from './estimator.js';
import { estimators } from './estimators.js';

/** A step of a pipeline with its validated parameters. */
interface Planned {
  readonly columns: readonly string[] | undefined;
  /** As they were validated, defaults filled in; `name` and `columns` among them. */
  readonly parameters: { readonly name: string; readonly [parameter: string]: unknown };
  readonly pointer: (parameter?: string) => string;
}

/** What is to be fitted. */
export interface Plan {
  readonly steps: readonly (Planned & { readonly transformer: Transformer })[];
  readonly last: Planned & { readonly estimator: Estimator };
}

/** Names that a step of a pipeline may have; the last is an estimator. */
export const stepNames = [...new Set([...transformers.keys(), ...estimators.keys()])];

/** Schemas of the steps, by name. */
export const stepParts: ReadonlyMap<string, JSONSchema> = new Map(
  stepNames.map((name): [string, JSONSchema] => {
    const parameters = transformers.get(name)?.parameters ?? estimators.get(name)!.parameters;
    const { required = [], properties = {}, ...rest } = typeof parameters === 'object' ? parameters : {};
    return [
      name,
      {
        ...rest,
        required: ['name', ...required],
        properties: { name: { enum: [name] }, columns: shared.columns, ...properties },
      },
    ];
  }),
);

/** The steps of a pipeline. Throws 422 for parameters that are wrong, and unless the last and no other is an estimator. */
export function planOf(
  pipeline: readonly { readonly name: string }[],
  at: (index: number) => string,
  part: (name: string, value: unknown, at: string) => CheckedOptions,
): Plan {
  const planned = pipeline.map((step, i) => {
    const { values, pointer } = part(step.name, step, at(i));
    const parameters = values as Planned['parameters'] & { readonly columns?: readonly string[] };
    return {
      columns: parameters.columns,
      parameters,
      pointer: (parameter?: string) => (parameter === undefined ? at(i) : pointer(parameter)),
    };
  });
  const last = planned.at(-1)!;
  const estimator = estimators.get(last.parameters.name);
  if (estimator === undefined) {
    const detail = `expected the last step of pipeline to be an estimator, one of ${[...estimators.keys()].join(', ')}, got ${last.parameters.name}`;
    throw Problem.at(last.pointer('name'), 'invalid_option', detail);
  }
  const steps = planned.slice(0, -1).map((step) => {
    const transformer = transformers.get(step.parameters.name);
    if (transformer !== undefined) return { ...step, transformer };
    const detail = `expected the steps before the last to be transformers, got the estimator ${step.parameters.name}`;
    throw Problem.at(step.pointer('name'), 'invalid_option', detail);
  });
  return { steps, last: { ...last, estimator } };
}
