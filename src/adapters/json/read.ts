import type { Decoder } from '../../ports/formats.js';

/**
 * `{"data": [{…}, …], "options": {…}}`, rows, or `{"columns": {"a": […], …}, "options": {…}}`; whether other members may
 * stand beside them is not for this to say.
 */
export const readJson: Decoder = (body, { engine, limits }) => {
  const { table, rest } = engine.json(body, 'document', limits);
  const members = new Map([...rest].map(([key, text]) => [key, JSON.parse(text) as unknown]));
  const options = members.get('options');
  members.delete('options');
  return { table, options, beside: members };
};

/** One row object a line. */
export const readNdjson: Decoder = (body, { engine, limits }) => ({
  table: engine.json(body, 'lines', limits).table,
  options: undefined,
});
