import type { Decoder } from '../../ports/formats.js';
import { token } from '../../ports/limits.js';
import { excerpt, Problem } from '../../ports/problem.js';

/** `{"data": [{…}, …], "options": {…}}`, rows, or `{"columns": {"a": […], …}, "options": {…}}`. */
export const readJson: Decoder = (body, { engine, limits }) => {
  const { table, rest } = engine.json(body, 'document', limits);
  for (const key of rest.keys()) {
    if (key === 'options') continue;
    const got = JSON.stringify(excerpt(key));
    const detail = `expected only "data", "columns", "options" at the top, got ${got}`;
    throw Problem.at(`/${token(key)}`, 'invalid_request', detail);
  }
  const options = rest.get('options');
  return { table, options: options === undefined ? undefined : (JSON.parse(options) as unknown) };
};

/** One row object a line. */
export const readNdjson: Decoder = (body, { engine, limits }) => ({
  table: engine.json(body, 'lines', limits).table,
  options: undefined,
});
