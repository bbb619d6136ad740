import { Ajv, type AnySchemaObject, type ValidateFunction } from 'ajv';
import type { RequestCheck } from '../../ports/formats.js';
import { refuseDepth, token } from '../../ports/limits.js';
import type { JSONSchema } from '../../ports/schema.js';
import { checked, members } from './options.js';

/** Validates JSON documents that are requests as a whole, each with one schema by name; fills defaults. Compiled when first needed. */
export function requestCheck(schemas: ReadonlyMap<string, JSONSchema>, depth: number): RequestCheck {
  const ajv = new Ajv({
    useDefaults: true,
    allErrors: true,
    strict: true,
    allowUnionTypes: true,
    verbose: true,
    discriminator: true,
  });
  const validators = new Map<string, ValidateFunction>();
  return (name, value) => {
    const schema = schemas.get(name);
    if (schema === undefined) throw new RangeError(`no schema of requests: ${name}`);
    const validate = validators.get(name) ?? ajv.compile(schema as AnySchemaObject);
    validators.set(name, validate);
    refuseDepth(value, 1, depth);
    const given = members(value, '', 'members');
    return checked(validate, [...given], (...path) => path.map((one) => `/${token(String(one))}`).join(''))
      .values;
  };
}
