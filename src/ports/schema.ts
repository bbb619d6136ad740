export type { FromSchema, JSONSchema } from 'json-schema-to-ts';
