import { Ajv, type AnySchemaObject, type ErrorObject, type ValidateFunction } from 'ajv';
import type { OptionsCheck } from '../../ports/formats.js';
import { token } from '../../ports/limits.js';
import { excerpt, Problem, type Fault } from '../../ports/problem.js';
import type { JSONSchema } from '../../ports/schema.js';

/** At most this many faults in one answer. */
const MAX_FAULTS = 20;

interface OptionSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
}

/**
 * Validates an endpoint's options, from the body, from the query or from both, with one JSON Schema; fills defaults.
 * A query parameter is read as its schema's type: `columns=a,b`, or `columns=a&columns=b` for names with commas.
 */
export function optionsCheck(schemas: ReadonlyMap<string, JSONSchema>): OptionsCheck {
  const ajv = new Ajv({
    useDefaults: true,
    allErrors: true,
    strict: true,
    allowUnionTypes: true,
    verbose: true,
  });
  // Compiled now, not at the first request: it takes longer than the request.
  const validators = new Map<string, ValidateFunction>(
    [...schemas].map(([name, schema]) => [name, ajv.compile(schema as AnySchemaObject)]),
  );
  return (endpoint, fromBody, fromQuery) => {
    const validate = validators.get(endpoint);
    if (validate === undefined) throw new RangeError(`no options schema: ${endpoint}`);
    const schema = validate.schema as { properties?: Record<string, OptionSchema> };
    const properties = new Map(Object.entries(schema.properties ?? {}));
    const query = readQuery(fromQuery, properties);
    if (
      fromBody !== undefined &&
      (typeof fromBody !== 'object' || fromBody === null || Array.isArray(fromBody))
    ) {
      const got = fromBody === null ? 'null' : Array.isArray(fromBody) ? 'an array' : `a ${typeof fromBody}`;
      throw Problem.at('/options', 'invalid_option', `expected an object of options, got ${got}`);
    }
    const body = new Map(Object.entries(fromBody ?? {}));
    const pointer = (option: string, index?: number): string =>
      query.has(option)
        ? `?${excerpt(option)}`
        : `/options/${token(option)}${index === undefined ? '' : `/${index}`}`;
    for (const option of body.keys()) {
      if (query.has(option)) {
        const detail = 'expected an option in the body or in the query, got it in both';
        throw Problem.at(pointer(option), 'invalid_option', detail);
      }
    }
    // Unknown names, "__proto__" among them, are refused before an object is made of them.
    const unknown = [...query.keys(), ...body.keys()].filter((option) => !properties.has(option));
    if (unknown.length > 0) {
      throw fail(unknown.map((option) => unknownOption(pointer(option), option, [...properties.keys()])));
    }
    const values: Record<string, unknown> = Object.fromEntries([...body, ...query]);
    if (!validate(values)) {
      throw fail((validate.errors ?? []).map((error) => faultOf(error, pointer)));
    }
    return { values, pointer };
  };
}

function fail(faults: readonly Fault[]): Problem {
  const [first] = faults;
  return new Problem(
    first?.code ?? 'invalid_option',
    first?.detail ?? 'invalid options',
    faults.slice(0, MAX_FAULTS),
  );
}

function unknownOption(pointer: string, option: string, known: readonly string[]): Fault {
  const detail = `expected one of the options ${known.join(', ')}, got ${JSON.stringify(excerpt(option))}`;
  return { pointer, code: 'unknown_option', detail };
}

function faultOf(error: ErrorObject, pointer: (option: string, index?: number) => string): Fault {
  const [, option = '', index] = error.instancePath.split('/');
  const at = pointer(option, index === undefined ? undefined : Number(index));
  const given = typeof error.data === 'number' ? String(error.data) : JSON.stringify(error.data);
  const detail = `expected ${option} ${expectation(error)}, got ${excerpt(given)}`;
  return { pointer: at, code: 'invalid_option', detail };
}

/** What a keyword asks for, in words. */
function expectation({ keyword, params, parentSchema, message }: ErrorObject): string {
  const { limit = 0, type = '' } = params as { readonly limit?: number; readonly type?: string };
  const { enum: allowed = [] } = (parentSchema ?? {}) as OptionSchema;
  switch (keyword) {
    case 'enum':
      return `to be one of ${allowed.join(', ')}`;
    case 'type':
      return `to be ${/^[aeiou]/u.test(type) ? 'an' : 'a'} ${type}`;
    case 'minimum':
      return `to be at least ${limit}`;
    case 'maximum':
      return `to be at most ${limit}`;
    case 'minItems':
      return `to have at least ${limit} item`;
    case 'maxItems':
      return `to have at most ${limit} items`;
    case 'uniqueItems':
      return 'to have no duplicates';
    default:
      return `to be as described: ${message ?? keyword}`;
  }
}

/** Query parameters as values of their schema's type, as far as they can be; validation says the rest. */
function readQuery(
  query: readonly (readonly [string, string])[],
  properties: ReadonlyMap<string, OptionSchema>,
): Map<string, unknown> {
  const texts = new Map<string, string[]>();
  for (const [name, text] of query) texts.set(name, [...(texts.get(name) ?? []), text]);
  return new Map(
    [...texts].map(([name, given]) => {
      const schema = properties.get(name);
      const [only = ''] = given;
      if (schema?.type === 'array') {
        const parts = given.length > 1 ? given : only === '' ? [] : only.split(',');
        const items = (schema as { items?: OptionSchema }).items;
        return [name, parts.map((part) => scalar(part, items))];
      }
      return [name, given.length > 1 ? given : scalar(only, schema)];
    }),
  );
}

function scalar(text: string, schema: OptionSchema | undefined): unknown {
  if (schema?.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (schema?.type === 'integer' || schema?.type === 'number') {
    return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/u.test(text) ? Number(text) : text;
  }
  return text;
}
