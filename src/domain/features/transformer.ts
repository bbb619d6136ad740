import type { Engine } from '../../ports/engine.js';
import type { Json } from '../../ports/formats.js';
import type { TableLimits } from '../../ports/limits.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { JSONSchema } from '../../ports/schema.js';
import type { Space } from '../../ports/space.js';
import { type Feature, isNumber, type NumberFeature } from './column.js';

/** What transformers compute with. */
export interface FeatureTools {
  readonly engine: Engine;
  readonly space: Space;
  readonly limits: TableLimits;
  readonly warn: (code: string, detail: string, column?: string) => void;
  /** A pointer to a parameter of the step, or to the step. */
  readonly pointer: (parameter?: string) => string;
}

/** A new column, and whose place in the table it takes. */
export interface Made {
  readonly feature: Feature;
  /** Place among the columns that were given. */
  readonly from: number;
}

/** What a transformer says of itself. */
export interface Traits {
  /** scikit-learn's or pandas' name, in snake case. */
  readonly name: string;
  /** JSON Schema of the parameters, without `name` and `columns`. */
  readonly parameters: Parameters;
  /** `kept`: values may be missing, and are left out of the fit; `refused`: only complete rows are taken. */
  readonly missing: 'kept' | 'refused';
  /** Whether infinite values are taken; if not, they are 422. */
  readonly infinite: 'kept' | 'refused';
}

/**
 * A transformer of scikit-learn or of a series. `fit` gives all that `transform` needs, as plain JSON (a number that is
 * not finite is null), so that it can be stored; parameters were validated with `parameters` before. Columns have the
 * same length; none is written to.
 */
export interface Transformer extends Traits {
  /** `numbers` only, or `any` column. */
  readonly takes: 'numbers' | 'any';
  readonly fit: (columns: readonly Feature[], parameters: unknown, tools: FeatureTools) => Json;
  readonly transform: (columns: readonly Feature[], state: Json, tools: FeatureTools) => readonly Made[];
  /**
   * Throws TypeError or RangeError, "expected X, got Y", for a state that `fit` to so many columns would not make: one that
   * was imported may have been written by an enemy.
   */
  readonly verify?: (state: Json, columns: number) => void;
  /** scikit-learn's fitted attributes, for the answer. */
  readonly attributes: (state: Json) => { readonly [name: string]: Json };
}

export interface Parameters {
  readonly type: 'object';
  readonly additionalProperties: false;
  readonly required?: readonly string[];
  readonly properties: { readonly [name: string]: JSONSchema };
}

interface Definition<Column, P, S> extends Traits {
  readonly fit: (columns: readonly Column[], parameters: P, tools: FeatureTools) => S;
  readonly transform: (columns: readonly Column[], state: S, tools: FeatureTools) => readonly Made[];
  readonly verify: (state: Json, columns: number) => void;
  readonly attributes: (state: S) => { readonly [name: string]: Json };
}

/** Ties a transformer of numbers to the types of its parameters (`FromSchema` of their schema) and of its state. */
export const transformer = <P, S extends Json>(definition: Definition<NumberFeature, P, S>): Transformer => ({
  ...tied({
    ...definition,
    fit: (columns: readonly Feature[], parameters: P, tools) =>
      definition.fit(columns.filter(isNumber), parameters, tools),
    transform: (columns: readonly Feature[], state: S, tools) =>
      definition.transform(columns.filter(isNumber), state, tools),
  }),
  takes: 'numbers',
});

/** The same for one that takes columns of any type. */
export const anyTransformer = <P, S extends Json>(definition: Definition<Feature, P, S>): Transformer => ({
  ...tied(definition),
  takes: 'any',
});

/** A state is what the same transformer's `fit` made, parameters were validated: here schema and type meet. */
const tied = <P, S extends Json>(definition: Definition<Feature, P, S>): Omit<Transformer, 'takes'> => ({
  ...definition,
  fit: (columns, parameters, tools) => definition.fit(columns, parameters as P, tools),
  transform: (columns, state, tools) => definition.transform(columns, state as S, tools),
  attributes: (state) => definition.attributes(state as S),
});

/** Throws 422 for a column of another type than a transformer takes. */
export function refuseText(name: string, columns: readonly Feature[], tools: FeatureTools): void {
  for (const column of columns) {
    if (isNumber(column)) continue;
    const detail = `expected numbers for ${name}, got column ${quoted(column.name)} of type ${column.type}: name the columns to transform in "columns"`;
    throw Problem.at(tools.pointer('columns'), 'unsupported_type', detail);
  }
}

export const quoted = (name: string): string => JSON.stringify(excerpt(name, 60));

/** A parameter that validation could not refuse. */
export const badParameter = (tools: FeatureTools, parameter: string, detail: string): Problem =>
  Problem.at(tools.pointer(parameter), 'invalid_option', detail);

/** A number as JSON can keep it, and back. */
export const kept = (value: number): number | null => (Number.isFinite(value) ? value : null);
export const given = (value: number | null | undefined): number => value ?? NaN;
