import { Ajv, type AnySchemaObject, type ErrorObject, type ValidateFunction } from 'ajv';
import type { CheckedOptions, OptionsCheck } from '../../ports/formats.js';
import { refuseDepth, token } from '../../ports/limits.js';
import { excerpt, Problem, type Fault } from '../../ports/problem.js';
import type { JSONSchema } from '../../ports/schema.js';

/** At most this many faults in one answer. */
const MAX_FAULTS = 20;

interface OptionSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  /** A value of one kind or another, each in a few words. */
  readonly anyOf?: readonly OptionSchema[];
}

/** Where in the request an option stands; `path`: below it. */
export type Place = (option: string, ...path: readonly (string | number)[]) => string;

/**
 * Validates the options of endpoints, and the elements of options that are lists, with one JSON Schema each; fills
 * defaults. A query parameter is read as its schema's type: `columns=a,b`, or `columns=a&columns=b` for names with commas;
 * what holds objects is JSON text. A schema takes some milliseconds to compile, and all of them longer than the process to
 * start: each is compiled when it is first needed, or by `prepare`, one a call.
 */
export function optionsCheck(
  endpoints: readonly {
    readonly name: string;
    readonly options: JSONSchema;
    readonly parts?: ReadonlyMap<string, JSONSchema>;
  }[],
): OptionsCheck {
  const ajv = new Ajv({
    useDefaults: true,
    allErrors: true,
    strict: true,
    allowUnionTypes: true,
    verbose: true,
  });
  const schemas = new Map<string, JSONSchema>(
    endpoints.flatMap(({ name, options, parts = new Map<string, JSONSchema>() }) => [
      [name, options] as const,
      ...[...parts].map(([part, schema]) => [`${name} ${part}`, schema] as const),
    ]),
  );
  const validators = new Map<string, ValidateFunction>();
  const known = (name: string): ValidateFunction => {
    const schema = schemas.get(name);
    if (schema === undefined) throw new RangeError(`no options schema: ${name}`);
    const validate = validators.get(name) ?? ajv.compile(schema as AnySchemaObject);
    validators.set(name, validate);
    return validate;
  };
  return {
    options(endpoint, { body, beside, query: fromQuery, depth }) {
      const validate = known(endpoint);
      const query = readQuery(fromQuery, propertiesOf(validate));
      // What is deeper than the stack would end the validation.
      for (const value of [body, ...beside.values()]) refuseDepth(value, 2, depth);
      for (const value of query.values()) refuseDepth(value, 1, depth);
      const inBody = body === undefined ? new Map<string, unknown>() : members(body, '/options', 'options');
      const place: Place = (option, ...path) =>
        query.has(option)
          ? `?${excerpt(option)}`
          : [beside.has(option) ? '' : '/options', option, ...path]
              .map((one, i) => (i === 0 ? one : token(String(one))))
              .join('/');
      const sources = [inBody, beside, query];
      for (const option of new Set(sources.flatMap((source) => [...source.keys()]))) {
        if (sources.filter((source) => source.has(option)).length === 1) continue;
        const detail = 'expected an option in one place of the request, got it in two';
        throw Problem.at(place(option), 'invalid_option', detail);
      }
      return checked(validate, [...query, ...inBody, ...beside], place);
    },
    prepare() {
      const next = [...schemas.keys()].find((name) => !validators.has(name));
      if (next !== undefined) known(next);
      return next !== undefined;
    },
    part(endpoint, name, value, at) {
      const validate = known(`${endpoint} ${name}`);
      const place: Place = (...path) => [at, ...path.map((one) => token(String(one)))].join('/');
      return checked(validate, [...members(value, at, 'parameters')], place);
    },
  };
}

function propertiesOf(validate: ValidateFunction): Map<string, OptionSchema> {
  return new Map(
    Object.entries((validate.schema as { properties?: Record<string, OptionSchema> }).properties ?? {}),
  );
}

export function members(value: unknown, at: string, what: string): Map<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return new Map(Object.entries(value));
  const got = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
  throw Problem.at(at, 'invalid_option', `expected an object of ${what}, got ${got}`);
}

export function checked(
  validate: ValidateFunction,
  given: readonly (readonly [string, unknown])[],
  place: Place,
): CheckedOptions {
  const properties = propertiesOf(validate);
  // Unknown names, "__proto__" among them, are refused before an object is made of them.
  const unknown = given.map(([option]) => option).filter((option) => !properties.has(option));
  if (unknown.length > 0) {
    throw fail(unknown.map((option) => unknownOption(place(option), option, [...properties.keys()])));
  }
  const values: Record<string, unknown> = Object.fromEntries(given);
  if (!validate(values)) {
    throw fail(told(validate.errors ?? []).map((error) => faultOf(error, place)));
  }
  return { values, pointer: (option, index) => (index === undefined ? place(option) : place(option, index)) };
}

/** What each kind of an `anyOf` lacks is said by the fault of the whole; of an object by its own. */
function told(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const isOuter = ({ schemaPath }: ErrorObject): boolean => !/\/anyOf\/\d/u.test(schemaPath);
  return errors.filter(isOuter).flatMap((error) => {
    if (error.keyword !== 'anyOf' || typeof error.data !== 'object' || error.data === null) return [error];
    const inner = errors.filter(
      ({ schemaPath, keyword, instancePath }) =>
        schemaPath.startsWith(`${error.schemaPath}/`) &&
        (keyword !== 'type' || instancePath !== error.instancePath),
    );
    return inner.length > 0 ? inner : [error];
  });
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

function faultOf(error: ErrorObject, place: Place): Fault {
  if (error.keyword === 'additionalProperties') return unknownMember(error, place);
  const lacked = error.keyword === 'required' ? [requiredOf(error)] : [];
  const [, option = '', ...path] = [...error.instancePath.split('/').map(untoken), ...lacked];
  const at = place(option, ...path);
  const given = typeof error.data === 'number' ? String(error.data) : JSON.stringify(error.data);
  const got = error.keyword === 'required' ? 'none' : excerpt(given);
  const detail = `expected ${[option, ...path].join('/')} ${expectation(error)}, got ${got}`;
  return { pointer: at, code: 'invalid_option', detail };
}

/** A member of an option that no schema knows. */
function unknownMember({ params, parentSchema, instancePath }: ErrorObject, place: Place): Fault {
  const { additionalProperty: name = '' } = params as { readonly additionalProperty?: string };
  const { properties = {} } = (parentSchema ?? {}) as {
    readonly properties?: Readonly<Record<string, unknown>>;
  };
  const [, option = '', ...path] = instancePath.split('/').map(untoken);
  return unknownOption(place(option, ...path, name), name, Object.keys(properties));
}

/** What an object lacks stands in no path. */
function requiredOf({ params }: ErrorObject): string {
  return (params as { readonly missingProperty?: string }).missingProperty ?? '';
}

/** A token of a JSON pointer, unescaped (RFC 6901, 4). */
const untoken = (text: string): string => text.replaceAll('~1', '/').replaceAll('~0', '~');

/** What a keyword asks for, in words. */
function expectation({ keyword, params, parentSchema, message }: ErrorObject): string {
  const { limit = 0, type = '' } = params as { readonly limit?: number; readonly type?: string };
  const { enum: allowed = [], anyOf = [] } = (parentSchema ?? {}) as OptionSchema;
  switch (keyword) {
    case 'anyOf':
      return `to be ${anyOf.map(kind).join(' or ')}`;
    case 'enum':
      return `to be one of ${allowed.join(', ')}`;
    case 'type':
      return `to be ${/^[aeiou]/u.test(type) ? 'an' : 'a'} ${type}`;
    case 'minimum':
      return `to be at least ${limit}`;
    case 'maximum':
      return `to be at most ${limit}`;
    case 'required':
      return 'to be given';
    case 'exclusiveMinimum':
      return `to be greater than ${limit}`;
    case 'exclusiveMaximum':
      return `to be less than ${limit}`;
    case 'minItems':
      return `to have at least ${limit} item`;
    case 'maxItems':
      return `to have at most ${limit} items`;
    case 'pattern':
      return `to match ${(params as { readonly pattern?: string }).pattern ?? 'a pattern'}`;
    case 'uniqueItems':
      return 'to have no duplicates';
    default:
      return `to be as described: ${message ?? keyword}`;
  }
}

/** One of the kinds that a value may be of, in words. */
function kind({ type, enum: allowed = [], minimum, maximum, ...open }: OptionSchema): string {
  if (allowed.length > 0) return `${allowed.length > 1 ? 'one of ' : ''}${allowed.join(', ')}`;
  const range = rangeOf(minimum, maximum, open.exclusiveMinimum, open.exclusiveMaximum);
  return `${/^[aeiou]/u.test(String(type)) ? 'an' : 'a'} ${String(type)}${range}`;
}

function rangeOf(minimum?: number, maximum?: number, above?: number, below?: number): string {
  if (minimum !== undefined)
    return maximum === undefined ? ` of at least ${minimum}` : ` of ${minimum} to ${maximum}`;
  if (above === undefined) return '';
  return below === undefined ? ` greater than ${above}` : ` between ${above} and ${below}`;
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
      const items = (schema as { items?: OptionSchema } | undefined)?.items;
      if (given.length === 1 && (schema?.type === 'object' || items?.type === 'object'))
        return [name, jsonOf(only)];
      if (schema?.type === 'array') {
        const parts = given.length > 1 ? given : only === '' ? [] : only.split(',');
        return [name, parts.map((part) => scalar(part, items))];
      }
      return [name, given.length > 1 ? given : scalar(only, schema)];
    }),
  );
}

/** What JSON text says; text that is none stays as it is, for validation to refuse. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function scalar(text: string, schema: OptionSchema | undefined): unknown {
  // The first kind that takes it for anything but text.
  if (schema?.anyOf !== undefined)
    return schema.anyOf.map((one) => scalar(text, one)).find((value) => typeof value !== 'string') ?? text;
  if (schema?.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (schema?.type === 'integer' || schema?.type === 'number') {
    return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/u.test(text) ? Number(text) : text;
  }
  return text;
}
