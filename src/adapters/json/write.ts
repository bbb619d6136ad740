import { type Json, type JsonWriter, WrittenJson } from '../../ports/formats.js';

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
  if (value instanceof Float64Array) return writeDoubles(value);
  if (value instanceof WrittenJson) return value.text;
  if (Array.isArray(value)) return `[${value.map((item: Json) => writeJson(item, canonical)).join(',')}]`;
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  const present = entries.filter((entry): entry is [string, Json] => entry[1] !== undefined);
  if (canonical) present.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${present.map(([key, item]) => `${JSON.stringify(key)}:${writeJson(item, canonical)}`).join(',')}}`;
};

/** Values that JSON.stringify is given at once: as a plain array of doubles, which it writes fastest. */
const RUN = 65_536;

/** NaN and infinities are written as null, as JSON.stringify does. */
function writeDoubles(values: Float64Array): string {
  const runs: string[] = [];
  for (let start = 0; start < values.length; start += RUN) {
    runs.push(JSON.stringify(Array.from(values.subarray(start, start + RUN))).slice(1, -1));
  }
  return `[${runs.join(',')}]`;
}
