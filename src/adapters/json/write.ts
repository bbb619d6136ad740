import type { Json, JsonWriter } from '../../ports/formats.js';

/**
 * JSON text of a result. Maps keep their order whatever their keys are (an object would put "1" before "a"), and no
 * key can reach a prototype. `canonical`: keys sorted by UTF-16 code units, RFC 8785.
 */
export const writeJson: JsonWriter = (value, canonical = false) => {
  if (value === null || typeof value === 'boolean') return String(value);
  // Zero has one sign: −0 is written as 0 by JSON.stringify too.
  if (typeof value === 'number') return Number.isFinite(value) ? JSON.stringify(value) : 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Int32Array) return `[${value.join(',')}]`;
  if (value instanceof Float64Array) return `[${Array.from(value, (item) => writeJson(item)).join(',')}]`;
  if (Array.isArray(value)) return `[${value.map((item: Json) => writeJson(item, canonical)).join(',')}]`;
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  const present = entries.filter((entry): entry is [string, Json] => entry[1] !== undefined);
  if (canonical) present.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${present.map(([key, item]) => `${JSON.stringify(key)}:${writeJson(item, canonical)}`).join(',')}}`;
};
